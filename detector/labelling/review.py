"""What the page asks and tells where a person accepts or rejects the labels of a model, worst first."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.drawing import class_colour
from data_generators.errors import DataError
from data_generators.real.index_picture import read_index_picture
from data_generators.real.pseudo_file import PseudoLabel, State, mask_path
from detector.labelling.pictures import Pictures
from detector.pseudo_labels.queue import LabelQueue, locked

STATES: dict[Any, State] = {None: "open", "accepted": "accepted", "rejected": "rejected"}
TINT_ALPHA, EDGE_ALPHA = 100, 235
TRANSPARENT_CLASS = 0  # of a mask: the background


class ReviewSession:
    """Answers the page; several threads may ask at once. It keeps other processes away until it is closed.

    Args:
        root: the folder with queue.json.

    Raises:
        DataError: there is no queue, or it cannot be read.
        RunError: another process works on it.
    """

    def __init__(self, root: str | Path) -> None:
        with ExitStack() as held:
            held.enter_context(locked(root))
            self.queue = LabelQueue.read(root)
            self._held = held.pop_all()
        self._pictures = Pictures(self.queue.images, self.queue)
        self.views = {"api/pictures": self.picture, "pixels": self._pictures.pixels, "tints": self.tint}

    def close(self) -> None:
        """Lets other processes have the folder."""
        self._held.close()

    def summary(self) -> str:
        """How many labels are accepted and rejected, and what takes them."""
        states = [label.state for label in self.queue.worst_first()]
        root = self.queue.root
        return (
            f"{states.count('accepted')} accepted, {states.count('rejected')} rejected of {len(states)}. Train on the "
            f"accepted ones: pseudo:{root}. Correct the rejected ones elsewhere: detector convert pseudo:{root} "
            "labelme FOLDER --set 'states=[rejected]'"
        )

    def overview(self) -> dict[str, Any]:
        """The pictures, worst first, with their states `open`, `accepted` or `rejected`, and what holds for all."""
        pictures = [{"name": label.image, "state": label.state} for label in self.queue.worst_first()]
        classes = [
            {"name": name, "colour": "#" + bytes(class_colour(index)).hex()}
            for index, name in enumerate(self.queue.header.class_names)
        ]
        return {
            **{"mode": "review", "folder": str(self.queue.root), "order": "", "suggests": False},
            **{"pictures": pictures, "classes": classes},
        }

    def picture(self, name: str) -> dict[str, Any]:
        """Size, label and mark of a picture.

        Raises:
            DataError: the picture cannot be read.
            KeyError: there is no such picture.
        """
        height, width = self._pictures.image(name).shape[:2]
        label = self.queue.label(name)
        return {
            **{"name": name, "width": width, "height": height, "says": label.says},
            **{"disagreement": label.disagreement, "outlines": _outlines(label)},
            **{"tinted": self.queue.header.kind == "mask", **_mark_to_json(label)},
        }

    def tint(self, name: str) -> tuple[bytes, str]:
        """The mask of a picture as a PNG to lay over it: transparent but for the classes, their edges almost opaque.

        Raises:
            DataError: the mask cannot be read.
            KeyError: there is no such picture, or it has no mask.
        """
        if name not in self.queue or self.queue.header.kind != "mask":
            raise KeyError(name)
        return tint_of(read_index_picture(mask_path(self.queue.root, name))), "image/png"

    def save(self, name: str, change: Any) -> dict[str, Any]:
        """Marks a label.

        Args:
            name: the picture.
            change: `label`: `accepted`, `rejected`, or null, which takes the mark away.

        Returns:
            Mark, state and stamp as they are on disk now.

        Raises:
            DataError: the message means nothing.
            KeyError: there is no such picture.
        """
        try:
            state = STATES[change["label"]]
        except (KeyError, TypeError) as error:
            problem = "expected `label`: accepted, rejected or null. Received something else."
            raise DataError(name, problem, "Reload the page.") from error
        return _mark_to_json(self.queue.mark(name, state))


def _mark_to_json(label: PseudoLabel) -> dict[str, Any]:
    """The mark; nobody else can change it, so that its stamp is always the same."""
    return {"label": None if label.state == "open" else label.state, "state": label.state, "stamp": []}


def _outlines(label: PseudoLabel) -> list[dict[str, Any]]:
    """Points, normalised x y, and class of each object: its corners, else its box."""
    boxes = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in label.boxes]
    shapes: list[Any] = list(label.keypoints) or boxes
    return [{"points": points, "class": index} for points, index in zip(shapes, label.labels, strict=True)]


def tint_of(mask: np.ndarray) -> bytes:
    """A mask as a PNG with transparency.

    Args:
        mask: int32 (H, W): 0 background, label + 1 on an object.
    """
    indices = np.arange(int(mask.max()) + 1)
    colours = np.array([class_colour(int(index) - 1) for index in indices], np.uint8)[mask]  # (H, W, 3)
    inside = mask != TRANSPARENT_CLASS
    edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    alpha = np.where(inside & edge, EDGE_ALPHA, np.where(inside, TINT_ALPHA, 0)).astype(np.uint8)
    bgra = np.dstack([colours[..., ::-1], alpha])
    return bytes(cv2.imencode(".png", bgra)[1])
