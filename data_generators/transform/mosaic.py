"""Four augmented pictures of a batch in one (mosaic, Bochkovskiy et al. 2020, YOLOv4): after the augmentation, before
the codecs; more sizes, more objects and more neighbours than a small set shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from data_generators.sample import LABEL_KINDS, Sample
from data_generators.settings import Settings, Share
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import InputSpec
from data_generators.transform.tiling import window_homography
from data_generators.transform.warp import WarpRules, warp_sample

PLACES = np.array([[0, 0], [0.5, 0], [0, 0.5], [0.5, 0.5]], np.float32)  # upper left corners, x y

_Scale = Annotated[float, Field(ge=0.5, le=1)]


class MosaicSettings(Settings):
    """Four pictures in one, cropped around the point where they meet."""

    share: Share = 0.3
    """Share of the pictures of a batch that are drawn as mosaics, with three others of their batch."""
    scale: tuple[_Scale, _Scale] = (0.5, 0.9)
    """Size of the four pictures: at 0.5 all of them is seen, at 1 a quarter of their area."""
    min_visible: float = Field(default=0.3, ge=0, le=1)
    """An object of which less than this share is left by the crop is ignored."""


def mix_mosaics(
    samples: Sequence[Sample],
    settings: MosaicSettings,
    spec: InputSpec,
    corner_order: CornerOrder,
    seed: Sequence[int],
) -> list[Sample]:
    """A batch of which some pictures are mosaics.

    Args:
        samples: B samples at the network's input size.
        settings: how many, and how large.
        spec: the network's frame.
        corner_order: of the keypoints.
        seed: the same numbers give the same bytes.
    """
    rng = np.random.default_rng(seed)
    rules = WarpRules(min_visible=settings.min_visible, corner_order=corner_order)
    mixed = list(samples)
    for place in np.flatnonzero(rng.random(len(samples)) < settings.share).tolist():
        others = rng.choice(len(samples), 3, replace=len(samples) < 3).tolist()
        four = rng.permutation([place, *others]).tolist()
        whole = join_four([samples[number] for number in four]).replace(group=samples[place].group)
        matrix = window_homography(_draw_window(rng, settings))
        mixed[place] = warp_sample(whole, matrix, spec, spec.size_hw, rules)
    return mixed


def _draw_window(rng: np.random.Generator, settings: MosaicSettings) -> np.ndarray:
    """What of the mosaic is shown, x0 y0 x1 y1; the middle, where the pictures meet, is within."""
    side = 0.5 / rng.uniform(min(settings.scale), max(settings.scale))
    start = rng.uniform(max(0.0, 0.5 - side), min(0.5, 1 - side), 2)
    return np.concatenate([start, start + side])


def join_four(samples: Sequence[Sample]) -> Sample:
    """Four samples of one size as one, twice as high and twice as wide.

    Args:
        samples: upper left, upper right, lower left, lower right. What not all of them have labels for, the whole has
            none for; a class that one of them was not looked through for, the whole was not.

    Returns:
        The whole; its keypoints are those of the samples with the most points an object.
    """
    has = frozenset.intersection(*(sample.has for sample in samples)) & LABEL_KINDS
    points = max(sample.keypoints.shape[1] for sample in samples)
    masks = [sample.mask for sample in samples]
    return Sample(
        image=_block([sample.image for sample in samples]),
        boxes=np.concatenate(
            [sample.boxes / 2 + np.tile(place, 2) for sample, place in zip(samples, PLACES, strict=True)]
        ),
        labels=np.concatenate([sample.labels for sample in samples]),
        ignore=np.concatenate([sample.ignore for sample in samples]),
        keypoints=np.concatenate(
            [_keypoints(sample, points) / 2 + place for sample, place in zip(samples, PLACES, strict=True)]
        ),
        mask=_block(masks) if all(mask.size for mask in masks) else np.zeros((0, 0), np.uint8),
        has=has,
        unlabelled=frozenset().union(*(sample.unlabelled for sample in samples)),
        origin=" + ".join(sample.origin for sample in samples),
    )


def _block(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Four arrays (H, W, ...) as one (2 H, 2 W, ...)."""
    upper, lower = (np.concatenate(pair, axis=1) for pair in (arrays[:2], arrays[2:]))
    return np.concatenate([upper, lower])


def _keypoints(sample: Sample, points: int) -> np.ndarray:
    """The keypoints (N, points, 2), NaN where a sample has none."""
    if sample.keypoints.shape[1] == points:
        return sample.keypoints
    return np.full((len(sample.boxes), points, 2), np.nan, np.float32)
