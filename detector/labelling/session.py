"""What the page asks and tells, as plain data: the list of pictures, a picture, a suggestion, a label to save."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_generators.errors import DataError
from detector.labelling.label_file import NOTHING, Label
from detector.labelling.label_store import Entry, LabelStore
from detector.labelling.pictures import Pictures
from detector.labelling.suggestion import Suggest


class LabellingSession:
    """Answers the page; several threads may ask at once.

    Args:
        store: the labels.
        suggest: asks a model about a picture; None suggests nothing.
    """

    def __init__(self, store: LabelStore, suggest: Suggest | None = None) -> None:
        self.store, self._suggest = store, suggest
        self._pictures = Pictures(store.folder, store.names)
        self.views = {
            **{"api/pictures": self.picture, "api/suggestions": self.suggestion},
            **{"pixels": self._pictures.pixels},
        }

    def close(self) -> None:
        """Nothing is held."""

    def summary(self) -> str:
        """How many pictures are done, and what reads them."""
        states = [self._state(name) for name in self.store.names]
        done = f"{states.count('done')} of {len(states)} pictures done."
        return f"{done} Read them as corners:{self.store.root} or labelme:{self.store.root}"

    def overview(self) -> dict[str, Any]:
        """The pictures with their states `open`, `unfinished`, `done` or `unreadable`, and what holds for all."""
        pictures = [{"name": name, "state": self._state(name)} for name in self.store.names]
        return {
            "mode": "corners",
            "folder": str(self.store.root),
            "order": self.store.order,
            "suggests": self._suggest is not None,
            "pictures": pictures,
        }

    def picture(self, name: str) -> dict[str, Any]:
        """Size, label and stamp of a picture.

        Raises:
            DataError: the picture cannot be read, or its label cannot be used.
            KeyError: there is no such picture.
        """
        height, width = self._pictures.image(name).shape[:2]
        entry = self.store.read(name)
        self.store.document(name, (height, width))  # says so now where it was labelled on a picture of another shape
        return {"name": name, "width": width, "height": height, **_entry_to_json(entry)}

    def suggestion(self, name: str) -> dict[str, Any] | None:
        """What the model says of a picture; None without a model.

        Raises:
            DataError: the picture cannot be read.
            KeyError: there is no such picture.
        """
        if self._suggest is None:
            return None
        said = self._suggest(self._pictures.image(name))
        return {"present": said.present, "presence": said.presence, "corners": np.asarray(said.corners).tolist()}

    def save(self, name: str, change: Any) -> dict[str, Any]:
        """Writes a label.

        Args:
            name: the picture.
            change: `label`: null, or `corners` (four x, y; none says that there is no document) and `done`; `stamp`.

        Returns:
            Label, state and stamp as they are on disk now.

        Raises:
            DataError: the label cannot be written; see `LabelStore.write`.
            KeyError: there is no such picture.
        """
        label, stamp = _parse_change(name, change)
        height, width = self._pictures.image(name).shape[:2]
        return _entry_to_json(self.store.write(name, label, (height, width), stamp))

    def _state(self, name: str) -> str:
        try:
            return _state_of(self.store.read(name).label)
        except DataError:
            return "unreadable"


def _state_of(label: Label | None) -> str:
    return "open" if label is None else "done" if label.done else "unfinished"


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    label = entry.label and {"corners": entry.label.corners.tolist(), "done": entry.label.done}
    return {"label": label, "state": _state_of(entry.label), "stamp": list(map(str, entry.stamp))}


def _parse_change(name: str, change: Any) -> tuple[Label | None, tuple[int, int]]:
    """Label and stamp of a message of the page; times in nanoseconds come as text, for JavaScript would round them."""
    try:
        size, time = map(int, change["stamp"])
        if change["label"] is None:
            return None, (size, time)
        corners = np.array(change["label"]["corners"], np.float64)
        done = change["label"]["done"]
        if corners.shape not in ((0,), (4, 2)) or not isinstance(done, bool):
            raise ValueError(f"corners {corners.shape}, done {done!r}")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        problem = f"expected `label` with `corners` (4, 2) and `done`, and `stamp`. Received something else ({error})."
        raise DataError(name, problem, "Reload the page.") from error
    return Label(corners if corners.size else NOTHING, done), (size, time)
