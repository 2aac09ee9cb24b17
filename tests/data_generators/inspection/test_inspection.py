"""The whole inspection: JSON data, plots and sheets, from memory and from files."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.images import read_image
from data_generators.inspection.inspection import inspect, inspect_sources
from data_generators.inspection.sheets import MOST_SUSPICIOUS, suspicious_sheet
from data_generators.inspection.suspicions import find_suspicions
from data_generators.inspection.tables import describe_duplicates, short_names, tabulate_counts
from data_generators.real.corner_csv_writer import CornerCsvWriter
from data_generators.sample import sample_with_corners
from data_generators.sources import Source
from tests.data_generators.inspection.made import Listed, boxed, draw_scene

SAME = [(0.1, 0.2, 0.5, 0.7), (0.1, 0.2, 0.5, 0.7)]


def two_splits() -> dict[str, Source]:
    train = [boxed(seed) for seed in range(6)] + [boxed(9, SAME), boxed(7, ())]
    return {"sets/train": Listed(train), "sets/val": Listed([boxed(1), boxed(20)])}


def write_pages(folder: Path) -> str:
    """A corner CSV folder with the splits train and val, which share a photo."""
    quad = np.array([[[0.2, 0.2], [0.8, 0.25], [0.75, 0.8], [0.2, 0.7]]], np.float32)
    for split, seeds in (("train", (1, 2)), ("val", (2, 3))):
        writer = CornerCsvWriter(folder, split)
        for index, seed in enumerate(seeds):
            group = f"{split} {seed}"
            writer.append(index, sample_with_corners(draw_scene(seed), quad, group=group, origin=group))
    return f"corners:{folder}"


def test_files_are_written_and_json_is_what_the_table_says(tmp_path: Path) -> None:
    inspection = inspect_sources(two_splits())
    files = inspection.write(tmp_path / "out")
    names = ["inspection.json", "inspection.png", "suspicious.png", "duplicates.png"]
    assert [path.name for path in files] == names
    data = json.loads(files[0].read_text())
    assert data == json.loads(json.dumps(inspection.to_json()))
    assert data["sources"]["sets/train"]["objects_by_class"] == {"cat": 7, "dog": 7}
    assert data["suspicions_by_kind"]["contradiction, certain"] == 1
    assert data["suspicions"][0]["origin"] == "scene-9.jpg"
    [pair] = data["duplicates"]["pairs"]
    assert pair["identical"] and pair["labels_agree"]
    assert [each["index"] for each in pair["pictures"]] == [1, 0]
    assert read_image(files[1]).shape == (900, 1500, 3)
    assert read_image(files[3]).shape[1] > 2 * 300


def test_sheets_of_an_earlier_inspection_do_not_stay(tmp_path: Path) -> None:
    inspect_sources(two_splits()).write(tmp_path)
    sound = Listed([boxed(seed) for seed in range(10)])
    assert [path.name for path in inspect_sources({"a": sound}).write(tmp_path)] == [
        "inspection.json",
        "inspection.png",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inspection.json", "inspection.png"]


def test_a_source_without_objects_is_plotted_too(tmp_path: Path) -> None:
    inspection = inspect_sources({"a": Listed([boxed(1, ()), boxed(2, ())])})
    assert len(inspection.write(tmp_path)) == 2
    assert "box side, px" not in tabulate_counts(inspection.counts)["a"]


def test_the_sheet_shows_every_kind_in_its_turn() -> None:
    tiny = [boxed(seed, [(0.5, 0.5, 0.507, 0.51)]) for seed in range(MOST_SUSPICIOUS)]
    source = Listed([*tiny, boxed(90, SAME)])
    inspection = inspect_sources({"a": source})
    sheet = suspicious_sheet([source], inspection.suspicions)
    assert sheet is not None and sheet.shape[0] == 10 * 324 + 4
    assert suspicious_sheet([source], find_suspicions(inspection.found)[:0]) is None


def test_splits_of_a_folder_are_compared_or_taken_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = write_pages(tmp_path)
    with caplog.at_level(logging.INFO):
        together, compared = inspect([source]), inspect([f"{source}#train", f"{source}#val"])
    [told] = [record.message for record in caplog.records if "taken together" in record.message]
    assert told.startswith(f"{source}: without #SPLIT")
    assert together.counts[source]["pictures"] == 4
    assert together.summarise_shared()["within"] == {source: 2}
    assert compared.summarise_shared()["across"][0]["pictures"] == [1, 1]


def test_drawn_scenes_have_no_splits_to_be_taken_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = tmp_path / "scenes.yaml"
    settings.write_text("count: 3\nsize_hw: [40, 56]\npages: 2\n")
    with caplog.at_level(logging.INFO):
        assert inspect([f"documents:{settings}"]).counts[f"documents:{settings}"]["pictures"] == 3
    assert "taken together" not in caplog.text


def test_a_source_named_twice_is_refused(tmp_path: Path) -> None:
    source = write_pages(tmp_path)
    with pytest.raises(DataError, match=r"the source is named twice\. Name each once"):
        inspect([source, source])


def test_the_table_is_short_and_duplicates_are_told_in_words() -> None:
    inspection = inspect_sources(two_splits())
    table = tabulate_counts(inspection.counts)
    assert list(table) == ["train", "val"]
    assert (table["train"]["pictures"], table["train"]["  cat"]) == (8, "7")
    assert table["val"]["objects a picture"] == "2 (2 to 2)"
    [line] = describe_duplicates(inspection.summarise_shared())
    assert line == "sets/val: 1 pictures have a near-duplicate in sets/train (1 there). Scores flatter."
    assert describe_duplicates({"within": {"a": 0}, "across": []}) == ["No near-duplicates."]
    assert short_names(["x:a/p", "x:b/p"]) == ["x:a/p", "x:b/p"]
