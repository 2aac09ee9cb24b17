"""Finds near-duplicates within and across sources: the same picture scaled, compressed, lightened, cropped or mirrored.

Candidates differ in few bits of a 64-bit perceptual hash, the signs of low DCT frequencies (C. Zauner, Implementation
and benchmarking of perceptual image hash functions, 2010, section 3.2), and agree in those frequencies. Each is aligned
by an affine transform that maximises the correlation of the thumbnails (G. D. Evangelidis and E. Z. Psarakis,
Parametric image alignment using enhanced correlation coefficient maximization, PAMI 2008), and is a pair where the
details then agree too: two black cats on white sofas are alike in all but these, and so are two white sheets. Pages of
one print count as alike.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.inspection.records import THREADS, THUMBNAIL_PX, Progress, Record

logger = logging.getLogger(__name__)

HASH_PX, FREQUENCIES = 32, 8
MOST_BITS = 20  # of 64: 91 % of crops to 0.9 of the sides are within, and 1 of 160 pairs of other pictures
LEAST_AGREEMENT = 0.7  # correlation of the low frequencies before alignment
MOST_SCALE, MOST_STRETCH = 1.4, 1.25  # what an alignment may do: more makes one black cat into another
LEAST_DETAIL = 0.75  # correlation of the details: the nearest of 6.5 million pairs of other pictures of cats has 0.35
DETAIL_PX = 1.5  # of the thumbnails' 64: finer than this Gaussian is detail
LEAST_CONTRAST = 4.0  # standard deviation of grey levels; pictures with less have nothing to compare
MOST_CANDIDATES = 40_000
FRAME_PX = 6  # of the thumbnails' 64: what stands there is not compared; frames are alike, whatever is in them
BLUR_PX = 5  # of the thumbnails' 64, while they are aligned
BLOCK = 256


@dataclass(frozen=True)
class Pair:
    """Two pictures that are the same but for scale, light, compression, a small crop, or a mirror.

    Args:
        first: number of a record.
        second: number of a later record.
        mirrored: whether one is the mirror image of the other.
        correlation: of the details of the aligned thumbnails, -1 to 1.
        identical: whether all pixels are the same.
        homography: float64 (3, 3), takes normalised coordinates of the first picture to those of the second.
    """

    first: int
    second: int
    mirrored: bool
    correlation: float
    identical: bool
    homography: np.ndarray


def find_duplicates(records: Sequence[Record], progress: Progress | None = None) -> list[Pair]:
    """All pairs of near-duplicates, the surest first; those of one group in one source, which are expected, left out.

    Args:
        records: of all sources.
        progress: called with (candidates compared, in all).
    """
    if len(records) < 2:
        return []
    thumbnails = np.stack([record.thumbnail for record in records])
    candidates = np.concatenate([_candidates(records, thumbnails, mirrored) for mirrored in (False, True)])
    if len(candidates) > MOST_CANDIDATES:
        logger.warning(
            "%d pairs of pictures look alike; the %d most alike are compared. Give the clips' frames groups.",
            *(len(candidates), MOST_CANDIDATES),
        )
    nearest = candidates[np.argsort(candidates[:, 3], kind="stable")][:MOST_CANDIDATES]
    found = []
    with ThreadPoolExecutor(THREADS) as pool:
        pairs = pool.map(lambda row: _verify(records, int(row[0]), int(row[1]), bool(row[2])), nearest)
        for done, pair in enumerate(pairs, 1):
            if pair.correlation >= LEAST_DETAIL:
                found.append(pair)
            if progress:
                progress(done, len(nearest))
    best: dict[tuple[int, int], Pair] = {}
    for pair in sorted(found, key=lambda pair: (not pair.identical, -pair.correlation)):
        best.setdefault((pair.first, pair.second), pair)
    return list(best.values())


def low_frequencies(thumbnails: np.ndarray) -> np.ndarray:
    """The 8 x 8 lowest frequencies of the orthonormal DCT-II, without the mean, scaled to length 1.

    Args:
        thumbnails: uint8 (M, S, S).

    Returns:
        float32 (M, 64); zeros where the picture has no contrast.
    """
    small = np.stack([cv2.resize(each, (HASH_PX, HASH_PX), interpolation=cv2.INTER_AREA) for each in thumbnails])
    frequency, place = np.arange(FREQUENCIES)[:, None], np.arange(HASH_PX)
    basis = np.cos(np.pi * frequency * (2 * place + 1) / (2 * HASH_PX)) * np.where(frequency, 1.0, 0.5**0.5)
    spectrum = (basis @ small.astype(np.float64) @ basis.T).reshape(len(small), -1)
    spectrum[:, 0] = 0
    spectrum[small.std(axis=(1, 2)) < LEAST_CONTRAST] = 0
    length = np.linalg.norm(spectrum, axis=1, keepdims=True)
    return (spectrum / np.where(length > 0, length, 1)).astype(np.float32)


def hash_bits(spectrum: np.ndarray) -> np.ndarray:
    """The perceptual hash: a bit a frequency, whether it is above the median of all but the mean.

    Args:
        spectrum: float32 (M, 64) of `low_frequencies`.

    Returns:
        uint64 (M,).
    """
    bits = spectrum > np.median(spectrum[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _candidates(records: Sequence[Record], thumbnails: np.ndarray, mirrored: bool) -> np.ndarray:
    """Pairs that may be the same picture, float64 (M, 4): first, second, mirrored, one minus their agreement."""
    spectrum = low_frequencies(thumbnails)
    other = low_frequencies(thumbnails[:, :, ::-1]) if mirrored else spectrum
    bits, other_bits = hash_bits(spectrum), hash_bits(other)
    groups = {key: number for number, key in enumerate(dict.fromkeys((each.source, each.group) for each in records))}
    group = np.array([groups[each.source, each.group] for each in records])
    rows = []
    for start in range(0, len(records), BLOCK):
        part = slice(start, start + BLOCK)
        near = np.bitwise_count(bits[part, None] ^ other_bits) <= MOST_BITS  # (BLOCK, M)
        agreement = spectrum[part] @ other.T
        near &= (agreement > LEAST_AGREEMENT) & (group[part, None] != group)
        first, second = np.nonzero(np.triu(near, start + 1))
        rows.append(np.stack([first + start, second, np.full(len(first), mirrored), 1 - agreement[first, second]], 1))
    return np.concatenate(rows)


def _verify(records: Sequence[Record], first: int, second: int, mirrored: bool) -> Pair:
    """The pair with the correlation of its aligned thumbnails, 0 where they cannot be aligned."""
    one, other = records[first], records[second]
    identical = not mirrored and one.digest == other.digest
    matrix, correlation = np.eye(3), 1.0
    if not identical:
        target = np.ascontiguousarray(other.thumbnail[:, ::-1]) if mirrored else other.thumbnail
        correlation, matrix = _align(one.thumbnail, target)
    if mirrored:
        matrix = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]]) @ matrix
    return Pair(first, second, mirrored, correlation, identical, matrix)


def _align(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray]:
    """How well the details of two thumbnails agree, and the normalised homography from the first to the second."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    start, everywhere = np.eye(2, 3, dtype=np.float32), np.full_like(first, 255)
    try:
        found = cv2.findTransformECC(first, second, start, cv2.MOTION_AFFINE, criteria, everywhere, BLUR_PX)
    except cv2.error:  # it does not converge: these are different pictures
        return 0.0, np.eye(3)
    warp = np.asarray(found[1], np.float64)
    largest, least = np.linalg.svd(warp[:, :2], compute_uv=False)
    if largest > MOST_SCALE or least < 1 / MOST_SCALE or largest > MOST_STRETCH * least:
        return 0.0, np.eye(3)
    to_px = np.array([[THUMBNAIL_PX, 0, -0.5], [0, THUMBNAIL_PX, -0.5], [0, 0, 1]])
    return _compare_details(first, second, warp), np.linalg.inv(to_px) @ np.vstack([warp, [0, 0, 1]]) @ to_px


def _compare_details(first: np.ndarray, second: np.ndarray, warp: np.ndarray) -> float:
    """Correlation of what is finer than a Gaussian, where both thumbnails have pixels; `warp` is of pixel centres."""
    size, backwards = first.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(second.astype(np.float32), warp, size, flags=backwards)
    inside = cv2.warpAffine(np.ones(second.shape, np.float32), warp, size, flags=backwards) > 0.99
    inside = cv2.erode(inside.astype(np.uint8), np.ones((5, 5))) > 0  # the border would be a detail
    middle = np.s_[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX]
    one, other = (_detail(each)[middle][inside[middle]] for each in (first, np.asarray(aligned)))
    energy = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / energy if energy > 0 else 0.0


def _detail(thumbnail: np.ndarray) -> np.ndarray:
    values = thumbnail.astype(np.float32)
    return values - np.asarray(cv2.GaussianBlur(values, (0, 0), DETAIL_PX))
