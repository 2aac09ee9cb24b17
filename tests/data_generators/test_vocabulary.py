"""Labels mapped by name: what is not asked for becomes -1, what was not looked for is known to be unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_generators.cache import CachedSource
from data_generators.sample import Sample
from data_generators.sources import MixedSource, Source
from data_generators.vocabulary import OTHER_CLASS, RelabelledSource, in_vocabulary

BOXES = np.array([[0.1, 0.2, 0.4, 0.9], [0.5, 0.1, 0.9, 0.6], [0, 0, 1, 1]], np.float32)


class Boxes(Source):
    """One picture with an object of each class."""

    def __init__(self, class_names: tuple[str, ...], labelled: tuple[str, ...] | None = None) -> None:
        self.class_names = class_names
        self.labelled_classes = frozenset(class_names if labelled is None else labelled)

    def __len__(self) -> int:
        return 1

    def sample(self, index: int) -> Sample:
        count = len(self.class_names)
        return Sample(
            image=np.zeros((12, 20, 3), np.uint8),
            boxes=BOXES[:count],
            labels=np.arange(count),
            ignore=np.zeros(count, bool),
            keypoints=np.zeros((count, 0, 2), np.float32),
            mask=np.tile(np.resize(np.array([*range(count + 1), 255], np.uint8), 20), (12, 1)),
            has=frozenset({"boxes", "mask"}),
            group=str(index),
        )

    def groups(self) -> list[str]:
        return ["0"]

    def content(self) -> Any:
        return [list(self.class_names), sorted(self.labelled_classes)]


def test_labels_follow_the_names() -> None:
    sample = RelabelledSource(Boxes(("dog", "cat", "hen")), ("cat", "dog")).sample(0)
    assert sample.labels.tolist() == [1, 0, OTHER_CLASS]
    np.testing.assert_array_equal(sample.boxes, BOXES)
    assert sample.unlabelled == frozenset()


def test_the_mask_follows_the_names() -> None:
    """Dogs, cats and hens stand side by side in the mask; hens were not asked for."""
    before = Boxes(("dog", "cat", "hen"))
    after = RelabelledSource(before, ("cat", "dog")).sample(0).mask
    np.testing.assert_array_equal(after, np.array([0, 2, 1, 0, *[0] * 251, 255], np.uint8)[before.sample(0).mask])
    mixed = MixedSource([(Boxes(("hen",)), 1.0), (before, 1.0)])
    assert {tuple(np.unique(mixed.sample(index).mask)) for index in range(2)} == {(0, 1, 255), (0, 1, 2, 3, 255)}
    assert mixed.class_names == ("hen", "dog", "cat")


def test_a_class_that_nobody_looked_for_is_unlabelled() -> None:
    source = RelabelledSource(Boxes(("dog",)), ("cat", "dog"))
    assert source.sample(0).unlabelled == {0}
    assert source.labelled_classes == source.labelled_classes_at(0) == {"dog"}


def test_a_label_of_no_class_stays_one() -> None:
    once = RelabelledSource(Boxes(("dog", "hen")), ("dog",))
    assert RelabelledSource(once, ("cat", "dog")).sample(0).labels.tolist() == [1, OTHER_CLASS]


def test_a_source_that_has_the_names_stays_itself() -> None:
    source = Boxes(("dog", "cat"))
    assert in_vocabulary(source, ("dog", "cat")) is source
    assert in_vocabulary(source, ()) is source
    assert in_vocabulary(Boxes(("dog", "cat"), labelled=("dog",)), ("dog", "cat")).sample(0).unlabelled == {1}


def test_mix_and_cache_keep_what_is_unlabelled(tmp_path: Path) -> None:
    parts = [RelabelledSource(Boxes(names), ("cat", "dog")) for names in (("dog", "hen"), ("cat", "dog"))]
    mixed = CachedSource(MixedSource([(part, 1.0) for part in parts]), 20, tmp_path)
    found = sorted((sample.labels.tolist(), sorted(sample.unlabelled)) for sample in map(mixed.sample, range(2)))
    assert found == [([0, 1], []), ([1, OTHER_CLASS], [0])]


def test_other_names_are_other_content() -> None:
    source = Boxes(("dog", "cat"))
    assert RelabelledSource(source, ("cat",)).fingerprint() != RelabelledSource(source, ("dog",)).fingerprint()


def test_a_class_that_is_known_to_be_absent_is_looked_for() -> None:
    source = RelabelledSource(Boxes(("page",)), ("cat", "dog"), absent=("cat", "dog"))
    sample = source.sample(0)
    assert sample.labels.tolist() == [OTHER_CLASS]
    assert sample.unlabelled == frozenset()
    assert source.labelled_classes == {"cat", "dog"}
    assert RelabelledSource(Boxes(("page",)), ("cat", "dog"), absent=("cat",)).sample(0).unlabelled == {1}
    assert source.fingerprint() != RelabelledSource(Boxes(("page",)), ("cat", "dog")).fingerprint()
