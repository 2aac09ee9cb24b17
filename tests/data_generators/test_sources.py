import logging
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_generators.errors import DataError
from data_generators.geometry import quad_signed_area
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import (
    MixedSource,
    Source,
    SubsetSource,
    hash_code,
    hash_content,
    in_image_order,
    readable_samples,
)

TURNED = np.array([[[0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]], np.float32)  # a page lying on its side


class Numbered(Source):
    """Sample i is a picture full of i; the pictures in `broken` cannot be read."""

    def __init__(self, count, names=("document",), order="object", broken=(), name="numbered"):
        self.class_names, self.labelled_classes, self.corner_order = names, frozenset(names), order
        self._count, self._broken, self._name = count, broken, name

    def __len__(self) -> int:
        return self._count

    def sample(self, index: int) -> Sample:
        if index in self._broken:
            raise DataError(f"{index}.jpg", "truncated.", "Copy it again.")
        sample = sample_with_corners(np.full((4, 6, 3), index, np.uint8), TURNED, group=f"{index // 2}", origin="test")
        return sample.replace(labels=np.array([len(self.class_names) - 1], np.int64))

    def groups(self) -> list[str]:
        return [f"{index // 2}" for index in range(self._count)]

    def content(self):
        return [self._name, self._count]


def pixels(source):
    return [int(source.sample(index).image[0, 0, 0]) for index in range(len(source))]


def test_hash_does_not_depend_on_the_order_of_keys():
    assert hash_content({"a": 1, "b": 2}) == hash_content({"b": 2, "a": 1})
    assert hash_content({"a": 1}) != hash_content({"a": 2})


def test_subset_yields_its_indices_and_groups():
    subset = SubsetSource(Numbered(10), [7, 0, 3])
    assert pixels(subset) == [7, 0, 3]
    assert subset.groups() == ["3", "0", "1"]
    assert subset.corner_order == "object"


def test_another_subset_has_another_fingerprint():
    source = Numbered(10)
    assert SubsetSource(source, [1, 2]).fingerprint() != SubsetSource(source, [2, 1]).fingerprint()


def test_readable_samples_skips_and_counts(caplog):
    source = Numbered(4, broken=(1,))
    source.on_error = "skip"
    with caplog.at_level(logging.WARNING):
        assert [index for index, _ in readable_samples(source)] == [0, 2, 3]
    assert "Numbered: skipped 1 of 4 samples" in caplog.text


def test_readable_samples_raises_where_the_source_says_so():
    with pytest.raises(DataError, match=r"1\.jpg: truncated"):
        list(readable_samples(Numbered(4, broken=(1,))))


@given(st.integers(0, 99), st.integers(1, 60), st.floats(0.1, 10))
def test_mix_keeps_the_proportions(seed, length, weight):
    mix = MixedSource([(Numbered(3), weight), (Numbered(5, name="b"), 1.0)], seed, length)
    first = sum(part == 0 for part in mix._part)
    assert len(mix) == length
    assert abs(first - length * weight / (weight + 1)) <= 1


def test_mix_takes_every_sample_before_one_comes_again():
    mix = MixedSource([(Numbered(5), 1.0)], seed=3, length=12)
    counts = Counter(pixels(mix))
    assert set(counts) == set(range(5))
    assert max(counts.values()) - min(counts.values()) == 1
    assert sorted(pixels(mix)[:5]) == list(range(5))


def test_mix_is_a_function_of_its_seed():
    parts = [(Numbered(5), 1.0), (Numbered(9, name="b"), 2.0)]
    first, again, other = (MixedSource(parts, seed) for seed in (1, 1, 2))
    assert pixels(first) == pixels(again) != pixels(other)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_mix_is_as_long_as_its_parts_together():
    assert len(MixedSource([(Numbered(5), 1.0), (Numbered(9), 2.0)])) == 14


def test_mix_groups_are_those_of_its_samples():
    mix = MixedSource([(Numbered(5), 1.0), (Numbered(9), 2.0)], length=20)
    assert mix.groups() == [mix.sample(index).group for index in range(20)]


def test_mix_maps_classes_by_name():
    mix = MixedSource([(Numbered(4, ("cat", "dog")), 1.0), (Numbered(4, ("dog", "cat")), 1.0)], length=8)
    assert mix.class_names == ("cat", "dog")
    labels = {int(mix._part[index]): int(mix.sample(index).labels[0]) for index in range(8)}
    assert labels == {0: 1, 1: 0}
    assert mix.labelled_classes == {"cat", "dog"}


def test_mix_trusts_the_absence_only_of_what_every_part_labelled():
    mix = MixedSource([(Numbered(4, ("cat", "dog")), 1.0), (Numbered(4, ("cat", "mouse")), 1.0)], length=8)
    assert mix.class_names == ("cat", "dog", "mouse")
    assert mix.labelled_classes == {"cat"}
    for index in range(8):
        other = "mouse" if mix._part[index] else "dog"
        assert mix.labelled_classes_at(index) == {"cat", other}
        assert SubsetSource(mix, [index]).labelled_classes_at(0) == {"cat", other}


def test_object_order_becomes_image_order_beside_image_order():
    mix = MixedSource([(Numbered(4, order="object"), 1.0), (Numbered(4, order="image"), 1.0)], length=8)
    assert mix.corner_order == "image"
    for index in range(8):
        quad = mix.sample(index).keypoints[0]
        expected = TURNED[0] if mix._part[index] else np.roll(TURNED[0], 1, axis=0)
        np.testing.assert_array_equal(quad, expected)


def test_a_part_without_corners_goes_with_object_order():
    mix = MixedSource([(Numbered(4, order="object"), 1.0), (Numbered(4, order="none"), 1.0)])
    assert mix.corner_order == "object"
    np.testing.assert_array_equal(mix.sample(0).keypoints, TURNED)


def test_object_order_cannot_be_made_from_image_order():
    with pytest.raises(ValueError, match="own top left cannot be known"):
        MixedSource([(Numbered(4, order="image"), 1.0)], corner_order="object")


@pytest.mark.parametrize("weight", [0, -1, float("nan")])
def test_a_weight_must_be_positive(weight):
    with pytest.raises(ValueError, match=r"weight of part 0 \(Numbered\) must be greater than 0. Received"):
        MixedSource([(Numbered(4), weight)])


def test_an_empty_part_is_refused():
    with pytest.raises(ValueError, match=r"part 1 \(Numbered\) of the mix has no samples"):
        MixedSource([(Numbered(4), 1.0), (Numbered(0), 1.0)])


def test_a_mix_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        MixedSource([])


def test_image_order_of_an_object_with_an_unknown_corner_is_unknown(sample):
    keypoints = np.array(sample.keypoints)
    keypoints[0, 2] = np.nan
    keypoints[1] = np.roll(keypoints[1], 1, axis=0)
    ordered = in_image_order(sample.replace(keypoints=keypoints)).keypoints
    assert np.isnan(ordered[0]).all()
    np.testing.assert_array_equal(ordered[1], sample.keypoints[1])
    assert quad_signed_area(ordered[1]) > 0


def test_image_order_of_no_objects_is_empty(sample):
    empty = sample_with_corners(sample.image, np.zeros((0, 4, 2)), group="", origin="")
    assert in_image_order(empty).keypoints.shape == (0, 4, 2)


def test_image_order_is_for_four_corners_only(sample):
    with pytest.raises(ValueError, match=r"defined for four corners. Received keypoints \(2, 3, 2\)"):
        in_image_order(sample.replace(keypoints=sample.keypoints[:, :3]))


def test_hash_of_code_changes_with_each_file_of_a_folder(tmp_path):
    folder, module = tmp_path / "package", tmp_path / "module.py"
    folder.mkdir()
    hashes = set()
    for path in (module, folder / "a.py", folder / "b.py", folder / "a.py"):
        path.write_text(f"number = {len(hashes)}")
        module.touch()
        hash_code.cache_clear()
        hashes.add(hash_code(folder, module))
    (folder / "notes.txt").write_text("no code")
    hash_code.cache_clear()
    assert len(hashes) == 4 and hash_code(folder, module) in hashes
    hash_code.cache_clear()
