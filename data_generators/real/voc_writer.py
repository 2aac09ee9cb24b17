"""Writes Pascal VOC sets: `Annotations`, `JPEGImages` and, where there are splits, `ImageSets/Main`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.sample import Sample


class VocWriter(BoxWriter):
    """A VOC set, pixels counted from 1 as `VocSource` reads them; coordinates are whole numbers where the boxes are."""

    name = "Pascal VOC"
    holds = frozenset({"ignore"})

    def __init__(self, root: Path, class_names: tuple[str, ...], splits: list[str]) -> None:
        super().__init__(root, class_names, splits)
        self._stems: dict[str, list[str]] = {split: [] for split in splits}

    def picture_folder(self, split: str) -> Path:  # noqa: ARG002 - all splits share a folder
        return self.root / "JPEGImages"

    def add(self, split: str, path: Path, sample: Sample) -> None:
        self._stems[split].append(path.stem)
        root = _element("annotation", folder=path.parent.name, filename=path.name)
        height, width, depth = sample.image.shape
        root.append(_element("size", width=width, height=height, depth=depth))
        root.append(_element("segmented", "0"))
        for box, label, ignore in zip(sample.boxes, sample.labels, sample.ignore, strict=True):
            root.append(_object(box.astype(float), self.class_names[label], bool(ignore), (height, width)))
        ElementTree.indent(root)
        write_atomically(self.root / "Annotations" / f"{path.stem}.xml", ElementTree.tostring(root, "utf-8"))

    def finish(self) -> None:
        for split, stems in self._stems.items():
            if split:
                path = self.root / "ImageSets" / "Main" / f"{split}.txt"
                write_atomically(path, "".join(f"{stem}\n" for stem in stems).encode())


def _object(box: np.ndarray, name: str, difficult: bool, size_hw: tuple[int, int]) -> ElementTree.Element:
    """An object; what touches the border counts as truncated, as labelImg has it."""
    x0, y0, x1, y1 = box
    height, width = size_hw
    truncated = min(box) <= 0 or max(box) >= 1
    item = _element("object", name=name, pose="Unspecified", truncated=int(truncated), difficult=int(difficult))
    edges = {"xmin": x0 * width + 1, "ymin": y0 * height + 1, "xmax": x1 * width, "ymax": y1 * height}
    item.append(_element("bndbox", **{side: _text(value) for side, value in edges.items()}))
    return item


def _text(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _element(tag: str, text: str | None = None, **children: object) -> ElementTree.Element:
    element = ElementTree.Element(tag)
    element.text = text
    for name, value in children.items():
        ElementTree.SubElement(element, name).text = str(value)
    return element
