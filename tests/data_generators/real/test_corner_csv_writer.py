import json

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.real.corner_csv import CornerCsvSource
from data_generators.real.corner_csv_writer import CornerCsvWriter, write_corner_csv_set
from data_generators.sample import sample_with_corners
from data_generators.sources import Source

QUADS = np.array([[[0.8, 0.2], [0.81, 0.8], [0.2, 0.82], [0.2, 0.2]], [[0.5, 0.1], [1.3, 0.1], [1.2, 0.3], [0.5, 0.3]]])


class Scenes(Source):
    """Sample i has i % 3 objects; `kill_at` stops the process there."""

    class_names, labelled_classes, corner_order = ("invoice",), frozenset({"invoice"}), "object"

    def __init__(self, count=5, seed=0, kill_at=None, broken=None):
        self._count, self._seed, self._kill_at, self._broken = count, seed, kill_at, broken
        self.drawn = []

    def __len__(self):
        return self._count

    def sample(self, index):
        if index == self._kill_at:
            raise KeyboardInterrupt
        if index == self._broken:
            raise DataError(f"scene {index}", "broken.", "Mend it.")
        self.drawn.append(index)
        rng = np.random.default_rng([self._seed, index])
        image = rng.integers(0, 256, (40, 60, 3), np.uint8)
        quads = QUADS[: index % 3] + rng.uniform(-0.05, 0.05)
        return sample_with_corners(image, quads, group=f'page "{self._seed}-{index}", blue', origin=f"scene {index}")

    def groups(self):
        return [f'page "{self._seed}-{index}", blue' for index in range(self._count)]

    def content(self):
        return ["scenes", self._count, self._seed]


def assert_same(written, source):
    assert len(written) == len(source)
    for index in range(len(source)):
        one, other = written.sample(index), source.sample(index)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        assert (one.group, one.has) == (other.group, other.has)


def test_round_trip_is_exact(tmp_path):
    assert write_corner_csv_set(Scenes(), tmp_path / "set") == 5
    written = CornerCsvSource(tmp_path / "set")
    assert_same(written, Scenes())
    assert (written.class_names, written.corner_order) == (("invoice",), "object")


def test_jpeg_pictures(tmp_path):
    write_corner_csv_set(Scenes(2), tmp_path, quality=90)
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["000000.jpg", "000001.jpg"]


def test_several_splits_in_one_folder(tmp_path):
    write_corner_csv_set(Scenes(3, seed=1), tmp_path, split="train")
    write_corner_csv_set(Scenes(2, seed=2), tmp_path, split="val")
    assert_same(CornerCsvSource(tmp_path, "train"), Scenes(3, seed=1))
    assert_same(CornerCsvSource(tmp_path, "val"), Scenes(2, seed=2))


def test_progress_counts_up_to_the_total(tmp_path):
    seen = []
    write_corner_csv_set(Scenes(3), tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_goes_on_where_it_was_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_corner_csv_set(Scenes(kill_at=3), tmp_path)
    second = Scenes()
    assert write_corner_csv_set(second, tmp_path) == 2
    assert second.drawn == [3, 4]
    assert_same(CornerCsvSource(tmp_path), Scenes())


def test_nothing_is_left_to_do_the_second_time(tmp_path):
    write_corner_csv_set(Scenes(), tmp_path)
    before = (tmp_path / "corners.csv").read_bytes()
    assert write_corner_csv_set(Scenes(), tmp_path) == 0
    assert (tmp_path / "corners.csv").read_bytes() == before


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_a_cut_off_file_is_repaired_and_completed(tmp_path, cut):
    write_corner_csv_set(Scenes(), tmp_path)
    path = tmp_path / "corners.csv"
    data = path.read_bytes()
    shorter = data[: len(data) - cut]
    if shorter.endswith(b"\n"):  # a kill cannot end a write between the rows of one sample
        return
    path.write_bytes(shorter)
    write_corner_csv_set(Scenes(), tmp_path)
    assert sorted(path.read_bytes().splitlines()) == sorted(data.splitlines())


def test_a_cut_off_line_costs_its_own_sample_only(tmp_path):
    write_corner_csv_set(Scenes(), tmp_path)
    path = tmp_path / "corners.csv"
    path.write_bytes(path.read_bytes()[:-5])
    assert CornerCsvWriter(tmp_path).done == {0, 1, 2, 3}


def test_another_source_is_refused(tmp_path):
    write_corner_csv_set(Scenes(seed=1), tmp_path)
    with pytest.raises(DataError, match=r"generator\.json: split '' was begun with fingerprint '.*Give another folder"):
        write_corner_csv_set(Scenes(seed=2), tmp_path)
    with pytest.raises(DataError, match="begun with quality None, now it is 80"):
        write_corner_csv_set(Scenes(seed=1), tmp_path, quality=80)


def test_another_corner_order_is_refused_in_another_split_too(tmp_path):
    write_corner_csv_set(Scenes(), tmp_path, split="train")
    other = Scenes()
    other.corner_order = "image"
    with pytest.raises(DataError, match="begun with corner_order 'object', now it is 'image'"):
        write_corner_csv_set(other, tmp_path, split="val")


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"the folder is not empty. Give a new folder"):
        write_corner_csv_set(Scenes(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_of_other_columns_is_left_alone(tmp_path):
    (tmp_path / "corners.csv").write_text("image,tl_x\n")
    with pytest.raises(DataError, match=r"corners\.csv:1: expected the header image,split"):
        CornerCsvWriter(tmp_path)


def test_generator_json_says_what_was_drawn(tmp_path):
    write_corner_csv_set(Scenes(), tmp_path, split="train")
    made = json.loads((tmp_path / "generator.json").read_text())
    assert made["splits"]["train"]["content"] == ["scenes", 5, 0]
    assert made["splits"]["train"]["fingerprint"] == Scenes().fingerprint()


def test_several_classes_are_refused(tmp_path):
    source = Scenes()
    source.class_names = ("cat", "dog")
    with pytest.raises(DataError, match=r"holds one class. Received cat, dog. Write this source as LabelMe"):
        write_corner_csv_set(source, tmp_path)


def test_a_sample_that_cannot_be_read_raises_or_is_left_out(tmp_path, caplog):
    with pytest.raises(DataError, match="scene 2: broken"):
        write_corner_csv_set(Scenes(broken=2), tmp_path)
    source = Scenes(broken=2)
    source.on_error = "skip"
    assert write_corner_csv_set(source, tmp_path) == 2
    assert "Scenes: skipped 1 of 5 samples" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"has": frozenset()}, "four corners an object"),
        ({"keypoints": np.zeros((2, 3, 2), np.float32)}, r"four corners .* Received keypoints \(2, 3, 2\)"),
        ({"ignore": np.array([False, True])}, "no place for an object that is to be ignored. Write .* LabelMe"),
        ({"keypoints": np.full((2, 4, 2), np.nan, np.float32)}, "the corners are not all numbers"),
    ],
)
def test_labels_without_a_place_are_refused_by_origin(tmp_path, sample, changes, message):
    writer = CornerCsvWriter(tmp_path)
    with pytest.raises(DataError, match=f"test sample: .*{message}"):
        writer.append(0, sample.replace(**changes))
    assert not (tmp_path / "images").exists()


def test_a_split_is_a_plain_word(tmp_path):
    with pytest.raises(ValueError, match="`split` must be of letters"):
        CornerCsvWriter(tmp_path, split="../train")
