"""Writes "CVAT for images 1.1": annotations.xml and the pictures in `images/`, which CVAT takes in again."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.cvat import IMAGES_NAME, XML_NAME
from data_generators.sample import Sample

IGNORE = "ignore"  # the checkbox of an object that is to be ignored
CHECKBOX = {"name": IGNORE, "mutable": "False", "input_type": "checkbox", "default_value": "false", "values": ""}


class CvatWriter(BoxWriter):
    """A CVAT export; splits are subsets, and what is to be ignored has a checkbox that says so."""

    name = "CVAT"
    holds = frozenset({"classes", "ignore"})

    def __init__(self, root: Path, class_names: tuple[str, ...], splits: list[str]) -> None:
        super().__init__(root, class_names, splits)
        self._images: list[ElementTree.Element] = []

    def picture_folder(self, split: str) -> Path:
        return self.root / IMAGES_NAME / split

    def add(self, split: str, path: Path, sample: Sample) -> None:
        height, width = sample.size_hw
        attributes = {"id": str(len(self._images)), "name": path.name, "width": str(width), "height": str(height)}
        image = ElementTree.Element("image", attributes | ({"subset": split} if split else {}))
        for box, label, ignore in zip(sample.boxes.astype(float), sample.labels, sample.ignore, strict=True):
            edges = zip(("xtl", "ytl", "xbr", "ybr"), box * [width, height, width, height], strict=True)
            sides = {side: f"{value:.4f}" for side, value in edges}
            common = {"label": self.class_names[label], "source": "manual", "occluded": "0", "z_order": "0"}
            shape = ElementTree.SubElement(image, "box", common | sides)
            ElementTree.SubElement(shape, "attribute", name=IGNORE).text = str(bool(ignore)).lower()
        self._images.append(image)

    def finish(self) -> None:
        root = ElementTree.Element("annotations")
        ElementTree.SubElement(root, "version").text = "1.1"
        root.append(self._meta())
        root.extend(self._images)
        ElementTree.indent(root)
        write_atomically(self.root / XML_NAME, ElementTree.tostring(root, "utf-8", xml_declaration=True))

    def _meta(self) -> ElementTree.Element:
        meta = ElementTree.Element("meta")
        task = ElementTree.SubElement(meta, "task")
        ElementTree.SubElement(task, "size").text = str(len(self._images))
        ElementTree.SubElement(task, "mode").text = "annotation"
        labels = ElementTree.SubElement(task, "labels")
        for name in self.class_names:
            label = ElementTree.SubElement(labels, "label")
            ElementTree.SubElement(label, "name").text = name
            attribute = ElementTree.SubElement(ElementTree.SubElement(label, "attributes"), "attribute")
            for tag, text in CHECKBOX.items():
                ElementTree.SubElement(attribute, tag).text = text
        return meta
