"""How much of the object is left right when false regions are taken out of a painted clip? IoU before and after.

False regions are painted into every frame but the first, a kind at a time, with fixed seeds:

- `blobs`: other ones each frame, they do not touch the object; `specks`: sixty of some pixels each frame, anywhere;
- `furniture`: they stay in place over all frames, and the object walks into them; `scenery`: the same, but they move
  with the ground when the camera turns;
- `moving`: they cross the picture, also over the object; `large`: one as large as the object, beside it;
- `touching`: two others each frame on the edge of the object; `shadow`: one at its feet that goes with it;
- `mixed`: blobs, furniture, moving and touching at once;
- `hidden`: blobs, and the object is not painted in ten frames in the middle.
"""

# ruff: noqa: ARG002, ARG005 - all kinds are drawn, and all flows asked for, in the same way
from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from data_generators.cleaning.mask_files import find_mask_clips, read_mask_values
from data_generators.cleaning.motion import measure_flow
from data_generators.cleaning.regions import dilate
from data_generators.cleaning.settings import CleaningSettings
from data_generators.cleaning.tracking import FlowBetween, clean_object
from data_generators.images import read_image

Masks = list[np.ndarray]
HIDDEN = 10  # frames
MIXED = ("blobs", "furniture", "moving", "touching")


def draw_blob(rng: np.random.Generator, size_hw: tuple[int, int], centre_px: np.ndarray, area_px: float) -> np.ndarray:
    """A ragged patch bool (H, W): a circle with four waves of random height on its rim, and stretched."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    waves = [rng.normal(0, 0.25 / k) * np.cos(k * angles + rng.uniform(0, 2 * np.pi)) for k in range(1, 5)]
    radius, aspect = np.clip(1 + np.sum(waves, axis=0), 0.3, None), rng.uniform(0.5, 2)
    points = np.stack([radius * np.cos(angles) * aspect, radius * np.sin(angles) / aspect], axis=1)
    points *= np.sqrt(area_px / cv2.contourArea(points.astype(np.float32)))
    drawn = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(drawn, [np.rint(points + centre_px).astype(np.int32)], 1)
    return drawn > 0


class FalseRegions:
    """Paints false regions into the masks of a clip.

    Args:
        truth: bool (H, W) a frame.
        ground_px: (T, 2) how far the ground has moved since the first frame, x and y.
        seed: of all that is drawn at random.
    """

    def __init__(self, truth: Masks, ground_px: np.ndarray, seed: int) -> None:
        self.truth, self.ground_px, self.seed = truth, ground_px, seed
        self.size_hw = truth[0].shape[:2]
        self.scale = float(np.prod(self.size_hw)) / (854 * 480)  # sizes below are those on a picture of 854 x 480

    def paint(self, kind: str) -> Masks:
        """What is painted in each frame, bool (H, W)."""
        names = MIXED if kind == "mixed" else ("blobs",) if kind == "hidden" else (kind,)
        objects = hide(self.truth) if kind == "hidden" else self.truth
        painted = [np.array(mask) for mask in objects]
        for name in names:
            draw: Callable[[np.random.Generator, int], np.ndarray] = getattr(self, f"_{name}")
            for index in range(1, len(painted)):
                painted[index] |= draw(np.random.default_rng([self.seed, len(name), ord(name[0]), index]), index)
        return painted

    def _blob(self, rng: np.random.Generator, area_px: float, centre_px: np.ndarray | None = None) -> np.ndarray:
        place = rng.uniform((0, 0), self.size_hw[::-1]) if centre_px is None else centre_px
        return draw_blob(rng, self.size_hw, place, max(4.0, area_px * self.scale))

    def _blobs(self, rng: np.random.Generator, index: int) -> np.ndarray:
        areas = np.exp(rng.uniform(np.log(40), np.log(4000), rng.integers(3, 9)))
        return np.logical_or.reduce([self._blob(rng, area) for area in areas]) & ~dilate(self.truth[index], 4)

    def _specks(self, rng: np.random.Generator, index: int) -> np.ndarray:
        return np.logical_or.reduce([self._blob(rng, rng.uniform(4, 30)) for _ in range(60)])

    def _furniture(self, rng: np.random.Generator, index: int) -> np.ndarray:
        fixed = np.random.default_rng([self.seed, 1])
        return np.logical_or.reduce([self._blob(fixed, fixed.uniform(1500, 9000)) for _ in range(8)])

    def _scenery(self, rng: np.random.Generator, index: int) -> np.ndarray:
        fixed, found = np.random.default_rng([self.seed, 2]), np.zeros(self.size_hw, bool)
        for _ in range(16):
            place = fixed.uniform((-0.5, 0), (1.5, 1)) * self.size_hw[::-1] + self.ground_px[index]
            found |= self._blob(fixed, fixed.uniform(1500, 9000), place)
        return found

    def _moving(self, rng: np.random.Generator, index: int) -> np.ndarray:
        found = np.zeros(self.size_hw, bool)
        for number in range(4):
            fixed = np.random.default_rng([self.seed, 3, number])
            room = np.array(self.size_hw[::-1])
            path = fixed.uniform((0, 0), room) + index * fixed.normal(0, 6, 2) * np.sqrt(self.scale)
            path = room - np.abs(path % (2 * room) - room)  # it turns at the edge
            found |= self._blob(fixed, fixed.uniform(800, 6000), path)
        return found

    def _large(self, rng: np.random.Generator, index: int) -> np.ndarray:
        area_px = float(self.truth[index].sum()) * rng.uniform(0.8, 1.3)
        return self._blob(rng, area_px / self.scale) & ~dilate(self.truth[index], 4)

    def _touching(self, rng: np.random.Generator, index: int) -> np.ndarray:
        mask = self.truth[index]
        edge = np.argwhere(mask & dilate(~mask, 1))[:, ::-1]
        areas = mask.sum() * rng.uniform(0.01, 0.05, 2) / self.scale
        return np.logical_or.reduce([self._blob(rng, area, edge[rng.integers(len(edge))]) for area in areas])

    def _shadow(self, rng: np.random.Generator, index: int) -> np.ndarray:
        mask = self.truth[index]
        feet = float(np.flatnonzero(mask.any(axis=1))[-1])
        matrix = np.array([[1, -0.5, 0.5 * feet], [0, 0.18, 0.82 * feet - 2]], np.float32)
        return cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST) > 0


KINDS = ("blobs", "specks", "furniture", "scenery", "moving", "large", "touching", "shadow", "mixed", "hidden")


def hide(truth: Masks) -> Masks:
    """The masks without the object in some frames in the middle."""
    start = len(truth) // 2
    return [mask & (not start <= index < start + HIDDEN) for index, mask in enumerate(truth)]


def mean_iou(masks: Sequence[np.ndarray], truth: Sequence[np.ndarray], skipped: Sequence[int]) -> float:
    """Mean over the frames but the skipped ones; 1 where both are empty."""
    scores = []
    for index, (mask, true) in enumerate(zip(masks, truth, strict=True)):
        union = np.count_nonzero(mask | true)
        if index not in skipped:
            scores.append(np.count_nonzero(mask & true) / union if union else 1.0)
    return float(np.mean(scores))


def measure_all_flows(paths: Sequence[Path], size_hw: tuple[int, int]) -> dict[tuple[int, int], np.ndarray]:
    """(index, index of a neighbour) -> flow, at the size of the masks."""
    images = [cv2.resize(read_image(path, 1), size_hw[::-1], interpolation=cv2.INTER_AREA)[..., None] for path in paths]
    pairs = [(index, index + step) for index in range(len(images)) for step in (-1, 1)]
    return {(now, then): measure_flow(images[now], images[then]) for now, then in pairs if 0 <= then < len(images)}


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="$DETECTOR_DATA/video_camel", help="folder of one clip with true masks")
    parser.add_argument("--seeds", type=int, default=2, help="sets of false regions of each kind")
    parser.add_argument("--side", type=int, default=427, help="longer side of the masks in pixels")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--corrected", type=int, nargs="+", default=[0], help="indices of the corrected frames")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    return parser.parse_args()


def measure_kind(
    regions: Sequence[FalseRegions], kind: str, corrected: list[int], ways: dict[str, FlowBetween]
) -> dict[str, float]:
    """IoU before and after each way of cleaning, mean over sets of false regions of a kind."""
    found: dict[str, list[float]] = {name: [] for name in ("before", *ways)}
    for each in regions:
        painted, wanted = each.paint(kind), hide(each.truth) if kind == "hidden" else each.truth
        for index in corrected:
            painted[index] = wanted[index]
        found["before"].append(mean_iou(painted, wanted, corrected))
        for way, flow in ways.items():
            cleaned = clean_object(painted, corrected, CleaningSettings(), flow)
            found[way].append(mean_iou([frame.kept for frame in cleaned], wanted, corrected))
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> None:
    """Prints a row a kind: IoU before, after without pictures, after with pictures."""
    options = parse_options()
    cv2.setNumThreads(1)
    _, [clip] = find_mask_clips(options.data)
    masks = [(read_mask_values(path) > 0).astype(np.uint8) for path in clip.masks]
    scale = options.side / max(masks[0].shape)
    size_hw = (round(masks[0].shape[0] * scale), round(masks[0].shape[1] * scale))
    truth = [cv2.resize(mask, size_hw[::-1], interpolation=cv2.INTER_NEAREST) > 0 for mask in masks]
    flows = measure_all_flows([path for path in clip.images if path], size_hw)
    steps = [-np.median(flows[index, index - 1][~truth[index]], axis=0) for index in range(1, len(truth))]
    ground_px = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    ways: dict[str, FlowBetween] = {
        "masks alone": lambda now, then: None,
        "with pictures": lambda now, then: flows[now, then],
    }
    rows: dict[str, dict[str, float]] = {}
    print(f"{'':12}{'before':>14}" + "".join(f"{way:>15}" for way in ways))
    for kind in options.kinds:
        regions = [FalseRegions(truth, ground_px, seed) for seed in range(options.seeds)]
        rows[kind] = measure_kind(regions, kind, options.corrected, ways)
        print(f"{kind:12}" + "".join(f"{value:14.4f} " for value in rows[kind].values()), flush=True)
    rows["mean"] = {name: float(np.mean([row[name] for row in rows.values()])) for name in ("before", *ways)}
    print(f"{'mean':12}" + "".join(f"{value:14.4f} " for value in rows["mean"].values()))
    if options.json:
        options.json.write_text(json.dumps([{"kind": kind, **row} for kind, row in rows.items()], indent=1) + "\n")


if __name__ == "__main__":
    main()
