import logging
import os
import pickle
import resource
import subprocess
import sys
import time
from dataclasses import fields
from multiprocessing import parent_process
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_generators import cache
from data_generators.cache import CachedSource, default_cache_directory, shrink_sample
from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.corner_csv import CornerCsvSource
from data_generators.sample import Sample
from data_generators.sources import Source, SubsetSource
from tests.conftest import REPOSITORY

GIGABYTE = 1e9


class Noise(Source):
    """Noise, one box a picture; those in `broken` cannot be read, the file `pace` holds seconds to wait."""

    class_names, labelled_classes, corner_order = ("cat", "dog"), frozenset({"cat"}), "object"

    def __init__(self, count, seed=0, broken=(), on_error="raise", pace=None):
        self.count, self.seed, self.broken, self.on_error, self.pace = count, seed, broken, on_error, pace

    def __len__(self) -> int:
        return self.count

    def sample(self, index: int) -> Sample:
        if index in self.broken:
            raise DataError(f"{index}.jpg", "the JPEG is truncated.", "Copy it again.")
        if self.pace is not None:
            time.sleep(float(Path(self.pace).read_text()))
        rng = np.random.default_rng([self.seed, index])
        return Sample(
            image=rng.integers(0, 256, (30, 50, 3), np.uint8),
            boxes=rng.random((1, 4), np.float32),
            labels=np.array([index % 2], np.int64),
            ignore=np.zeros(1, bool),
            keypoints=np.zeros((1, 0, 2), np.float32),
            has=frozenset({"boxes"}),
            group=f"clip {index // 3}",
            origin=f"noise {index}",
        )

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return frozenset({"cat", "dog"}) if index % 2 else frozenset({"cat"})

    def groups(self) -> list[str]:
        return [f"clip {index // 3}" for index in range(self.count)]

    def content(self):
        return ["noise", self.count, self.seed]


class Listed(Noise):
    """The samples that it is given."""

    def __init__(self, *samples):
        super().__init__(len(samples))
        self.samples = samples

    def sample(self, index: int) -> Sample:
        return self.samples[index]


def assert_same(first: Sample, second: Sample):
    for field in fields(Sample):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=field.name)
            assert one.dtype == other.dtype, field.name
            assert one.shape == other.shape, field.name
        else:
            assert one == other, field.name


def finished(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if not path.name.startswith(".")}


def unfinished(directory: Path) -> list[Path]:
    return list(directory.glob(".making-*"))


def kinds_of_samples(sample: Sample) -> list[Sample]:
    mask = np.random.default_rng(0).integers(0, 3, sample.size_hw).astype(np.uint8)
    unknown = np.array(sample.keypoints)
    unknown[0, 1] = np.nan
    return [
        sample,
        sample.replace(keypoints=unknown, ignore=np.array([False, True])),
        sample.replace(keypoints=np.repeat(sample.keypoints, 2, axis=1)[:, :5]),
        sample.replace(keypoints=np.zeros((2, 0, 2), np.float32), has=frozenset({"boxes"})),
        sample.replace(mask=mask, has=frozenset({"mask"}), group="Prüfung 1", origin="folder/ä.png"),
        Sample(image=sample.image[:, :, :1], has=frozenset({"boxes", "keypoints"}), group="empty"),
        Sample(image=sample.image[:1, :1], keypoints=np.zeros((0, 4, 2), np.float32)),
    ]


@pytest.mark.parametrize("side_px", [60, 33])
def test_samples_come_back_as_they_were_shrunk(tmp_path, sample, side_px):
    samples = kinds_of_samples(sample)
    cached = CachedSource(Listed(*samples), side_px, tmp_path)
    assert len(cached) == len(samples)
    for index, expected in enumerate(samples):
        assert_same(cached.sample(index), shrink_sample(expected, side_px))
        assert cached.sample(index).group == cached.groups()[index] == expected.group


def test_what_a_source_says_of_itself_is_kept(tmp_path):
    cached = CachedSource(Noise(4), 60, tmp_path)
    assert (cached.class_names, cached.labelled_classes) == (("cat", "dog"), {"cat"})
    assert (cached.corner_order, cached.on_error) == ("object", "raise")
    assert [cached.labelled_classes_at(index) for index in range(2)] == [{"cat"}, {"cat", "dog"}]


def test_shrinking_keeps_labels_and_averages_the_picture(sample):
    mask = np.zeros(sample.size_hw, np.uint8)
    mask[:, 30:] = 255
    small = shrink_sample(sample.replace(mask=mask), 30)
    assert small.size_hw == (20, 30)
    np.testing.assert_array_equal(small.boxes, sample.boxes)
    np.testing.assert_array_equal(small.keypoints, sample.keypoints)
    np.testing.assert_array_equal(small.image, cv2.resize(sample.image, (30, 20), interpolation=cv2.INTER_AREA))
    assert (small.mask[:, :15] == 0).all()
    assert (small.mask[:, 15:] == 255).all()


def test_shrinking_keeps_one_channel_and_never_enlarges(sample):
    grey = sample.replace(image=sample.image[:, :, :1])
    assert shrink_sample(grey, 30).image.shape == (20, 30, 1)
    assert shrink_sample(grey, 60) is grey


def test_an_entry_is_made_once(tmp_path):
    calls = []
    for _ in range(2):
        CachedSource(Noise(5), 60, tmp_path, progress=lambda *done: calls.append(done))
    assert calls == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert len(finished(tmp_path)) == 1


def test_key_is_the_content_of_the_source_and_the_side(tmp_path):
    sources = [CachedSource(Noise(3, seed), side, tmp_path) for seed, side in ((0, 60), (0, 20), (1, 60))]
    assert len(finished(tmp_path)) == len({source.fingerprint() for source in sources}) == 3
    assert CachedSource(Noise(3), 60, tmp_path).fingerprint() == sources[0].fingerprint()


def test_key_changes_with_a_file(tmp_path):
    folder = tmp_path / "photos"
    write_image(folder / "images" / "a.png", np.zeros((40, 60, 3), np.uint8))
    header = "image,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y"
    (folder / "corners.csv").write_text(f"{header}\na.png,0.2,0.1,0.9,0.2,0.8,0.9,0.1,0.8\n")

    def first_pixel():
        return CachedSource(CornerCsvSource(folder), 60, tmp_path / "cache").sample(0).image[0, 0, 0]

    assert first_pixel() == 0
    write_image(folder / "images" / "a.png", np.full((40, 60, 3), 9, np.uint8))
    os.utime(folder / "images" / "a.png", ns=(1, 1))
    assert first_pixel() == 9


def test_a_pickled_cache_is_the_same(tmp_path):
    cached = CachedSource(Noise(3), 20, tmp_path)
    data = pickle.dumps(cached)
    assert len(data) < 4000
    assert_same(pickle.loads(data).sample(2), cached.sample(2))


def test_skip_drops_counts_and_remembers(tmp_path, caplog):
    for _ in range(2):  # made, then read back
        with caplog.at_level(logging.WARNING):
            cached = CachedSource(Noise(6, broken=(1, 4), on_error="skip"), 60, tmp_path)
        assert [cached.sample(index).origin for index in range(4)] == [f"noise {index}" for index in (0, 2, 3, 5)]
        assert cached.labelled_classes_at(1) == {"cat"}
        assert cached.labelled_classes_at(2) == {"cat", "dog"}
        assert "Noise: skipped 2 of 6 samples" in caplog.text
        caplog.clear()


def test_what_was_skipped_stops_whoever_wants_an_error(tmp_path):
    CachedSource(Noise(6, broken=(1, 4), on_error="skip"), 60, tmp_path)
    with pytest.raises(DataError, match=r"1\.jpg: the JPEG is truncated\. Copy it again\."):
        CachedSource(Noise(6, broken=(1, 4)), 60, tmp_path)


def test_raise_leaves_no_entry(tmp_path):
    with pytest.raises(DataError, match=r"3\.jpg: the JPEG is truncated"):
        CachedSource(Noise(6, broken=(3,)), 60, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "message"), [(2, "none of its 2 samples can be read"), (0, "it holds no samples")])
def test_nothing_to_cache(tmp_path, count, message):
    with pytest.raises(DataError, match=f"Noise: {message}"):
        CachedSource(Noise(count, broken=(0, 1), on_error="skip"), 60, tmp_path)
    assert not list(tmp_path.iterdir())


def test_cap_removes_what_was_unused_longest(tmp_path):
    entries = []
    for seed in range(3):
        before = finished(tmp_path) if seed else set()
        CachedSource(Noise(5, seed), 60, tmp_path)
        [name] = finished(tmp_path) - before
        entries.append(tmp_path / name)
        os.utime(entries[seed], (1000 + seed, 1000 + seed))
        for file in entries[seed].iterdir():
            os.utime(file, (1000, 1000))
    CachedSource(Noise(5, 0), 60, tmp_path)  # used again: no longer the oldest
    size = cache._size(entries[0])
    CachedSource(Noise(5, 3), 60, tmp_path, max_gigabytes=2.5 * size / GIGABYTE)
    assert [entry.exists() for entry in entries] == [True, False, False]
    CachedSource(Noise(5, 4), 60, tmp_path, max_gigabytes=1 / GIGABYTE)
    assert len(finished(tmp_path)) == 1, "the entry in use stays, whatever the cap"


def test_an_entry_that_is_not_whole_is_made_again(tmp_path):
    expected = CachedSource(Noise(3), 60, tmp_path).sample(2)
    [entry] = tmp_path.iterdir()
    for name, content in (("index.json", b"{"), ("arrays.bin", b""), ("arrays.bin", b"short")):
        (entry / name).write_bytes(content)
        assert_same(CachedSource(Noise(3), 60, tmp_path).sample(2), expected)


def test_samples_in_use_outlive_the_removal_of_their_entry(tmp_path):
    cached = CachedSource(Noise(3), 60, tmp_path)
    CachedSource(Noise(3, seed=1), 60, tmp_path, max_gigabytes=1 / GIGABYTE)
    assert_same(cached.sample(1), Noise(3).sample(1))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="counts mappings in /proc")
def test_an_entry_is_mapped_once_and_let_go(tmp_path):
    def mappings():
        return Path("/proc/self/maps").read_text().count(str(tmp_path))

    sources = [CachedSource(Noise(3), 60, tmp_path) for _ in range(3)]
    sources.append(pickle.loads(pickle.dumps(sources[0])))
    assert mappings() == 1
    assert_same(sources[3].sample(1), sources[0].sample(1))
    sources.clear()
    assert mappings() == 0


def test_a_full_disk_is_an_error_with_a_cure(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(
            DataError, match=r"the cache cannot be written \(File too large\)\. Make room.*DETECTOR_CACHE"
        ):
            CachedSource(Noise(50), 60, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_an_error_with_a_cure(tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(DataError, match=r"cache: the cache cannot be written .*set DETECTOR_CACHE"):
        CachedSource(Noise(2), 60, tmp_path / "cache")


def test_the_folder_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("DETECTOR_CACHE", "~/pictures")
    assert default_cache_directory() == Path.home() / "pictures"
    monkeypatch.delenv("DETECTOR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_cache_directory() == Path("/caches/detector")


MAKE = """
import sys
from pathlib import Path
from data_generators.cache import CachedSource
from tests.data_generators.test_cache import Noise
directory, pace, count, workers = sys.argv[1:]
if __name__ == "__main__":
    cached = CachedSource(Noise(int(count), pace=pace), 60, Path(directory), workers=int(workers))
    print(cached.sample(39).image.sum())
"""


def start_making(directory, pace, count=40, workers=1) -> subprocess.Popen:
    command = [sys.executable, "-c", MAKE, *map(str, (directory, pace, count, workers))]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"waited a minute for {what}"
        time.sleep(0.01)


def test_kill_in_the_middle_leaves_no_entry_and_two_makers_agree(tmp_path):
    folder, pace = tmp_path / "cache", tmp_path / "pace"
    pace.write_text("0.2")
    processes = [start_making(folder, pace) for _ in range(3)]
    wait_for(lambda: folder.exists() and len(unfinished(folder)) == 3, "three makers")
    processes[0].kill()
    processes[0].communicate()
    assert not finished(folder)
    pace.write_text("0")
    outputs = [process.communicate(timeout=60)[0] for process in processes[1:]]
    assert outputs == [f"{Noise(40).sample(39).image.sum()}\n"] * 2
    assert len(finished(folder)) == 1
    [left] = unfinished(folder)
    CachedSource(Noise(2), 60, folder)
    assert left.exists(), "somebody may still be writing to it"
    for path in (*left.iterdir(), left):
        os.utime(path, (1000, 1000))
    CachedSource(Noise(3), 60, folder)
    assert not left.exists()


def test_workers_change_nothing(tmp_path):
    source = Noise(count := 3 * 64 + 5, broken=(70,), on_error="skip")
    alone = CachedSource(source, 20, tmp_path / "one")
    calls = []
    shared = CachedSource(source, 20, tmp_path / "two", workers=2, progress=lambda done, _: calls.append(done))
    assert calls == list(range(1, count + 1))
    [one], [two] = (tmp_path / "one").iterdir(), (tmp_path / "two").iterdir()
    for name in ("index.json", "arrays.bin"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert len(alone) == len(shared) == count - 1


class Fatal(Noise):
    """Ends the worker process that asks for its last sample."""

    def sample(self, index: int) -> Sample:
        if parent_process() is not None and index == self.count - 1:
            os._exit(1)
        return super().sample(index)


def test_a_worker_that_dies_is_an_error_with_a_cure(tmp_path):
    with pytest.raises(RuntimeError, match=r"A worker process died while samples were drawn or decoded\. In a script,"):
        CachedSource(Fatal(3 * 64), 60, tmp_path, workers=2)
    assert not list(tmp_path.iterdir())


def children(process) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def is_running(pid) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes in /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path):
    (tmp_path / "pace").write_text("0.01")
    parent = start_making(tmp_path / "cache", tmp_path / "pace", count=20_000, workers=2)
    wait_for(lambda: (tmp_path / "cache").exists() and unfinished(tmp_path / "cache"), "the making to begin")
    wait_for(lambda: len(children(parent)) == 3, "two workers and the tracker of resources")
    workers = children(parent)
    parent.kill()
    parent.communicate()
    wait_for(lambda: not any(map(is_running, workers)), "the workers to end")


def test_a_subset_is_another_entry(tmp_path):
    CachedSource(Noise(4), 60, tmp_path)
    assert CachedSource(SubsetSource(Noise(4), [3, 1]), 60, tmp_path).sample(0).origin == "noise 3"
