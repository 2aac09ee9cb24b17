"""What the tests of box formats share: a source with two pictures, and the comparison after a round trip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_generators.real.box_writer import BoxWriter, write_box_set
from data_generators.sample import Sample
from data_generators.sources import Source


class Drawn(Source):
    """Given samples, of which all classes are labelled."""

    def __init__(self, samples: list[Sample], class_names: tuple[str, ...] = ("dog", "cat")) -> None:
        self._samples = samples
        self.class_names, self.labelled_classes = class_names, frozenset(class_names)

    def __len__(self) -> int:
        return len(self._samples)

    def sample(self, index: int) -> Sample:
        return self._samples[index]

    def groups(self) -> list[str]:
        return [sample.group for sample in self._samples]

    def content(self) -> Any:
        return [sample.origin for sample in self._samples]


def boxed(boxes: Any, labels: Any = None, size_hw: tuple[int, int] = (40, 60), **changes: Any) -> Sample:
    """A sample with boxes (N, 4) normalised, drawn pixels, and no keypoints."""
    count = len(boxes)
    values: dict[str, Any] = {
        "image": np.random.default_rng(count).integers(0, 256, (*size_hw, 3), np.uint8),
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "labels": np.array(range(count) if labels is None else labels, np.int64),
        "ignore": np.zeros(count, bool),
        "keypoints": np.zeros((count, 0, 2), np.float32),
        "has": frozenset({"boxes"}),
        "group": f"drawn {count}",
        "origin": f"drawn {count}",
    }
    return Sample(**{**values, **changes})


TWO = boxed([[0.1, 0.2, 0.45, 0.7], [0.6, 0.3, 1.0, 0.9]], ignore=np.array([False, True]))
EMPTY = boxed([], size_hw=(30, 20))


def check_round_trip(folder: Path, writer: type[BoxWriter], reader: Any, ignore: bool, atol_px: float = 1e-4) -> None:
    """Writes a split of two pictures and one of one, and reads all that comes back.

    Args:
        folder: new.
        writer: the format.
        reader: called with a split or None, gives the source.
        ignore: whether the format holds ignore flags.
        atol_px: how far a side may move.
    """
    write_box_set({"train": Drawn([TWO, EMPTY]), "val": Drawn([boxed([[0, 0, 0.5, 1]], [0])])}, folder, writer)
    train, val = reader("train"), reader("val")
    assert (len(train), len(val), len(reader(None))) == (2, 1, 3)
    again, empty = sorted((train.sample(index) for index in range(2)), key=lambda sample: -len(sample.boxes))
    np.testing.assert_array_equal(again.image, TWO.image)
    scale = np.array([60, 40, 60, 40])
    np.testing.assert_allclose(again.boxes * scale, TWO.boxes * scale, atol=atol_px)
    assert [train.class_names[label] for label in again.labels] == ["dog", "cat"]
    assert again.ignore.tolist() == [False, ignore]
    np.testing.assert_array_equal(empty.image, EMPTY.image)
    assert (empty.boxes.shape, empty.has) == ((0, 4), {"boxes"})
    np.testing.assert_allclose(val.sample(0).boxes, [[0, 0, 0.5, 1]], atol=1e-6)
    assert set(train.class_names) == set(val.class_names) == {"dog", "cat"}
    assert not set(train.groups()) & set(val.groups())
