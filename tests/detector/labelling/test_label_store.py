"""Labels on disk: what a person says is read back by both readers, and what others have written stays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from detector.labelling import label_store
from detector.labelling.label_file import NOTHING, Label
from detector.labelling.label_store import LabelConflictError, LabelStore
from detector.runs import WriteError
from tests.detector.labelling.conftest import SIZE_HW, draw_page

CUT_OFF = np.array([[-0.1, 0.2], [0.8, 0.25], [1.1, 0.9], [0.05, 0.7]])
HEADER = "image,split,group,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y,note\n"


def write(store: LabelStore, name: str, corners: np.ndarray, done: bool = True) -> None:
    store.write(name, Label(corners, done), SIZE_HW, store.read(name).stamp)


def shape(label: str, points: list[list[float]], **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": "polygon", "flags": {}, **more}


def write_json(folder: Path, name: str, shapes: list[dict[str, Any]], **more: Any) -> Path:
    height, width = SIZE_HW
    picture = {"imagePath": f"{name}.png", "imageData": None, "imageHeight": height, "imageWidth": width}
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"version": "5.5.0", "flags": {}, "shapes": shapes, **picture, **more}))
    return path


def test_both_readers_read_what_was_labelled(pictures: Path) -> None:
    store = LabelStore(pictures)
    write(store, "b.png", CUT_OFF)
    write(store, "c.png", NOTHING)
    for text in (f"corners:{pictures}", f"labelme:{pictures}"):
        source = open_source(text)
        samples = [source.sample(index) for index in range(len(source))]
        assert [Path(sample.origin).stem for sample in samples] == ["b", "c"]
        np.testing.assert_allclose(samples[0].keypoints[0], CUT_OFF, atol=1e-6)
        assert samples[1].keypoints.shape == (0, 4, 2) and "keypoints" in samples[1].has
        np.testing.assert_array_equal(samples[0].image, draw_page(1))


def test_pictures_in_a_folder_images_are_read_likewise(pictures: Path) -> None:
    (pictures / "images").mkdir()
    for path in pictures.glob("*.png"):
        path.rename(pictures / "images" / path.name)
    write(LabelStore(pictures), "a.png", CUT_OFF)
    assert json.loads((pictures / "a.json").read_text())["imagePath"] == "images/a.png"
    for text in (f"corners:{pictures}", f"labelme:{pictures}"):
        np.testing.assert_allclose(open_source(text).sample(0).keypoints[0], CUT_OFF, atol=1e-6)


def test_object_order_is_kept_by_both(pictures: Path) -> None:
    turned = np.roll(CUT_OFF, 1, axis=0)
    write(LabelStore(pictures, "object"), "a.png", turned)
    for text in (f"corners:{pictures}", f"labelme:{pictures}"):
        source = open_source(text, corner_order="object")
        np.testing.assert_allclose(source.sample(0).keypoints[0], turned, atol=1e-6)


def test_object_order_outlives_a_session_without_it(pictures: Path) -> None:
    turned = np.roll(CUT_OFF, 1, axis=0)
    write(LabelStore(pictures, "object"), "a.png", turned)
    write(LabelStore(pictures), "b.png", CUT_OFF)
    source = open_source(f"corners:{pictures}", corner_order="object")
    np.testing.assert_allclose(source.sample(0).keypoints[0], turned, atol=1e-6)


def test_the_order_is_that_of_the_folder(pictures: Path) -> None:
    assert LabelStore(pictures).order == "image"
    (pictures / "generator.json").write_text('{"corner_order": "object"}')
    assert LabelStore(pictures).order == "object"
    assert LabelStore(pictures, "image").order == "image"


def test_a_label_is_unfinished_until_it_is_accepted(pictures: Path) -> None:
    store = LabelStore(pictures)
    for done in (False, True):
        write(store, "a.png", CUT_OFF, done)
        label = LabelStore(pictures).read("a.png").label
        assert label is not None and label.done == done
    assert json.loads((pictures / "a.json").read_text())["flags"] == {}


def test_what_others_have_written_in_a_file_stays(pictures: Path) -> None:
    stamp_shape = shape("stamp", [[1, 1], [9, 1], [9, 9]], description="red")
    page = shape("page", [[10, 10], [200, 10], [200, 200], [10, 200]], group_id=7)
    path = write_json(
        pictures, "a", [stamp_shape, page], flags={"checked": True}, group="letter", mine=[1, 2], imageData="QUJD"
    )
    before = json.loads(path.read_text())
    write(LabelStore(pictures), "a.png", CUT_OFF, done=False)
    after = json.loads(path.read_text())
    points = after["shapes"][1].pop("points")
    np.testing.assert_allclose(points, CUT_OFF * [SIZE_HW[1], SIZE_HW[0]])
    assert after["flags"] == {"checked": True, "unfinished": True}
    del before["shapes"][1]["points"], before["flags"], after["flags"]
    assert after == before
    assert ",letter," in (pictures / "corners.csv").read_text()


def test_a_file_of_another_name_and_size_is_found_and_kept(pictures: Path) -> None:
    quad = [[10.0, 10], [150, 10], [150, 110], [10, 110]]
    path = write_json(pictures, "a", [shape("document", quad)], imageHeight=120, imageWidth=160)
    path = path.rename(pictures / "labels of a.json")
    store = LabelStore(pictures)
    label = store.read("a.png").label
    assert label is not None
    np.testing.assert_allclose(label.corners, np.array(quad) / [160, 120])
    write(store, "a.png", CUT_OFF)
    assert not (pictures / "a.json").exists()
    np.testing.assert_allclose(json.loads(path.read_text())["shapes"][0]["points"], CUT_OFF * [160, 120])


def test_rows_of_a_table_are_labels_and_stay_but_for_what_changed(pictures: Path) -> None:
    quad, other = "0.1,0.1,0.9,0.1,0.9,0.9,0.1,0.9", "0.2,0.2,0.3,0.2,0.3,0.3,0.2,0.3"
    rows = [f"gone.png,test,x,{quad},old", f"a.png,train,letter,{quad},bent", f"a.png,train,letter,{other},small"]
    (pictures / "corners.csv").write_text(HEADER + "\n".join([*rows, "b.png,train,,,,,,,,,,"]) + "\n")
    store = LabelStore(pictures)
    assert len(store.read("b.png").label.corners) == 0  # type: ignore[union-attr]
    assert store.read("c.png").label is None
    write(store, "a.png", CUT_OFF)
    document = json.loads((pictures / "a.json").read_text())
    assert document["group"] == "letter" and len(document["shapes"]) == 2
    header, gone, changed, small, empty = (pictures / "corners.csv").read_text().splitlines()
    assert header == "image,split,group,width,height,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y,note"
    assert gone == f"gone.png,test,x,,,{quad},old"
    assert changed.startswith("a.png,train,letter,320,240,-0.1") and changed.endswith(",bent")
    assert small.startswith("a.png,train,letter,320,240,0.2")
    assert empty == "b.png,train,,,,,,,,,,,,"


def test_a_label_taken_away_leaves_nothing(pictures: Path) -> None:
    store = LabelStore(pictures)
    write(store, "a.png", CUT_OFF)
    entry = store.write("a.png", None, SIZE_HW, store.read("a.png").stamp)
    assert entry.label is None
    assert sorted(path.name for path in pictures.iterdir()) == ["a.png", "b.png", "c.png"]


def test_a_label_that_changed_on_disk_is_not_written_over(pictures: Path) -> None:
    store = LabelStore(pictures)
    stamp = store.read("a.png").stamp
    path = write_json(pictures, "a", [])
    with pytest.raises(LabelConflictError, match=r"a\.json: the file has changed on disk .* Reload the page"):
        store.write("a.png", Label(CUT_OFF, True), SIZE_HW, stamp)
    assert json.loads(path.read_text())["shapes"] == []
    assert store.write("a.png", Label(NOTHING, True), SIZE_HW, stamp).label is not None  # it says the same


def test_what_cannot_be_learned_from_is_not_written(pictures: Path) -> None:
    store = LabelStore(pictures, "object")
    for message, corners in {
        r"a\.png: the quadrilateral crosses itself": CUT_OFF[[0, 2, 1, 3]],
        r"a\.png: the corners run counter-clockwise": CUT_OFF[::-1],
        r"within \[-1, 2\], got 2\.5": CUT_OFF * [2.5 / 1.1, 1],
    }.items():
        with pytest.raises(DataError, match=message):
            write(store, "a.png", corners)
    assert not list(pictures.glob("*.json"))


def test_no_document_beside_other_shapes_is_refused(pictures: Path) -> None:
    path = write_json(pictures, "a", [shape("stamp", [[1, 1], [9, 1], [9, 9]])])
    text = path.read_text()
    with pytest.raises(DataError, match=r"a\.json: cannot say `no document`: the file holds 1 other shape"):
        write(LabelStore(pictures), "a.png", NOTHING)
    assert path.read_text() == text


def test_files_that_cannot_be_used_are_told_of_at_their_picture_and_left_alone(pictures: Path) -> None:
    (pictures / "a.json").write_text("{")
    write_json(pictures, "b", [], imageHeight=320, imageWidth=240)
    store = LabelStore(pictures)
    with pytest.raises(DataError, match=r"a\.json: the file is not JSON"):
        write(store, "a.png", CUT_OFF)
    with pytest.raises(DataError, match=r"b\.json: labelled on a picture of 240 x 320 pixels, .* has 320 x 240"):
        write(store, "b.png", CUT_OFF)
    write(store, "c.png", CUT_OFF)
    assert (pictures / "a.json").read_text() == "{"


def test_pictures_of_one_stem_have_files_of_their_own(pictures: Path) -> None:
    (pictures / "b.png").rename(pictures / "a.jpg")
    store = LabelStore(pictures)
    write(store, "a.jpg", CUT_OFF)
    write(store, "a.png", NOTHING)
    assert sorted(path.name for path in pictures.glob("*.json")) == ["a.jpg.json", "a.png.json"]


def test_of_two_files_of_a_picture_the_one_that_readers_read_counts(pictures: Path) -> None:
    (pictures / "images").mkdir()
    (pictures / "c.png").rename(pictures / "images" / "z.png")
    for folder, image in ((pictures, "images/z.png"), (pictures / "images", "z.png")):
        write_json(folder, "z", [shape("document", [[10, 10], [90, 10], [90, 90], [10, 90]])], imagePath=image)
    write(LabelStore(pictures), "z.png", CUT_OFF)
    np.testing.assert_allclose(open_source(f"labelme:{pictures}").sample(0).keypoints[0], CUT_OFF, atol=1e-6)


def test_a_failed_write_can_be_repeated(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, label = LabelStore(pictures), Label(CUT_OFF, True)
    stamp = store.read("a.png").stamp
    with monkeypatch.context() as patch:
        patch.setattr(
            label_store.CornerTable, "write", lambda *_: (_ for _ in ()).throw(WriteError(pictures, OSError()))
        )
        with pytest.raises(WriteError):
            store.write("a.png", label, SIZE_HW, stamp)
    store.write("a.png", label, SIZE_HW, stamp)
    assert len(open_source(f"corners:{pictures}")) == 1


def test_a_folder_without_pictures_or_with_another_table_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected pictures in this folder, found none"):
        LabelStore(tmp_path)
    (pictures / "corners.csv").write_text("name,x\n")
    with pytest.raises(DataError, match=r"corners\.csv:1: missing columns"):
        LabelStore(pictures)


@pytest.mark.parametrize(("name", "shown"), [(b" a.png", "' a.png'"), (b"caf\xe9.png", r"'caf\\udce9.png'")])
def test_a_name_that_the_table_cannot_hold_is_refused(pictures: Path, name: bytes, shown: str) -> None:
    """A space in front would be stripped at the next reading, and the row written once more each time."""
    try:
        (pictures / "a.png").rename(pictures / os.fsdecode(name))
    except OSError:
        pytest.skip("the file system takes names in UTF-8 alone")
    with pytest.raises(DataError, match=f"the picture {shown} has a name that corners.csv cannot hold.*Rename it"):
        LabelStore(pictures)
