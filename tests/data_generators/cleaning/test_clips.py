"""Clips of masks on disk: found, cleaned, written with palette and mode as they were, and reported."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_generators.cleaning.clips import clean_folder
from data_generators.cleaning.mask_files import find_mask_clips, read_mask_values
from data_generators.cleaning.settings import CleaningSettings
from data_generators.errors import DataError
from data_generators.images import read_image

PALETTE = [0, 0, 0, 200, 30, 40, 10, 220, 50] + [7] * (256 - 3) * 3
FRAMES = 6


def painted(index: int) -> np.ndarray:
    """Two objects, 1 and 2, that walk; but for the frame 2 each has a false region, those of 1 as large as itself."""
    mask = np.zeros((48, 80), np.uint8)
    mask[10:26, 5 + 2 * index : 25 + 2 * index] = 1
    mask[30:44, 50 - index : 62 - index] = 2
    if index != 2:
        mask[0:8, 40:80], mask[45:48, 0:9] = 1, 2
    return mask


def write_mask(path: Path, mask: np.ndarray, mode: str = "P") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(mask)
    picture.putpalette(PALETTE)
    (picture if mode == "P" else picture.convert(mode)).save(path)


def write_clip(folder: Path, mode: str = "P") -> Path:
    for index in range(FRAMES):
        write_mask(folder / f"frame_{index + 7}.png", painted(index), mode)
    return folder


def is_clean(folder: Path) -> bool:
    values = [read_mask_values(folder / f"frame_{index + 7}.png") for index in range(FRAMES)]
    return all(
        (each[:8, 40:] == 0).all() and (each[45:, :9] == 0).all() and len(np.unique(each)) == 3 for each in values
    )


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "RGBA"])
def test_a_folder_of_masks_is_cleaned_and_keeps_mode_and_palette(tmp_path: Path, mode: str) -> None:
    source = write_clip(tmp_path / "clip", mode)
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    folder, [report] = clean_folder(source, ["9"], tmp_path / "out")
    assert folder == tmp_path / "out"
    assert is_clean(folder)
    assert before == {path.name: path.read_bytes() for path in source.iterdir()}
    assert (folder / "frame_9.png").read_bytes() == before["frame_9.png"]
    with Image.open(folder / "frame_7.png") as picture:
        assert picture.mode == mode
        assert mode != "P" or picture.getpalette()[:9] == PALETTE[:9]
        assert mode != "RGBA" or (np.asarray(picture)[..., 3] == 255).all()
    assert report["summary"]["frames_changed"] == FRAMES - 1


def test_the_report_says_what_was_dropped_and_the_sheet_shows_it_in_red(tmp_path: Path) -> None:
    folder, [report] = clean_folder(write_clip(tmp_path / "clip"), ["frame_9"], tmp_path / "out")
    assert json.loads((folder / "cleaning" / "report.json").read_text()) == {"clips": [report]}
    first = report["frames"][0]
    assert first["frame"] == "frame_7"
    assert first["objects"][0] == {
        **{"value": 1, "state": "seen", "regions_kept": 1, "regions_dropped": 1, "regions_cut": 0},
        **{"pixels_kept": 16 * 20, "pixels_dropped": 8 * 40},
    }
    assert report["summary"]["pixels_dropped"] == (FRAMES - 1) * (8 * 40 + 3 * 9)
    assert report["summary"]["hidden"] == report["summary"]["lost"] == {}
    sheet = read_image(folder / "cleaning" / "clip.jpg").astype(int)
    red = (sheet[..., 0] > 120) & (sheet[..., 1] < 90)
    green = (sheet[..., 1] > 100) & (sheet[..., 0] < 90)
    assert red.sum() > 5000 and green.sum() > 5000


def test_davis_layout_keeps_its_places_and_uses_its_pictures(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("cat", "dog"):
        write_clip(root / "DAVIS" / "Annotations" / "480p" / name)
        images = root / "DAVIS" / "JPEGImages" / "480p" / name
        images.mkdir(parents=True)
        for index in range(FRAMES - 1):
            Image.new("RGB", (80, 48), (90, 80, 70)).save(images / f"frame_{index + 7}.jpg")
    for given in (root, root / "DAVIS", f"davis:{root}"):
        _, clips = find_mask_clips(given)
        assert [clip.name for clip in clips] == ["cat", "dog"]
        assert clips[1].images[0] == root / "DAVIS" / "JPEGImages" / "480p" / "dog" / "frame_7.jpg"
        assert clips[1].images[-1] is None
    folder, reports = clean_folder(root / "DAVIS", ["9"], tmp_path / "out")
    assert [report["clip"] for report in reports] == ["cat", "dog"]
    assert is_clean(folder / "Annotations" / "480p" / "dog")


def test_masks_beside_images(tmp_path: Path) -> None:
    write_clip(tmp_path / "walk" / "labels")
    (tmp_path / "walk" / "images").mkdir()
    Image.new("RGB", (80, 48)).save(tmp_path / "walk" / "images" / "frame_8.jpg")
    _, [clip] = find_mask_clips(tmp_path / "walk")
    assert (clip.name, clip.folder) == ("walk", Path("labels"))
    assert [path is not None for path in clip.images] == [False, True, *[False] * 4]
    assert [path.stem for path in clip.masks][-2:] == ["frame_11", "frame_12"]


def test_a_folder_of_clips_with_masks_beside_images(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("cat", "dog"):
        write_clip(root / name / "masks")
        (root / name / "images").mkdir()
        Image.new("RGB", (80, 48)).save(root / name / "images" / "frame_8.jpg")
    _, clips = find_mask_clips(root)
    assert [(clip.name, clip.folder) for clip in clips] == [("cat", Path("cat/masks")), ("dog", Path("dog/masks"))]
    assert clips[1].images[1] == root / "dog" / "images" / "frame_8.jpg"
    folder, reports = clean_folder(root, ["9"], tmp_path / "out")
    assert [report["clip"] for report in reports] == ["cat", "dog"]
    assert is_clean(folder / "cat" / "masks") and is_clean(folder / "dog" / "masks")
    assert sorted(path.name for path in (folder / "cleaning").iterdir()) == ["cat.jpg", "dog.jpg", "report.json"]


def test_in_place_keeps_what_was_there(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    folder, _ = clean_folder(source, ["9"], None)
    assert folder == tmp_path / "clip-before-cleaning"
    assert is_clean(source)
    assert before == {path.name: path.read_bytes() for path in folder.glob("*.png")}
    with pytest.raises(DataError, match="the folder is not empty"):
        clean_folder(source, ["9"], None)


def test_values_that_are_left_and_values_that_nobody_corrected(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(tmp_path / "clip")
    extra = painted(0)
    extra[20:30, 70:80] = 3
    write_mask(source / "frame_7.png", extra)
    with caplog.at_level(logging.WARNING):
        folder, _ = clean_folder(source, ["9"], tmp_path / "a")
    assert "value 3 is in no corrected frame, so all of it is dropped." in caplog.text
    assert 3 not in read_mask_values(folder / "frame_7.png")
    folder, _ = clean_folder(source, ["9"], tmp_path / "b", settings=CleaningSettings(leave=(3,)))
    assert (read_mask_values(folder / "frame_7.png") == 3).sum() == 100


@pytest.mark.parametrize(("mode", "left"), [("P", True), ("L", False)])
def test_what_a_palette_mask_ignores_is_left(tmp_path: Path, mode: str, left: bool) -> None:
    source = write_clip(tmp_path / "clip")
    ignoring = painted(0)
    ignoring[20:30, 70:80] = 255
    picture = Image.fromarray(ignoring)  # grey
    if mode == "P":
        picture.putpalette(PALETTE)
    picture.save(source / "frame_7.png")
    folder, _ = clean_folder(source, ["9"], tmp_path / "out")
    assert (read_mask_values(folder / "frame_7.png") == 255).sum() == (100 if left else 0)


def test_what_cannot_be_used_is_named_with_a_cure(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip")
    with pytest.raises(
        DataError, match=r"corrected frame '30': there is no such mask. Name one of frame_7 to frame_12"
    ):
        clean_folder(source, ["30"], tmp_path / "out")
    with pytest.raises(DataError, match="no corrected frame was named"):
        clean_folder(source, [], tmp_path / "out")
    with pytest.raises(DataError, match="the folder is not empty"):
        clean_folder(source, ["9"], source)
    write_mask(source / "frame_8.png", painted(0)[:40])
    with pytest.raises(DataError, match=r"frame_8.png: expected 80 x 48 pixels, as frame_7.png has, got 80 x 40"):
        clean_folder(source, ["9"], tmp_path / "out")
    Image.fromarray(np.arange(48 * 80).reshape(48, 80).astype(np.uint8)).save(source / "frame_8.png")
    with pytest.raises(DataError, match=r"frame_8.png: expected a mask with a value or colour a class, got 256"):
        clean_folder(source, ["9"], tmp_path / "out")
    (source / "frame_8.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"frame_8.png: the mask cannot be read"):
        clean_folder(source, ["9"], tmp_path / "out")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="expected masks, found none"):
        clean_folder(tmp_path / "none", ["9"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
