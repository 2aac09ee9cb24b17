"""Reads XML label files into elements that know their line, so that an error can name it: for VOC and CVAT."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import cast
from xml.parsers import expat

from data_generators.errors import DataError
from data_generators.files import read_bytes


class LinedElement(ElementTree.Element):
    """An element of a file.

    Attributes:
        line: of its start tag, from 1.
    """

    line: int = 0


def read_xml(path: Path, tag: str, cure: str) -> LinedElement:
    """The root element of a file.

    Args:
        path: the file.
        tag: name that the root must have.
        cure: what to do about a file that is something else.

    Raises:
        DataError: the file cannot be read, is not XML, or has another root.
    """
    parser, builder = expat.ParserCreate(), ElementTree.TreeBuilder(element_factory=LinedElement)

    def start(name: str, attributes: dict[str, str]) -> None:
        builder.start(name, attributes).line = parser.CurrentLineNumber  # type: ignore[attr-defined]

    parser.StartElementHandler, parser.EndElementHandler = start, builder.end
    parser.CharacterDataHandler, parser.buffer_text = builder.data, True
    try:
        parser.Parse(read_bytes(path), True)
        root = builder.close()
    except expat.ExpatError as error:
        raise DataError(path, f"the file is not XML ({error}).", cure) from error
    if root.tag != tag:
        raise DataError(path, f"expected <{tag}>, got <{root.tag}>.", cure)
    return root  # type: ignore[return-value]


def elements(parent: ElementTree.Element, path: str) -> list[LinedElement]:
    """The elements at a path below one that `read_xml` made."""
    return cast(list[LinedElement], parent.findall(path))


def number_in(element: ElementTree.Element, name: str, where: str) -> float:
    """The number in an attribute, or else in a child, of an element.

    Args:
        element: which holds it.
        name: of the attribute or child.
        where: file and line, for the message.

    Raises:
        DataError: there is none.
    """
    text = element.get(name, element.findtext(name, "")).strip()
    try:
        return float(text)
    except ValueError:
        cure = "Mend the file, or export it again."
        raise DataError(where, f"{name} must be a number. Received {text!r}.", cure) from None
