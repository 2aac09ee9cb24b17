"""Folders of the user's pictures: order, orientation, and what a message says about a broken file."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.synthetic.picture_folder import PictureFolder, read_picture, split_names


def write_picture(path, size_wh=(60, 40), colour=(200, 30, 30), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh, colour).save(path, **options)
    return path


def test_pictures_in_order_of_their_names_with_folders_below(tmp_path):
    for name in ("b.png", "a.jpg", "sub/c.PNG"):
        write_picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    folder = PictureFolder(tmp_path, "templates")
    assert [folder.name(index) for index in range(len(folder))] == ["a.jpg", "b.png", "sub/c.PNG"]


def test_content_follows_size_and_time(tmp_path):
    path = write_picture(tmp_path / "a.png")
    folder = PictureFolder(tmp_path, "templates")
    before = folder.content()
    os.utime(path, ns=(0, 0))
    assert folder.content() != before


def test_missing_and_empty_folders_name_the_setting(tmp_path):
    with pytest.raises(DataError, match=r"`templates`: .*nowhere: expected a folder with pictures, .* is not there"):
        PictureFolder(tmp_path / "nowhere", "templates")
    with pytest.raises(DataError, match=r"`backgrounds`: .*expected pictures in this folder, found none. Put pictures"):
        PictureFolder(tmp_path, "backgrounds")


def test_hidden_files_do_not_count_and_home_is_found(tmp_path, monkeypatch):
    for name in ("a.jpg", "._a.jpg", ".trash/b.jpg"):
        write_picture(tmp_path / "scans" / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = PictureFolder(Path("~/scans"), "templates")
    assert [folder.name(index) for index in range(len(folder))] == ["a.jpg"]


def test_scan_of_16_bits_keeps_its_greys(tmp_path):
    Image.fromarray(np.full((5, 4), 77 * 256, np.uint16)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", 50).tolist() == [[[77] * 3] * 4] * 5


@pytest.mark.parametrize("count", [3, 4, 7, 30, 200])
def test_each_split_has_pictures_of_its_own(count):
    split_of = split_names([f"{number}.png" for number in range(count)])
    sizes = {split: list(split_of.values()).count(split) for split in ("train", "val", "test")}
    assert sum(sizes.values()) == count and min(sizes.values()) >= 1
    assert sizes["train"] == pytest.approx(0.8 * count, abs=max(1.5, 0.1 * count))


def test_a_picture_stays_in_its_split_when_others_come():
    names = [f"{number}.png" for number in range(300)]
    fewer = split_names(names[:200])
    assert fewer.items() <= split_names(names).items()


def test_folder_takes_the_pictures_of_its_split(tmp_path, caplog):
    for name in "abcdef":
        write_picture(tmp_path / f"{name}.png")
    with caplog.at_level(logging.WARNING):
        parts = [PictureFolder(tmp_path, "templates", split).paths for split in ("train", "val", "test")]
    assert sorted(path for part in parts for path in part) == PictureFolder(tmp_path, "templates").paths
    assert all(parts) and not caplog.text


def test_a_scan_or_two_serve_all_splits_with_a_warning(tmp_path, caplog):
    write_picture(tmp_path / "a.png")
    with caplog.at_level(logging.WARNING):
        assert len(PictureFolder(tmp_path, "templates", "val")) == 1
    assert "`templates`: " in caplog.text and "the splits train, val, test show the same pages" in caplog.text
    caplog.clear()
    PictureFolder(tmp_path, "templates")
    assert not caplog.text


def test_truncated_jpeg_is_named(tmp_path):
    path = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"cut.jpg: the JPEG is truncated"):
        read_picture(path, 200)
    path.write_text("no picture")
    with pytest.raises(DataError, match=r"cut.jpg: the file is not a picture"):
        read_picture(path, 200)


def test_exif_orientation_is_honoured(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_picture(write_picture(tmp_path / "a.jpg", (60, 40), exif=exif), 100).shape == (60, 40, 3)


def test_large_pictures_shrink_small_ones_stay(tmp_path):
    path = write_picture(tmp_path / "a.png", (400, 200))
    assert read_picture(path, 100).shape == (50, 100, 3)
    assert read_picture(path, 1000).shape == (200, 400, 3)


def test_transparent_is_white_and_grey_becomes_rgb(tmp_path):
    Image.new("RGBA", (5, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", 50).min() == 255
    Image.new("L", (5, 4), 77).save(tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png", 50).tolist() == [[[77] * 3] * 5] * 4
