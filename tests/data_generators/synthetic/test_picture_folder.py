"""Folders of the user's pictures: order, orientation, and what a message says about a broken file."""

import os

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.synthetic.picture_folder import PictureFolder, read_picture


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
    with pytest.raises(DataError, match=r"nowhere: `templates` must be a folder of pictures; there is none. Check"):
        PictureFolder(tmp_path / "nowhere", "templates")
    with pytest.raises(DataError, match=r"`backgrounds` must hold pictures .* Put at least one there"):
        PictureFolder(tmp_path, "backgrounds")


def test_truncated_jpeg_is_named(tmp_path):
    path = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"cut.jpg: the picture cannot be read .* Replace the file"):
        read_picture(path, 200)
    path.write_text("no picture")
    with pytest.raises(DataError, match=r"cut.jpg: the picture cannot be read"):
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
