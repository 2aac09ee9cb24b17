"""Answers written for a person: predictions.json, overlays, straightened documents, fields, masks."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_generators.drawing import CLASS_COLOURS
from data_generators.errors import DataError
from data_generators.forms import box_quad, write_form
from data_generators.geometry import UNIT_QUAD, apply_homography, from_pixels, homography_between, pixel_homography
from data_generators.images import read_image, write_image
from data_generators.preview import write_png
from data_generators.real.index_picture import read_index_picture
from detector.answers import rectify_quad, write_answers
from detector.pictures import caption
from detector.prediction import predict
from detector.runs import RunError
from detector.runtime import Outputs
from tests.detector.fake import FakeRuntime
from tests.detector.forms.made import FIELDS, draw_form, photograph
from tests.detector.forms.made import QUAD as FORM_QUAD
from tests.detector.tiny import QUAD, noise

SCENE_HW = (120, 160)
PAGE_QUAD = np.array([[0.2, 0.1], [0.85, 0.2], [0.8, 0.9], [0.1, 0.8]])


def smooth_page(size_hw: tuple[int, int]) -> np.ndarray:
    """A page that loses little by resampling, uint8 (h, w, 3), with a dark corner at the top left."""
    coarse = np.random.default_rng(4).integers(60, 255, (4, 5, 3), np.uint8)
    coarse[0, 0] = 0
    return cv2.resize(coarse, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_CUBIC)


def scene_with(page_image: np.ndarray, quad: np.ndarray) -> np.ndarray:
    matrix = pixel_homography(homography_between(UNIT_QUAD, quad), page_image.shape[:2], SCENE_HW)
    return cv2.warpPerspective(page_image, matrix, (SCENE_HW[1], SCENE_HW[0]), borderMode=cv2.BORDER_REPLICATE)


def test_rectifying_gives_the_page_back() -> None:
    original = smooth_page((90, 110))
    straight = rectify_quad(scene_with(original, PAGE_QUAD), PAGE_QUAD)
    sides = np.linalg.norm(np.roll(PAGE_QUAD, -1, axis=0) * [160, 120] - PAGE_QUAD * [160, 120], axis=1)
    assert straight.shape == (round((sides[1] + sides[3]) / 2), round((sides[0] + sides[2]) / 2), 3)
    expected = cv2.resize(original, (straight.shape[1], straight.shape[0]))
    assert np.abs(straight.astype(int) - expected).mean() < 2


def test_the_first_corner_becomes_the_top_left() -> None:
    original = smooth_page((90, 110))
    straight = rectify_quad(scene_with(original, PAGE_QUAD), np.roll(PAGE_QUAD, -1, axis=0))
    assert straight[-1, 0].sum() < straight[0, 0].sum(), "turned by a quarter, the dark corner is at the bottom left"


def test_the_whole_frame_is_rectified_to_itself() -> None:
    image = noise(1, (30, 40))[0]
    np.testing.assert_array_equal(rectify_quad(image, UNIT_QUAD), image)
    assert rectify_quad(image[:, :, :1], UNIT_QUAD).shape == (30, 40, 1)


def test_a_crop_is_cut_to_the_pixel() -> None:
    image = noise(1, (30, 40))[0]
    corners_px = np.array([[4, 6], [20, 6], [20, 16], [4, 16]]) - 0.5
    np.testing.assert_array_equal(rectify_quad(image, from_pixels(corners_px, (30, 40))), image[6:16, 4:20])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("one/page.png", "two/page.png", "two/page-2.png"):
        write_png(tmp_path / name, scene_with(smooth_page((90, 110)), PAGE_QUAD))
    return tmp_path


def runtime(points: np.ndarray = PAGE_QUAD, logit: float = 5.0) -> FakeRuntime:
    return FakeRuntime(points, logit, fit="stretch")


def test_answers_are_written(photos: Path) -> None:
    count = write_answers(runtime(), [str(photos / "one"), str(photos / "two")], photos / "out", rectify=True)
    assert count == 3
    rows = json.loads((photos / "out/predictions.json").read_text())
    assert [Path(row["file"]).parent.name for row in rows] == ["one", "two", "two"]
    written = {path.stem for path in (photos / "out").glob("*.png")}
    overlays = {name for name in written if not name.endswith("-rectified")}
    assert len(overlays) == 3
    assert written == overlays | {f"{name}-rectified" for name in overlays}
    assert (
        read_image(photos / "out/page-rectified.png").shape
        == rectify_quad(np.zeros((120, 160, 3), np.uint8), PAGE_QUAD).shape
    )


def test_an_overlay_shows_the_quad_and_nothing_where_there_is_none(photos: Path) -> None:
    inputs = [str(photos / "one/page.png")]
    write_answers(runtime(), inputs, photos / "yes")
    write_answers(runtime(logit=-5), inputs, photos / "no", rectify=True)
    yes, no = (read_image(photos / which / "page.png").astype(int) for which in ("yes", "no"))
    assert yes.shape == no.shape
    assert 100 < np.any(yes != no, axis=-1).sum() < 0.3 * yes.shape[0] * yes.shape[1]
    assert not (photos / "no/page-rectified.png").exists()


def test_a_broken_picture_takes_nothing_from_the_answers_before(photos: Path) -> None:
    write_answers(runtime(), [str(photos / "one")], photos / "out")
    before = (photos / "out/predictions.json").read_bytes()
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        write_answers(runtime(), [str(photos / "broken.jpg")], photos / "out")
    assert (photos / "out/predictions.json").read_bytes() == before
    with pytest.raises(DataError, match=r"broken\.jpg"):
        write_answers(runtime(), [str(photos / "two"), str(photos / "broken.jpg")], photos / "out")
    assert len(json.loads((photos / "out/predictions.json").read_text())) == 2


def test_without_overlays_only_the_json(photos: Path) -> None:
    write_answers(runtime(), [str(photos / "one")], photos / "out", overlays=False)
    assert [path.name for path in (photos / "out").iterdir()] == ["predictions.json"]


def test_the_users_own_picture_is_not_overwritten(photos: Path) -> None:
    before = (photos / "one/page.png").read_bytes()
    with pytest.raises(
        RunError, match=r"page.png is one of the pictures and would be overwritten. Choose another --output"
    ):
        write_answers(runtime(), [str(photos / "one")], photos / "one")
    assert (photos / "one/page.png").read_bytes() == before


def test_corners_on_a_line_are_not_straightened(photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    line = np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]])
    with caplog.at_level(logging.WARNING):
        assert write_answers(runtime(line), [str(photos / "one")], photos / "out", rectify=True) == 1
    assert "page.png: not straightened, three of its corners lie on a line" in caplog.text


@pytest.mark.parametrize("heads", [{"presence": {}}, {"corners": {"method": "dense", "loss": "mae", "points": 5}}])
def test_rectifying_needs_four_corners(photos: Path, heads: dict) -> None:
    with pytest.raises(RunError, match="--rectify needs a model with a `corners` head of 4 points"):
        write_answers(FakeRuntime(QUAD, heads=heads), [str(photos / "one")], photos / "out", rectify=True)


def test_boxes_are_drawn_with_their_class_and_score(tmp_path: Path) -> None:
    fake = FakeRuntime(QUAD, heads={"box": {"method": "dense"}}, fit="stretch")
    fake.card = fake.card.with_changes(class_names=("cat",))
    box = np.concatenate([QUAD.min(axis=0), QUAD.max(axis=0)])
    fake.run = lambda images: {  # type: ignore[method-assign]
        "box_presence": np.full((len(images), 1), 3.0),
        "box_coordinates": np.tile(box, (len(images), 1)),
    }
    write_png(tmp_path / "in" / "a.png", np.zeros((240, 320, 3), np.uint8))
    write_answers(fake, [str(tmp_path / "in")], tmp_path / "out")
    [row] = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert row["box"]["objects"] == [
        {"class": "cat", "score": pytest.approx(0.95257), "box": pytest.approx(box.tolist(), abs=1e-5)}
    ]
    overlay = read_image(tmp_path / "out" / "a.png")
    assert np.all(np.abs(overlay.astype(int) - CLASS_COLOURS[0]) < 40, axis=-1).sum() > 500


def test_what_was_answered_before_an_error_is_kept(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "a.png", noise(1, (20, 30))[0])
    (tmp_path / "in" / "b.png").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"b\.png"):
        write_answers(FakeRuntime(QUAD, fit="stretch"), [str(tmp_path / "in")], tmp_path / "out")
    [row] = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert row["file"].endswith("a.png")
    assert (tmp_path / "out" / "a.png").exists()


@pytest.mark.parametrize("inputs", [["a.jpg", "a.png"], ["a.png", "a.jpg"], ["a.jpg", "A.png"]])
def test_no_picture_that_is_asked_about_is_overwritten(tmp_path: Path, inputs: list[str]) -> None:
    for name in inputs:
        write_image(tmp_path / name, noise(1, (20, 30))[0])
    before = {name: (tmp_path / name).read_bytes() for name in inputs}
    with pytest.raises(RunError, match=r"a.png is one of the pictures and would be overwritten"):
        write_answers(runtime(), [str(tmp_path / name) for name in inputs], tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in inputs} == before


def test_a_rectified_document_is_not_overwritten(tmp_path: Path) -> None:
    for name in ("a.png", "a-rectified.png"):
        write_image(tmp_path / name, noise(1, (20, 30))[0])
    before = (tmp_path / "a-rectified.png").read_bytes()
    with pytest.raises(RunError, match=r"a-rectified.png is one of the pictures"):
        write_answers(runtime(), [str(tmp_path / "a.png"), f"{tmp_path}/a-*"], tmp_path, overlays=False, rectify=True)
    assert (tmp_path / "a-rectified.png").read_bytes() == before


def test_each_row_names_its_files_and_no_file_is_written_twice(tmp_path: Path) -> None:
    for name in ("1/a.png", "2/A.png", "3/a-rectified.png", "4/a.png"):
        write_image(tmp_path / name, noise(1, (20, 30))[0])
    inputs = [str(tmp_path / str(number)) for number in (1, 2, 3, 4)]
    write_answers(runtime(), inputs, tmp_path / "out", rectify=True)
    rows = json.loads((tmp_path / "out/predictions.json").read_text())
    names = [row[kind] for row in rows for kind in ("overlay", "rectified")]
    assert rows[0]["overlay"] == "a.png"
    assert rows[0]["rectified"] == "a-rectified.png"
    assert len({name.casefold() for name in names}) == 8
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == set(names)
    write_answers(runtime(logit=-5), inputs[:1], tmp_path / "bare", overlays=False, rectify=True)
    [row] = json.loads((tmp_path / "bare/predictions.json").read_text())
    assert row["overlay"] is row["rectified"] is None


@pytest.fixture
def form_photos(tmp_path: Path) -> Path:
    """A folder with form.yaml, and photos of the form: one upright, one upside down."""
    write_form(tmp_path / "form.yaml", draw_form(), FIELDS)
    for name, quad in (("upright", FORM_QUAD), ("upside-down", np.roll(FORM_QUAD, 2, axis=0))):
        write_png(tmp_path / "photos" / f"{name}.png", photograph(draw_form("B-XY 123"), quad))
    return tmp_path


def test_the_fields_of_a_form_are_written(form_photos: Path) -> None:
    out, template = form_photos / "out", form_photos / "form.yaml"
    assert write_answers(runtime(FORM_QUAD), [str(form_photos / "photos")], out, template=template) == 2
    rows = json.loads((out / "predictions.json").read_text())
    assert [row["form"]["orientation_deg"] for row in rows] == [0, 180]
    for row in rows:
        assert set(row["form"]["fields"]) == set(FIELDS)
        for name, field in row["form"]["fields"].items():
            assert field["crop"] == f"{Path(row['file']).stem}-{name}.png"
            quad = np.array(field["keypoints_px"])
            crop = read_image(out / field["crop"])
            assert crop.shape[1] == pytest.approx(np.linalg.norm(quad[1] - quad[0]), rel=0.1)
            assert crop.shape[0] == pytest.approx(np.linalg.norm(quad[2] - quad[1]), rel=0.1)
        uneven = read_image(out / row["form"]["fields"]["holder"]["crop"]).std(axis=(0, 2))
        third = len(uneven) // 3
        assert uneven[:third].mean() > 2 * uneven[-third:].mean(), "the value begins at the left of an upright crop"


def test_the_overlay_shows_the_fields(form_photos: Path) -> None:
    inputs = [str(form_photos / "photos" / "upright.png")]
    write_answers(runtime(FORM_QUAD), inputs, form_photos / "plain")
    write_answers(runtime(FORM_QUAD), inputs, form_photos / "fields", template=form_photos / "form.yaml")
    plain, fields = (read_image(form_photos / which / "upright.png").astype(int) for which in ("plain", "fields"))
    assert 100 < np.any(plain != fields, axis=-1).sum() < 0.2 * plain.shape[0] * plain.shape[1]


def test_without_a_document_and_its_print_there_is_no_form(form_photos: Path) -> None:
    write_png(form_photos / "others" / "noise.png", noise(1, (200, 300))[0])
    write_answers(
        runtime(logit=-5), str(form_photos / "others"), form_photos / "out", template=form_photos / "form.yaml"
    )
    [row] = json.loads((form_photos / "out/predictions.json").read_text())
    assert row["form"] is None
    assert len(list((form_photos / "out").glob("*.png"))) == 1
    write_answers(runtime(logit=-5), form_photos / "others", form_photos / "out")
    [row] = json.loads((form_photos / "out/predictions.json").read_text())
    assert "form" not in row


@pytest.mark.parametrize("quad", [FORM_QUAD, QUAD])
def test_a_form_is_read_by_its_print_where_the_network_sees_no_document(form_photos: Path, quad: np.ndarray) -> None:
    template = form_photos / "form.yaml"
    for answer in predict(runtime(quad, logit=-5), form_photos / "photos", template=template):
        assert answer.form is not None and answer.form.refined
        assert caption(answer, "corners") == "form found, presence 0.01"
        expected = np.roll(FORM_QUAD, 2 if "down" in answer.picture.name else 0, axis=0)
        field = apply_homography(homography_between(UNIT_QUAD, expected), box_quad(FIELDS["holder"]))
        assert np.abs(answer.form.fields["holder"] - field).max() < 0.02


def test_a_scan_without_print_is_told(form_photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_form(form_photos / "blank.yaml", np.full((200, 300, 3), 255, np.uint8), FIELDS)
    write_answers(runtime(FORM_QUAD), form_photos / "photos", form_photos / "out", template=form_photos / "blank.yaml")
    assert "blank.yaml: blank.png shows no print outside the fields" in caplog.text


def test_no_crop_overwrites_a_picture(form_photos: Path) -> None:
    photos = form_photos / "photos"
    (photos / "upside-down.png").rename(photos / "upright-number.png")
    write_answers(runtime(FORM_QUAD), [str(photos)], form_photos / "out", template=form_photos / "form.yaml")
    rows = json.loads((form_photos / "out/predictions.json").read_text())
    names = [row["overlay"] for row in rows] + [row["form"]["fields"][name]["crop"] for row in rows for name in FIELDS]
    assert len(set(names)) == 6
    inputs = [str(photos / name) for name in ("upright.png", "upright-number.png")]
    with pytest.raises(RunError, match=r"upright-number.png is one of the pictures"):
        write_answers(runtime(FORM_QUAD), inputs, photos, template=form_photos / "form.yaml", overlays=False)


def test_a_template_needs_four_corners(form_photos: Path) -> None:
    fake = FakeRuntime(QUAD, heads={"presence": {}})
    with pytest.raises(RunError, match="--template needs a model with a `corners` head of 4 points"):
        write_answers(fake, [str(form_photos / "photos")], form_photos / "out", template=form_photos / "form.yaml")


def test_a_form_on_a_line_is_not_read(form_photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    line = np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]])
    write_answers(runtime(line), [str(form_photos / "photos")], form_photos / "out", template=form_photos / "form.yaml")
    assert "upright.png: the form is not read, three of its corners lie on a line" in caplog.text


class Masking(FakeRuntime):
    """Sees a cat in the left half of every picture, and a dog in the lower right quarter."""

    def __init__(self) -> None:
        super().__init__(QUAD, heads={"mask": {}}, fit="letterbox")
        self.card = self.card.with_changes(class_names=("cat", "dog"))

    def run(self, images: np.ndarray) -> Outputs:
        logits = np.zeros((len(images), 16, 24, 3), np.float32)
        logits[:, :, :12, 1] = logits[:, 8:, 12:, 2] = logits[:, :8, 12:, 0] = 8
        return {"mask_logits": logits}


def test_masks_are_written_at_the_size_of_their_pictures(photos: Path) -> None:
    folder, inputs = photos / "masks", [str(photos / "one"), str(photos / "two")]
    assert write_answers(Masking(), inputs, photos / "out", masks=folder) == 3
    rows = json.loads((photos / "out/predictions.json").read_text())
    assert {Path(row["mask_file"]) for row in rows} == set(folder.iterdir())
    assert len({row["mask_file"] for row in rows}) == 3
    for row in rows:
        mask = read_index_picture(Path(row["mask_file"]))
        assert mask.shape == SCENE_HW
        assert mask[::119, ::159].tolist() == [[1, 0], [1, 2]]
        told = row["mask"]["objects"]
        assert [(each["class"], each["area"]) for each in told] == [
            ("cat", pytest.approx(np.mean(mask == 1), abs=0.01)),
            ("dog", pytest.approx(np.mean(mask == 2), abs=0.01)),
        ]
        np.testing.assert_allclose(told[1]["box"], [0.5, 0.5, 1, 1], atol=0.02)
    overlay = read_image(photos / "out" / rows[0]["overlay"])
    for label in (0, 1):
        assert np.all(np.abs(overlay.astype(int) - CLASS_COLOURS[label]) < 40, axis=-1).sum() > 100


def test_masks_take_the_place_of_no_file(photos: Path) -> None:
    inputs = [str(photos / "one")]
    for folder in (photos / "two", photos / "out", photos / "two/page.png"):
        with pytest.raises(RunError, match=r"--masks must be a new or an empty folder, other than --output. Received"):
            write_answers(Masking(), inputs, photos / "out", masks=folder)
    with pytest.raises(
        RunError, match=r"--masks needs a model with a `mask` head. Received heads \['corners'\]. Leave"
    ):
        write_answers(runtime(), inputs, photos / "out", masks=photos / "masks")
