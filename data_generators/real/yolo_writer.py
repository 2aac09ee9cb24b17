"""Writes YOLO sets: `data.yaml`, `images/SPLIT` and `labels/SPLIT`, as Ultralytics reads them."""

from __future__ import annotations

from pathlib import Path

import yaml

from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.yolo import IMAGES_NAME, label_path
from data_generators.real.yolo_yaml import YAML_NAME
from data_generators.sample import Sample


class YoloWriter(BoxWriter):
    """A YOLO set; one without splits is written as `train` (to train, Ultralytics wants a `val` too)."""

    name = "YOLO"
    holds = frozenset({"classes"})

    def picture_folder(self, split: str) -> Path:
        return self.root / IMAGES_NAME / (split or "train")

    def add(self, split: str, path: Path, sample: Sample) -> None:  # noqa: ARG002 - the path says it
        boxes = sample.boxes.astype(float)
        centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        rows = zip(sample.labels, centres, sizes, strict=True)
        lines = [
            " ".join([str(label), *(f"{value:.8f}" for value in (*centre, *size))]) for label, centre, size in rows
        ]
        write_atomically(label_path(path), "".join(f"{line}\n" for line in lines).encode())

    def finish(self) -> None:
        # no `path`: Ultralytics takes a relative one from where it is started, and without one the file's own folder
        places = {split or "train": f"{IMAGES_NAME}/{split or 'train'}" for split in self.splits}
        data = {**places, "names": dict(enumerate(self.class_names))}
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        write_atomically(self.root / YAML_NAME, text.encode())
