"""Writes COCO JSON files, as `data_generators.real.coco` reads them: `annotations/instances_SPLIT.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.coco import PREFIX
from data_generators.real.coco_masks import pack_region
from data_generators.real.mask_values import BACKGROUND, IGNORE, PaintedMask
from data_generators.sample import MASK_IGNORE, Sample

NO_SPLIT = "default"  # as CVAT calls it
DECIMALS = 4  # of a pixel
MARGIN_PX = 1  # a mask may reach over its box by rounding


class CocoWriter(BoxWriter):
    """Pictures go to `SPLIT/`, or to `images/` where there are no splits; ids count from 1.

    A mask is shared out to the objects: a pixel is that of the smallest box of its class that it lies in, as run
    lengths; connected regions outside of all boxes, or where nobody looked for boxes, are objects of their own. An
    object that is to be ignored is a crowd. The group and what else of a mask is to be ignored are keys of an image of
    our own making, `group` and `ignore_mask`, which other readers pass over. COCO's place for keypoints stays empty.
    """

    name = "COCO for boxes and masks"
    holds = frozenset({"classes", "groups", "ignore", "mask"})

    def __init__(self, root: Path, class_names: tuple[str, ...], splits: list[str]) -> None:
        super().__init__(root, class_names, splits)
        self._images: dict[str, list[dict[str, Any]]] = {split: [] for split in splits}
        self._annotations: dict[str, list[dict[str, Any]]] = {split: [] for split in splits}
        self._regions = 0  # beside the boxes

    def prepare(self, sample: Sample) -> Sample:
        return _with_regions(sample, self.class_names) if "boxes" not in sample.has and sample.mask.size else sample

    def picture_folder(self, split: str) -> Path:
        return self.root / (split or "images")

    def add(self, split: str, path: Path, sample: Sample) -> None:
        images = self._images[split]
        height, width = sample.size_hw
        name = path.relative_to(self.picture_folder(split)).as_posix()
        image = {"id": len(images) + 1, "file_name": name, "height": height, "width": width, "group": sample.group}
        images.append(image)
        if not sample.mask.size:
            self._annotate(split, image["id"], sample, [None] * len(sample.boxes))
            return
        regions, rest = share_out(sample)
        self._annotate(split, image["id"], sample, regions)
        beside = _with_regions(sample.replace(mask=rest), self.class_names)
        self._regions += len(beside.boxes)
        self._annotate(split, image["id"], beside, share_out(beside)[0])
        if (rest == MASK_IGNORE).any():
            image["ignore_mask"] = pack_region(rest == MASK_IGNORE)

    def _annotate(self, split: str, image_id: Any, sample: Sample, regions: Sequence[np.ndarray | None]) -> None:
        annotations, (height, width) = self._annotations[split], sample.size_hw
        boxes_px = np.asarray(sample.boxes, np.float64) * [width, height, width, height]
        for box_px, label, ignore, region in zip(boxes_px, sample.labels, sample.ignore, regions, strict=True):
            x0, y0, x1, y1 = box_px.tolist()
            annotation = {"id": len(annotations) + 1, "image_id": image_id, "category_id": int(label) + 1}
            annotation |= {"bbox": [round(value, DECIMALS) for value in (x0, y0, x1 - x0, y1 - y0)]}
            area = round((x1 - x0) * (y1 - y0), DECIMALS) if region is None else int(np.count_nonzero(region))
            segmentation = [] if region is None else pack_region(region)
            annotation |= {"area": area, "segmentation": segmentation, "iscrowd": int(ignore)}
            annotations.append(annotation)

    def finish(self) -> None:
        categories = [{"id": number, "name": name} for number, name in enumerate(self.class_names, 1)]
        for split in self.splits:
            data = {"images": self._images[split], "annotations": self._annotations[split], "categories": categories}
            path = self.root / "annotations" / f"{PREFIX}{split or NO_SPLIT}.json"
            write_atomically(path, json.dumps(data, ensure_ascii=False).encode())

    def changes(self) -> list[str]:
        text = f"{self._regions} regions of masks lie in no box of their class: they are objects of their own now."
        return [text] if self._regions else []


def share_out(sample: Sample) -> tuple[list[np.ndarray], np.ndarray]:
    """Shares the pixels of a mask out to the objects of their class.

    A connected region belongs to the smallest box that it lies in. Of one that lies in none as a whole, for two objects
    touch, each pixel belongs to the smallest box that it lies in.

    Args:
        sample: with a mask.

    Returns:
        For each object its pixels, bool (H, W), and the mask uint8 (H, W) of those that are no object's.
    """
    mask, rest = np.asarray(sample.mask), np.array(sample.mask)
    height, width = sample.size_hw
    boxes_px = sample.boxes.astype(np.float64) * [width, height, width, height]
    boxes_px = np.hstack([np.floor(boxes_px[:, :2]) - MARGIN_PX, np.ceil(boxes_px[:, 2:]) + MARGIN_PX])
    order = np.argsort((boxes_px[:, 2:] - boxes_px[:, :2]).prod(axis=1), kind="stable")
    codes = np.where(sample.ignore, MASK_IGNORE, sample.labels + 1)
    regions = [np.zeros(mask.shape, bool) for _ in boxes_px]
    for code in np.unique(codes):
        own = order[codes[order] == code]
        for index, region in zip(own, _whole_regions(mask == code, boxes_px[own]), strict=True):
            regions[index] |= region
            rest[region] = 0
    for index in order:
        x0, y0, x1, y1 = boxes_px[index].clip(0).astype(int).tolist()
        inside = rest[y0:y1, x0:x1] == codes[index]
        regions[index][y0:y1, x0:x1] |= inside
        rest[y0:y1, x0:x1][inside] = 0
    return regions, rest


def _whole_regions(region: np.ndarray, boxes_px: np.ndarray) -> Iterator[np.ndarray]:
    """For each box, the smallest first, the connected parts of a region that lie in it and in no smaller one."""
    parts, stats = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)[1:3]
    upper_left, lower_right = stats[:, :2], stats[:, :2] + stats[:, 2:4]
    taken = np.zeros(len(stats), bool)
    taken[0] = True  # what is not in the region
    for box_px in boxes_px:
        inside = (upper_left >= box_px[:2]).all(axis=1) & (lower_right <= box_px[2:]).all(axis=1) & ~taken
        taken |= inside
        yield inside[parts]


def _with_regions(sample: Sample, class_names: tuple[str, ...]) -> Sample:
    """The sample with a box around each connected region of its mask, and no others."""
    codes = {0: BACKGROUND, MASK_IGNORE: IGNORE} | dict(enumerate(class_names, 1))
    painted = PaintedMask(sample.mask.astype(np.int32), {value: codes[value] for value in np.unique(sample.mask)})
    boxes, labels = painted.objects(class_names, "regions")
    return sample.replace(
        boxes=boxes,
        labels=labels,
        ignore=np.zeros(len(boxes), bool),
        keypoints=np.zeros((len(boxes), 0, 2), np.float32),
        has=sample.has | {"boxes"},
    )
