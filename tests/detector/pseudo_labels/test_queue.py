"""The queue: worst first, marks on disk when they are made, whole files or none, one process at a time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.real.pseudo_file import QUEUE_NAME, PseudoLabel, PseudoQueue, mask_path, read_queue
from data_generators.settings import SettingsError
from detector.pseudo_labels import queue as queue_module
from detector.pseudo_labels.queue import LabelQueue, locked
from detector.runs import RunError, WriteError

NO_MASK = np.zeros((0, 0), np.uint8)
HEADER = PseudoQueue(model="m", model_hash="1", head="grid", kind="boxes", class_names=("cat",), images="../photos")


def label(name: str, disagreement: float) -> PseudoLabel:
    return PseudoLabel(image=name, size_hw=(40, 60), disagreement=disagreement, boxes=((0, 0, 1, 1),), labels=(0,))


@pytest.fixture
def queue(tmp_path: Path) -> LabelQueue:
    made = LabelQueue(tmp_path, HEADER)
    for name, disagreement in (("a.jpg", 0.1), ("clip/b.jpg", 0.7), ("c.jpg", 0.1)):
        made.add(label(name, disagreement), NO_MASK)
    made.save()
    return made


def test_worst_first_and_equal_ones_by_name(queue: LabelQueue) -> None:
    assert [each.image for each in queue.worst_first()] == ["clip/b.jpg", "a.jpg", "c.jpg"]
    assert [each.image for each in read_queue(queue.root).pictures] == ["clip/b.jpg", "a.jpg", "c.jpg"]


def test_a_mark_is_on_disk_when_it_is_made(queue: LabelQueue) -> None:
    queue.mark("a.jpg", "accepted")
    queue.mark("c.jpg", "rejected")
    after = LabelQueue.read(queue.root)
    assert [each.state for each in after.worst_first()] == ["open", "accepted", "rejected"]
    assert after.header == HEADER and len(after) == 3 and "c.jpg" in after and "d.jpg" not in after
    queue.mark("a.jpg", "open")
    assert LabelQueue.read(queue.root).label("a.jpg").state == "open"
    with pytest.raises(KeyError):
        queue.mark("d.jpg", "accepted")


def test_a_mark_that_cannot_be_written_is_not_made(queue: LabelQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (queue.root / QUEUE_NAME).read_text()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(WriteError, match="No space left"):
            queue.mark("a.jpg", "accepted")
    assert queue.label("a.jpg").state == "open"
    assert (queue.root / QUEUE_NAME).read_text() == before
    assert [path.name for path in queue.root.iterdir()] == [QUEUE_NAME]


def test_asking_is_saved_now_and_then_and_masks_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [0.0]
    monkeypatch.setattr(queue_module.time, "monotonic", lambda: seconds[0])
    queue = LabelQueue(tmp_path, HEADER)
    queue.add(label("a.jpg", 0.5), np.ones((40, 60), np.uint8))
    assert mask_path(tmp_path, "a.jpg").is_file() and not (tmp_path / QUEUE_NAME).exists()
    seconds[0] = queue_module.SAVE_SECONDS + 1
    queue.add(label("b.jpg", 0.5), NO_MASK)
    assert len(LabelQueue.read(tmp_path)) == 2


def test_the_file_has_a_line_a_picture(queue: LabelQueue) -> None:
    lines = (queue.root / QUEUE_NAME).read_text().splitlines()
    assert len([line for line in lines if '"image":' in line]) == 3
    assert json.loads("\n".join(lines))["head"] == "grid"


def test_an_empty_queue_is_one(tmp_path: Path) -> None:
    LabelQueue(tmp_path, HEADER).save()
    assert len(LabelQueue.read(tmp_path)) == 0


def test_what_is_no_queue_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"queue\.json: the file cannot be read: .* `detector pseudo-label`"):
        LabelQueue.read(tmp_path)
    (tmp_path / QUEUE_NAME).write_text("{")
    with pytest.raises(DataError, match=r"queue\.json: the file is not JSON"):
        LabelQueue.read(tmp_path)
    (tmp_path / QUEUE_NAME).write_text(HEADER.model_copy(update={"version": 7}).model_dump_json())
    with pytest.raises(SettingsError, match=r"queue\.json is not valid:\n  version"):
        LabelQueue.read(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(RunError, match="Another process works on the labels in"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
