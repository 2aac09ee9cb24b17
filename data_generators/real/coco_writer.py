"""Writes COCO JSON files, as `data_generators.real.coco` reads them: `annotations/instances_SPLIT.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.coco import PREFIX
from data_generators.sample import Sample

NO_SPLIT = "default"  # as CVAT calls it
DECIMALS = 4  # of a pixel


class CocoWriter(BoxWriter):
    """Pictures go to `SPLIT/`, or to `images/` where there are no splits; ids count from 1.

    An object that is to be ignored is a crowd. The group is a key of COCO's own making, `group`, which other readers
    pass over. COCO's places for masks and keypoints of single objects stay empty.
    """

    name = "COCO for boxes"
    holds = frozenset({"classes", "groups", "ignore"})

    def __init__(self, root: Path, class_names: tuple[str, ...], splits: list[str]) -> None:
        super().__init__(root, class_names, splits)
        self._images: dict[str, list[dict[str, Any]]] = {split: [] for split in splits}
        self._annotations: dict[str, list[dict[str, Any]]] = {split: [] for split in splits}

    def picture_folder(self, split: str) -> Path:
        return self.root / (split or "images")

    def add(self, split: str, path: Path, sample: Sample) -> None:
        images, annotations = self._images[split], self._annotations[split]
        height, width = sample.size_hw
        name = path.relative_to(self.picture_folder(split)).as_posix()
        image = {"id": len(images) + 1, "file_name": name, "height": height, "width": width, "group": sample.group}
        images.append(image)
        boxes_px = np.asarray(sample.boxes, np.float64) * [width, height, width, height]
        for box_px, label, ignore in zip(boxes_px, sample.labels, sample.ignore, strict=True):
            x0, y0, x1, y1 = box_px.tolist()
            annotation = {"id": len(annotations) + 1, "image_id": image["id"], "category_id": int(label) + 1}
            annotation |= {"bbox": [round(value, DECIMALS) for value in (x0, y0, x1 - x0, y1 - y0)]}
            annotation |= {"area": round((x1 - x0) * (y1 - y0), DECIMALS), "segmentation": [], "iscrowd": int(ignore)}
            annotations.append(annotation)

    def finish(self) -> None:
        categories = [{"id": number, "name": name} for number, name in enumerate(self.class_names, 1)]
        for split in self.splits:
            data = {"images": self._images[split], "annotations": self._annotations[split], "categories": categories}
            path = self.root / "annotations" / f"{PREFIX}{split or NO_SPLIT}.json"
            write_atomically(path, json.dumps(data, ensure_ascii=False).encode())
