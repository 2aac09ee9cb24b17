"""What a LabelMe file says of the one document in a picture, and the file with that changed and nothing else.

Documents are the shapes of four points with the label `document` or, where none has it, with the label of the first of
them; the page edits the first document. The file's flag `unfinished` marks a label that nobody has accepted yet.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.real.labelme_file import labelled_size_hw, make_shape

CLASS_NAME, UNFINISHED = "document", "unfinished"
NOTHING = np.zeros((0, 2))  # the corners of no document


@dataclass(frozen=True, eq=False)
class Label:
    """What a person says of a picture.

    Args:
        corners: float64 (4, 2) normalised xy, in cyclic order; (0, 2) says that there is no document.
        done: whether the person has finished with the picture.
    """

    corners: np.ndarray
    done: bool

    def equals(self, other: Label | None) -> bool:
        """Whether both say the same, but for rounding."""
        if other is None or self.done != other.done or len(self.corners) != len(other.corners):
            return False
        return bool(np.allclose(self.corners, other.corners, rtol=0, atol=1e-9))


def document_shapes(document: dict[str, Any]) -> list[int]:
    """Indices of the shapes of a LabelMe file that stand for documents; the page edits the first."""
    shapes = document["shapes"]
    quads = [index for index, shape in enumerate(shapes) if _is_quad(shape)]
    names = [shapes[index]["label"] for index in quads]
    return [index for index, name in zip(quads, names, strict=True) if name == _class_of(names)]


def _class_of(names: list[str]) -> str:
    return CLASS_NAME if CLASS_NAME in names or not names else names[0]


def _is_quad(shape: Any) -> bool:
    if not isinstance(shape, dict) or not shape.get("label") or shape.get("shape_type", "polygon") != "polygon":
        return False
    flags = shape.get("flags") or {}
    if not isinstance(flags, dict) or flags.get("ignore"):
        return False
    try:
        points = np.array(shape.get("points"), np.float64)
    except (TypeError, ValueError):
        return False
    return points.shape == (4, 2) and bool(np.isfinite(points).all())


def quads_of(path: Path, document: dict[str, Any]) -> np.ndarray:
    """The corners of all documents in a LabelMe file, float64 (N, 4, 2) normalised xy.

    Raises:
        DataError: the file does not give the size of its picture.
    """
    height, width = labelled_size_hw(path, document)
    points = [document["shapes"][index]["points"] for index in document_shapes(document)]
    return np.array(points, np.float64).reshape(-1, 4, 2) / [width, height]


def label_of(path: Path, document: dict[str, Any]) -> Label | None:
    """The label in a LabelMe file; None where its shapes say nothing of a document."""
    quads = quads_of(path, document)
    if document["shapes"] and not len(quads):
        return None
    done = not _flags(document).get(UNFINISHED)
    return Label(quads[0] if len(quads) else NOTHING, done)


def with_label(path: Path, document: dict[str, Any], label: Label | None) -> dict[str, Any]:
    """The content of a LabelMe file with another label; whatever else it holds stays.

    Args:
        path: the file, for messages.
        document: its content.
        label: the new label; None takes the label away.

    Raises:
        DataError: the label says that there is no document, but the file holds other shapes.
    """
    changed = copy.deepcopy(document)
    shapes, found = changed["shapes"], document_shapes(document)
    if label is not None and len(label.corners):
        _set_corners(changed, found, label.corners, labelled_size_hw(path, document))
    elif found:
        del shapes[found[0]]
    if label is not None and not len(label.corners) and shapes:
        problem = f"cannot say `no document`: the file holds {len(shapes)} other shapes."
        raise DataError(path, problem, "Delete them in LabelMe first.")
    flags = _flags(changed) | {UNFINISHED: True}
    changed["flags"] = flags if label and not label.done else {k: v for k, v in flags.items() if k != UNFINISHED}
    return changed


def _set_corners(document: dict[str, Any], found: list[int], corners: np.ndarray, size_hw: tuple[float, float]) -> None:
    shape = make_shape(CLASS_NAME, corners, size_hw, {})
    if found:
        document["shapes"][found[0]]["points"] = shape["points"]
    else:
        document["shapes"].append(shape)


def _flags(document: dict[str, Any]) -> dict[str, Any]:
    flags = document.get("flags")
    return flags if isinstance(flags, dict) else {}
