"""`detector convert`: from one format to another, with splits and options, and what is lost on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.inspection.tables import tabulate_counts
from data_generators.writers import WRITERS
from detector import api, cli
from detector.commands import data


@pytest.fixture
def trimaps(tmp_path: Path) -> str:
    """Twelve pictures of 40 x 60 pixels, every other one of a cat, the others of a dog."""
    trimap = np.full((40, 60, 1), 2, np.uint8)
    trimap[10:30, 15:45] = 1
    for number in range(12):
        name = f"{'Cat' if number % 2 else 'dog'}_{number}.png"
        write_image(tmp_path / "pets/images" / name, np.full((40, 60, 3), number, np.uint8))
        write_image(tmp_path / "pets/trimaps" / name, trimap)
    return f"trimaps:{tmp_path}/pets"


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["detector", "convert", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out + captured.err


def test_the_verb_writes_splits_and_says_what_is_lost(
    trimaps: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--split", "train", "--split", "val", "--set", 'classes={"[A-Z]*": cat, "*": dog}']
    code, text = run(capsys, monkeypatch, trimaps, "yolo", tmp_path / "new", *options)
    assert code == 0, text
    assert f"Read it as yolo:{tmp_path}/new#train yolo:{tmp_path}/new#val" in text
    assert "Lost: mask of 12 pictures: YOLO has none." in text
    parts = [open_source(f"yolo:{tmp_path}/new#{split}") for split in ("train", "val")]
    assert sum(map(len, parts)) == 12 and parts[0].class_names == ("cat", "dog")
    sample = parts[0].sample(0)
    np.testing.assert_allclose(sample.boxes, [[0.25, 0.25, 0.75, 0.75]], atol=1e-5)
    wanted = "cat" if Path(sample.origin).name.startswith("Cat") else "dog"
    assert parts[0].class_names[sample.labels[0]] == wanted


def test_outlines_that_are_read_as_boxes_are_counted_once(tmp_path: Path) -> None:
    for number, line in enumerate(("0 0.1 0.3 0.45 0.2 0.3 0.7", "0 0.2 0.2 0.5 0.2 0.5 0.6", "0 0.5 0.5 0.4 0.4")):
        split = "val" if number == 1 else "train"
        write_image(tmp_path / f"set/images/{split}/{number}.png", np.full((40, 60, 3), number, np.uint8))
        (tmp_path / f"set/labels/{split}").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"set/labels/{split}/{number}.txt").write_text(line)
    (tmp_path / "set/data.yaml").write_text("train: images/train\nval: images/val\nnames: [cat]\n")
    _, lost = api.convert(f"yolo:{tmp_path}/set", "coco", tmp_path / "new", ["train", "val"])
    assert lost == ["polygon of 2 objects: yolo is read as boxes alone."]
    assert api.convert(f"coco:{tmp_path}/new", "yolo", tmp_path / "again", ["train", "val"])[1] == []
    inspection = api.inspect([f"yolo:{tmp_path}/set#train"])
    [counts] = inspection.counts.values()
    assert counts["objects_read_as_boxes"] == {"polygon": 1}
    [rows] = tabulate_counts(inspection.counts).values()
    assert rows["objects read as boxes alone"] == "polygon 1"


def test_api_writes_a_source_without_splits(trimaps: str, tmp_path: Path) -> None:
    sources, lost = api.convert(f"{trimaps}#val", "coco", tmp_path / "new", class_name="pet")
    assert sources == [f"coco:{tmp_path}/new"] and not lost
    assert len(open_source(sources[0])) == len(open_source(f"{trimaps}#val"))
    assert open_source(sources[0]).class_names == ("pet",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("yoko", "new"), "yoko: this format is not written. Did you mean yolo?"),
        (("yolo", "pets"), "pets: the folder is not empty. Give a new folder"),
        (("yolo", "new", "--split", "test"), "there is no split 'test'. Splits there are: train, val"),
        (("yolo", "new", "--set", "class_nam=pet"), "Did you mean `class_name`?"),
        (("corners", "new"), "a corner CSV holds four corners an object"),
    ],
)
def test_errors_say_what_to_do(
    trimaps: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(capsys, monkeypatch, trimaps, *arguments)
    assert code == 1 and message in " ".join(text.split())


def test_a_split_of_the_source_goes_with_no_other(trimaps: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"names a split already\. Leave #val out, or name no other splits"):
        api.convert(f"{trimaps}#val", "yolo", tmp_path / "new", ["train"])


def test_the_help_names_every_format_that_is_written() -> None:
    text = str(data.convert.__annotations__["format_name"])
    assert all(name in text for name in WRITERS)
