"""The labels that a model has given, worst first, and what a person says of them: in memory, and in queue.json."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from data_generators.images import write_image
from data_generators.real.pseudo_file import QUEUE_NAME, PseudoLabel, PseudoQueue, State, mask_path, read_queue
from detector.runs import Run, RunError, WriteError, atomic_path

SAVE_SECONDS = 5.0  # of asking, at most, that a kill costs


class LabelQueue:
    """The labels in a folder; several threads may ask and mark at once. What a person says is on disk when it is said.

    Args:
        root: the folder.
        queue: its content.
    """

    def __init__(self, root: str | Path, queue: PseudoQueue) -> None:
        self.root, self.header = Path(root), queue.model_copy(update={"pictures": ()})
        self._labels = {label.image: label for label in queue.pictures}
        self._lock, self._saved_at = threading.Lock(), time.monotonic()

    @classmethod
    def read(cls, root: str | Path) -> LabelQueue:
        """The queue on disk; see `read_queue`."""
        return cls(root, read_queue(Path(root)))

    @property
    def images(self) -> Path:
        """The folder of the pictures."""
        return self.root / self.header.images

    def __contains__(self, name: object) -> bool:
        return name in self._labels

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, name: str) -> PseudoLabel:
        """The label of a picture.

        Raises:
            KeyError: there is none.
        """
        return self._labels[name]

    def worst_first(self) -> list[PseudoLabel]:
        """All labels, those on which the looks disagree most first."""
        return sorted(self._labels.values(), key=lambda label: (-label.disagreement, label.image))

    def add(self, label: PseudoLabel, mask: np.ndarray) -> None:
        """Adds or replaces a label; it is on disk within `SAVE_SECONDS`, or at the next `save`.

        Args:
            label: of a picture.
            mask: uint8 (H, W), written at once; (0, 0) where the label is none.
        """
        if mask.size:
            write_image(mask_path(self.root, label.image), mask[..., None])
        with self._lock:
            self._labels[label.image] = label
            if time.monotonic() - self._saved_at > SAVE_SECONDS:
                self._save()

    def mark(self, name: str, state: State) -> PseudoLabel:
        """Says something of a label, and saves.

        Raises:
            KeyError: there is no such picture.
            WriteError: the disk is full, or the folder cannot be written; then nothing was said.
        """
        with self._lock:
            before = self._labels[name]
            self._labels[name] = before.model_copy(update={"state": state})
            try:
                self._save()
            except Exception:
                self._labels[name] = before
                raise
            return self._labels[name]

    def save(self) -> None:
        """Writes queue.json, whole or not at all.

        Raises:
            WriteError: the disk is full, or the folder cannot be written.
        """
        with self._lock:
            self._save()

    def _save(self) -> None:
        whole = self.header.model_copy(update={"pictures": tuple(self.worst_first())})
        with atomic_path(self.root / QUEUE_NAME) as temporary:
            temporary.write_text(_to_text(whole), encoding="utf-8")
        self._saved_at = time.monotonic()


def _to_text(queue: PseudoQueue) -> str:
    """JSON with a line a picture, for a person to read and to compare."""
    values = queue.model_dump(mode="json")
    pictures = [json.dumps(picture, ensure_ascii=False) for picture in values.pop("pictures")]
    head = json.dumps(values, ensure_ascii=False, indent=1)[:-2]
    return f'{head},\n "pictures": [\n' + ",\n".join(f"  {picture}" for picture in pictures) + "\n ]\n}\n"


@contextmanager
def locked(root: str | Path) -> Iterator[None]:
    """Keeps other processes from asking or marking in a folder; the end of the process, a kill too, frees it.

    Raises:
        RunError: another process is at work there.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(Run(root).lock())
        except WriteError:
            raise
        except RunError as error:
            raise RunError(f"Another process works on the labels in {root}. Wait for it, or end it first.") from error
        yield
