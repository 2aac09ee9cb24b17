"""Asking a model: what it says of all looks becomes a label, goes on after a stop, and comes back as a source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.real.pseudo_file import mask_path
from data_generators.settings import SettingsError
from data_generators.transform.input_spec import fit_sample
from detector import api
from detector.commands.pseudo_labels import pseudo_label
from detector.looks import Looks
from detector.pseudo_labels.asking import LabelModel, label_pictures
from detector.pseudo_labels.queue import LabelQueue
from detector.runs import RunError
from tests.detector.fake import FakeRuntime
from tests.detector.pseudo_labels.bright import BOXES_PX, PHOTO_HW, BrightRuntime, bright_model, write_photos
from tests.detector.tiny import QUAD

SIZE_WH = np.array([PHOTO_HW[1], PHOTO_HW[0]] * 2)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "photos")


def test_masks_come_back_as_a_source_and_are_learned_from(photos: Path, tmp_path: Path) -> None:
    model = bright_model(tmp_path)
    queue = label_pictures(model, photos, tmp_path / "out")
    assert model.tta == ("mirror", "smaller", "larger")
    assert queue.worst_first()[0].image == "clip/one.png"  # grey as the threshold
    for name in ("both.png", "none.png"):
        queue.mark(name, "accepted")
    queue.mark("clip/one.png", "rejected")
    source = open_source(f"pseudo:{tmp_path / 'out'}")
    assert source.class_names == ("object",) and sorted(source.groups()) == ["both", "none"]
    both = source.sample(source.groups().index("both"))
    around = np.concatenate([np.min(BOXES_PX, axis=0)[:2], np.max(BOXES_PX, axis=0)[2:]])
    np.testing.assert_allclose(both.boxes[0] * SIZE_WH, around, atol=2.1)  # a place of the raster is 3 pixels wide
    truth = both.image[..., 0] > 128
    assert (truth == (both.mask == 1)).mean() > 0.95 and both.has == {"boxes", "mask"}
    frames = [fit_sample(source.sample(index), model.codec.spec) for index in range(2)]
    targets, weights = model.codec.encode(frames)
    assert weights["mask_logits"].tolist() == [1, 1]
    assert sorted(target.any() for target in targets["mask_logits"]) == [False, True]


def test_another_call_goes_on_where_the_last_one_stopped(photos: Path, tmp_path: Path) -> None:
    model, asked = bright_model(tmp_path), list[str]()

    def stop(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_pictures(model, photos, tmp_path / "out", progress=stop)
    queue = LabelQueue.read(tmp_path / "out")
    assert len(queue) == 2
    queue.mark("both.png", "accepted")
    original = model.label
    model.label = lambda image, name: asked.append(name) or original(image, name)  # type: ignore[method-assign,func-returns-value]
    again = label_pictures(model, photos, tmp_path / "out")
    assert len(again) == 3 and len(asked) == 1
    assert again.label("both.png").state == "accepted"


@pytest.mark.parametrize("place", ["pseudo", "clip/pseudo", "."])
def test_its_own_masks_are_not_asked_about(photos: Path, tmp_path: Path, place: str) -> None:
    model = bright_model(tmp_path)
    names = {label.image for label in label_pictures(model, photos, photos / place).worst_first()}
    assert names == {"both.png", "none.png", "clip/one.png"}
    again = label_pictures(model, photos, photos / place)
    assert {label.image for label in again.worst_first()} == names
    with pytest.raises(DataError, match=r"masks: expected pictures beside those in .*, found none"):
        label_pictures(model, photos / place / "masks", photos / place)


def test_another_model_asks_anew_about_what_is_not_accepted(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    queue = label_pictures(bright_model(tmp_path), photos, out)
    queue.mark("both.png", "accepted")
    queue.mark("none.png", "rejected")
    mask = mask_path(out, "both.png").stat().st_mtime_ns
    other = bright_model(tmp_path)
    (tmp_path / "bright.model").write_text("brighter")
    with pytest.raises(RunError, match=r"queue\.json was begun with model_hash '\w+', now '\w+'\. .* or --anew:"):
        label_pictures(other, photos, out)
    states = {label.image: label.state for label in label_pictures(other, photos, out, anew=True).worst_first()}
    assert states == {"both.png": "accepted", "none.png": "open", "clip/one.png": "open"}
    assert mask_path(out, "both.png").stat().st_mtime_ns == mask
    with pytest.raises(RunError, match=r"images '\.\./photos', now '\.\./photos/clip'\. Give another --out\.$"):
        label_pictures(other, photos / "clip", out, anew=True)


def test_corners_are_in_image_order_and_mirrors_are_for_those_alone() -> None:
    turned = np.roll(QUAD, 1, axis=0)
    runtime = FakeRuntime(turned, fit="stretch", heads={"corners": {"method": "dense", "loss": "mae"}, "presence": {}})
    model = LabelModel(runtime, looks=Looks(tta=("smaller",)))
    label, mask = model.label(np.zeros((40, 60, 3), np.uint8), "a.png")
    assert model.class_names == ("document",) and not mask.size
    np.testing.assert_allclose(label.keypoints[0][0], QUAD[0], atol=0.1)
    assert 0 < label.disagreement < 1 and label.says == "found, presence 0.99"  # it sees the same in a smaller picture
    heads = {"corners": {"method": "dense", "loss": "mae", "order": "object"}}
    assert LabelModel(FakeRuntime(QUAD, heads=heads)).tta == ("smaller", "larger")
    with pytest.raises(SettingsError, match="The look `mirror` is not for the head `corners`"):
        LabelModel(FakeRuntime(QUAD, heads=heads), looks=Looks(tta=("mirror",)))


def test_the_shipped_cats_label_boxes(photos: Path, tmp_path: Path) -> None:
    queue = api.pseudo_label("cats", photos, tmp_path / "out", looks=Looks(tta=("mirror",)))
    assert queue.header.kind == "boxes" and queue.header.class_names == ("cat", "dog") and len(queue) == 3
    for label in queue.worst_first():
        queue.mark(label.image, "accepted")
    sample = open_source(f"pseudo:{tmp_path / 'out'}").sample(0)
    assert sample.has == {"boxes"} and sample.keypoints.shape == (len(sample.boxes), 0, 2)


def test_the_head_is_named_where_there_are_several() -> None:
    heads = {"box": {}, "corners": {"method": "dense", "loss": "mae"}}
    with pytest.raises(
        RunError, match=r"The model has box, corners, asked for was one of them\. Name one with --head:"
    ):
        LabelModel(FakeRuntime(QUAD, heads=heads))
    assert LabelModel(FakeRuntime(QUAD, heads=heads), "corners").kind == "corners"
    with pytest.raises(RunError, match=r"The model has presence, asked for was `mask`\. Give another model"):
        LabelModel(FakeRuntime(QUAD, heads={"presence": {}}), "mask")


def test_a_picture_that_cannot_be_read_stops_or_is_left_out(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    model = bright_model(tmp_path)
    with pytest.raises(DataError, match=r"broken\.png: the file is not a picture"):
        label_pictures(model, photos, tmp_path / "out")
    assert len(label_pictures(model, photos, tmp_path / "out", on_error="skip")) == 3


def test_tiles_disagree_as_the_worst_of_them(tmp_path: Path) -> None:
    runtime = BrightRuntime(tmp_path / "model")
    whole, _ = LabelModel(runtime).label(_half_sure(), "a.png")
    looks = Looks.parse({"tiles": {"rows": 1, "columns": 2, "overlap": 0.0, "whole": False}}, "looks")
    tiled, mask = LabelModel(runtime, looks=looks).label(_half_sure(), "a.png")
    assert tiled.disagreement > whole.disagreement and mask.shape == (32, 96)


def _half_sure() -> np.ndarray:
    """uint8 (32, 96, 3): a clear thing on the left; on the right stripes that a larger look sees otherwise."""
    image = np.full((32, 96, 3), 30, np.uint8)
    image[4:28, 4:44] = 220
    image[8:24, 60:84:2] = 140
    return image


def test_the_verb_says_what_to_do_next(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = BrightRuntime(tmp_path / "bright.model")
    monkeypatch.setattr("detector.runtime.load_runtime", lambda _: runtime)
    pseudo_label("bright", photos, tmp_path / "out", page=False)
    printed = capsys.readouterr().out
    assert f"Labelled 3 pictures with mask, worst first: {tmp_path / 'out'}" in printed
    assert f"detector label {tmp_path / 'out'}" in printed
