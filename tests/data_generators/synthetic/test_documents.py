"""The source of document scenes: pure, exact, honest about its groups; each setting does what it says."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.geometry import (
    UNIT_QUAD,
    apply_homography,
    from_pixels,
    homography_between,
    quad_problem,
    quad_signed_area,
)
from data_generators.settings import SettingsError
from data_generators.sources import SubsetSource
from data_generators.synthetic.documents import DocumentScenes, DocumentSettings, hash_numbers

SIZE_HW = (72, 96)
QUADRANTS = np.array([[[255, 0, 0], [0, 255, 0]], [[255, 255, 0], [0, 0, 255]]], np.uint8)  # by row, column
FLAT_LIGHT = dict.fromkeys(("unevenness", "shadows", "colour_cast", "exposure", "folds"), 0) | dict.fromkeys(
    ("outside_shadow_share", "glare_share", "flash_share"), 0
)
NOTHING_ELSE = "clutter sheet_share stack_share leaf_share occluder_share held_share person_share"
ALONE = dict.fromkeys(f"{NOTHING_ELSE} rim_share dim_share fade_share".split(), 0)
FLAT_PAPER = {"strength": 0}


def scenes(**options):
    return DocumentScenes(DocumentSettings.parse({"size_hw": SIZE_HW, "count": 40, "pages": 5, **options}))


@pytest.fixture
def quadrant_folder(tmp_path):
    Image.fromarray(QUADRANTS.repeat(150, axis=0).repeat(100, axis=1)).save(tmp_path / "quadrants.png")
    return tmp_path


def test_sample_is_labelled_as_promised():
    source = scenes()
    samples = [source.sample(index) for index in range(len(source))]
    assert {len(sample.keypoints) for sample in samples} == {0, 1}
    for sample in samples:
        assert sample.size_hw == SIZE_HW and sample.image.shape[2] == 3
        assert sample.has == {"boxes", "keypoints"} and sample.keypoints.shape[1:] == (4, 2)
        assert all(quad_problem(quad) == "" for quad in sample.keypoints)
    assert source.class_names == ("document",) and source.corner_order == "object"


def test_same_bytes_in_any_order_after_pickling_and_in_a_larger_set():
    source, copy, larger = scenes(), pickle.loads(pickle.dumps(scenes())), scenes(count=60)
    forward = [source.sample(index) for index in range(12)]
    for index in reversed(range(12)):
        for other in (copy, larger):
            again = other.sample(index)
            assert np.array_equal(again.image, forward[index].image)
            assert np.array_equal(again.keypoints, forward[index].keypoints)


def test_same_bytes_in_another_process():
    code = (
        "import hashlib; from data_generators.synthetic.documents import *;"
        "source = DocumentScenes(DocumentSettings(size_hw=(72, 96), count=40, pages=5));"
        "print(hashlib.sha256(b''.join(source.sample(i).image.tobytes() for i in range(6))).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = hashlib.sha256(b"".join(scenes().sample(index).image.tobytes() for index in range(6))).hexdigest()
    assert there.strip() == here


def test_other_seed_other_scenes_and_other_groups():
    first, second = scenes(seed=1), scenes(seed=2)
    assert not np.array_equal(first.sample(0).image, second.sample(0).image)
    assert not set(first.groups()) & set(second.groups())


def test_groups_are_those_of_the_samples_and_one_a_page():
    source = scenes(count=120)
    groups = source.groups()
    assert [source.sample(index).group for index in range(40)] == groups[:40]
    pages = [group for group in groups if "negative" not in group]
    assert len(set(pages)) == 5 and len(set(groups)) == 5 + len(groups) - len(pages)
    assert SubsetSource(source, [3, 1]).groups() == [groups[3], groups[1]]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_share_of_negatives(share):
    groups = scenes(count=2000, negative_share=share).groups()
    assert np.mean(["negative" in group for group in groups]) == pytest.approx(share, abs=0.04)


def test_hash_spreads_evenly():
    values = hash_numbers(3, 1, np.arange(20000))
    assert values.min() >= 0 and values.max() < 1
    assert np.histogram(values, 10, (0, 1))[0].min() > 1800
    assert abs(np.corrcoef(values, hash_numbers(3, 2, np.arange(20000)))[0, 1]) < 0.03
    assert hash_numbers(3, 1, np.array([7]))[0] == values[7]


@pytest.mark.parametrize(
    "options",
    [{}, {"cut_off_share": 1.0}, {"rotation_deg": (100, 250), "tilt_deg": (0, 50)}],
)
def test_keypoints_are_exact_to_a_fraction_of_a_pixel(quadrant_folder, options):
    size_hw = (120, 160)
    source = scenes(
        size_hw=size_hw,
        templates=str(quadrant_folder),
        negative_share=0,
        **ALONE,
        lighting=FLAT_LIGHT,
        paper=FLAT_PAPER,
        placement={"area": (0.25, 0.9), **options},
    )

    def misfit(image, quad):
        """Mean square difference to the page drawn at 4 x 4 points a pixel, two pixels off its outer edges."""
        height, width = size_hw
        xy = np.stack(np.meshgrid(np.arange(4 * width), np.arange(4 * height)), axis=-1)
        inside = apply_homography(homography_between(quad, UNIT_QUAD), from_pixels(xy, (4 * height, 4 * width)))
        column, row = (np.clip(inside[..., axis] * 2, 0, 1).astype(int) for axis in (0, 1))
        drawn = QUADRANTS[row, column].reshape(height, 4, width, 4, 3).mean(axis=(1, 3))
        on_page = np.all((inside > 0.06) & (inside < 0.94), axis=-1).reshape(height, 4, width, 4).all(axis=(1, 3))
        return ((image - drawn) ** 2).sum(axis=-1)[on_page].mean()

    for index in range(3):
        sample = source.sample(index)
        quad = sample.keypoints[0].astype(np.float64)
        best = misfit(sample.image, quad)
        for shift in np.array([[0.3, 0], [-0.3, 0], [0, 0.3], [0, -0.3]]) / size_hw[::-1]:
            assert best < misfit(sample.image, quad + shift)


CHANGES = [
    {"clutter": 3.0},
    {"occluder_share": 1.0},
    {"low_contrast_share": 1.0},
    {"placement": {"area": (0.5, 0.6)}},
    {"placement": {"rotation_deg": (40, 50)}},
    {"placement": {"any_rotation_share": 1.0}},
    {"placement": {"tilt_deg": (50, 60)}},
    {"placement": {"cut_off_share": 1.0}},
    {"placement": {"photo_aspect": (2.0, 2.0)}},
    {"placement": {"focal_length": (3.0, 3.0)}},
    {"lighting": {"unevenness": 0.0}},
    {"lighting": {"shadows": 0.0}},
    {"lighting": {"colour_cast": 0.0}},
    {"lighting": {"exposure": 0.0}},
    {"lighting": {"folds": 0.0}},
    {"lighting": {"outside_shadow_share": 1.0}},
    {"lighting": {"glare_share": 1.0}},
    {"lighting": {"flash_share": 1.0}},
    {"paper": {"strength": 0.0}},
    {"paper": {"bend_share": 1.0}},
    {"paper": {"curl_share": 1.0}},
    {"paper": {"fold_share": 1.0}},
    {"paper": {"crumple_share": 1.0}},
    {"held_share": 1.0},
    {"sheet_share": 1.0},
    {"stack_share": 1.0},
    {"leaf_share": 1.0},
    {"rim_share": 1.0},
    {"dim_share": 1.0},
    {"fade_share": 1.0},
    {"held_share": 1.0, "person_share": 1.0},
    {"surfaces": ["wood"]},
    {"objects": ["cup"]},
    {"occluders": ["cup"], "occluder_share": 1.0},
    {"size_hw": (80, 96)},
    {"pages": 300},
    {"seed": 9},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_setting_changes_the_scenes_and_the_fingerprint(change):
    plain, changed = scenes(negative_share=0), scenes(negative_share=0, **change)
    assert plain.fingerprint() != changed.fingerprint()
    assert any(not np.array_equal(plain.sample(i).image, changed.sample(i).image) for i in range(10))


def test_overhang_bounds_the_corners():
    def reach(overhang):
        source = scenes(negative_share=0, paper={"strength": 0}, placement={"cut_off_share": 1.0, "overhang": overhang})
        return max(np.abs(source.sample(index).keypoints - 0.5).max() for index in range(15))

    assert reach(0.05) <= 0.5501 < reach(0.4) <= 0.9001


def test_low_contrast_ground_has_the_colour_of_the_page(quadrant_folder):
    Image.new("RGB", (80, 120), (240, 235, 230)).save(quadrant_folder / "quadrants.png")
    source = scenes(
        templates=str(quadrant_folder),
        low_contrast_share=1,
        negative_share=0,
        **ALONE,
        lighting=FLAT_LIGHT,
    )
    corners = np.stack([source.sample(index).image[:3, :3].mean(axis=(0, 1)) for index in range(30)])
    assert np.quantile(np.abs(corners - (240, 235, 230)).max(axis=1), 0.4) < 60  # elsewhere the table ends


def test_templates_are_the_pages_and_the_groups(quadrant_folder):
    source = scenes(templates=str(quadrant_folder), negative_share=0)
    assert set(source.groups()) == {"template-quadrants.png"}
    half = scenes(templates=str(quadrant_folder), negative_share=0, template_share=0.5, pages=200, count=400)
    drawn = np.mean([group.startswith("document") for group in half.groups()])
    assert 0.3 < drawn < 0.7 and not any(
        "template" in g for g in scenes(templates=str(quadrant_folder), template_share=0).groups()
    )


def test_backgrounds_are_shown_as_often_as_wanted(tmp_path):
    Image.new("RGB", (80, 60), (0, 255, 0)).save(tmp_path / "green.png")
    options = {
        "backgrounds": str(tmp_path),
        "surfaces": ["metal"],
        **ALONE,
        "lighting": FLAT_LIGHT,
        "negative_share": 1,
    }
    always, never = scenes(background_share=1, **options), scenes(background_share=0, **options)

    def green(source):
        images = [source.sample(i).image.astype(int) for i in range(20)]
        return np.mean([(image[..., 1] > image[..., [0, 2]].max(axis=-1) + 40).any() for image in images])

    assert green(always) > 0.5 and green(never) == 0


def test_content_follows_the_files(quadrant_folder):
    before = scenes(templates=str(quadrant_folder)).fingerprint()
    Image.new("RGB", (80, 120), (240, 235, 230)).save(quadrant_folder / "more.png")
    assert scenes(templates=str(quadrant_folder)).fingerprint() != before


def test_a_template_that_changed_is_read_again(quadrant_folder):
    options = {"templates": str(quadrant_folder), "negative_share": 0, "clutter": 0, "occluder_share": 0}
    before = scenes(**options).sample(0).image
    Image.new("RGB", (200, 300), (9, 9, 9)).save(quadrant_folder / "quadrants.png")
    assert (scenes(**options).sample(0).image != before).any()


def test_content_follows_code_and_libraries(monkeypatch):
    before = scenes().fingerprint()
    monkeypatch.setattr("matplotlib.__version__", "0.1")
    libraries = scenes().fingerprint()
    monkeypatch.setattr("data_generators.synthetic.documents.DRAWN_WITH", (Path(__file__),))
    assert len({before, libraries, scenes().fingerprint()}) == 3


def test_splits_share_no_template(tmp_path):
    for name in "abcde":
        Image.new("RGB", (40, 60), "white").save(tmp_path / f"{name}.png")
    settings = DocumentSettings(templates=tmp_path, negative_share=0, count=200, pages=50)
    groups = {split: set(DocumentScenes(settings, split).groups()) for split in ("train", "val", "test")}
    assert all(groups.values()) and sum(map(len, groups.values())) == len(set.union(*groups.values())) == 5
    assert set(DocumentScenes(settings).groups()) == set.union(*groups.values())
    assert DocumentScenes(settings, "val").fingerprint() != DocumentScenes(settings, "test").fingerprint()


def test_broken_template_is_named(tmp_path):
    (tmp_path / "broken.png").write_text("no picture")
    with pytest.raises(DataError, match=r"broken.png: the file is not a picture"):
        scenes(templates=str(tmp_path), negative_share=0).sample(0)


def test_missing_folder_index_and_typo(tmp_path):
    with pytest.raises(DataError, match=r"`backgrounds`: .*expected a folder with pictures"):
        scenes(backgrounds=str(tmp_path / "nowhere"))
    with pytest.raises(IndexError, match=r"`index` must be from 0 to 39. Received 40"):
        scenes().sample(40)
    with pytest.raises(SettingsError, match=r"negativ_share: there is no such setting. Did you mean `negative_share`"):
        scenes(negativ_share=0.5)


def test_layouts_choose_the_pages() -> None:
    everything, puzzles = DocumentSettings(negative_share=0), DocumentSettings(negative_share=0, layouts=("puzzle",))
    assert not np.array_equal(DocumentScenes(everything).sample(0).image, DocumentScenes(puzzles).sample(0).image)
    with pytest.raises(ValueError, match=r"no layout puzle; the layouts are letter, "):
        DocumentSettings(layouts=("puzle",))


@pytest.mark.parametrize("kind", ["surface", "object", "occluder"])
def test_unknown_kinds_are_refused_with_those_there_are(kind) -> None:
    with pytest.raises(ValueError, match=rf"there is no {kind} wod; the {kind}s are \w+, "):
        DocumentSettings.parse({f"{kind}s": ["wod"]})


def test_several_folders_of_backgrounds_are_all_used(tmp_path) -> None:
    for name, colour in (("a", (255, 0, 0)), ("b", (0, 0, 255))):
        (tmp_path / name).mkdir()
        Image.new("RGB", (80, 60), colour).save(tmp_path / name / "photo.png")
    folders = [str(tmp_path / "a"), str(tmp_path / "b")]
    options = {"negative_share": 1, "photo_negative_share": 1, "background_share": 1, "lighting": FLAT_LIGHT}
    images = [scenes(backgrounds=folders, **options).sample(index).image.astype(int) for index in range(30)]
    red = sum((image[..., 0] > image[..., 2] + 60).all() for image in images)
    blue = sum((image[..., 2] > image[..., 0] + 60).all() for image in images)
    assert red > 5 and blue > 5
    assert scenes(backgrounds=folders[:1]).fingerprint() == scenes(backgrounds=folders[0]).fingerprint()


class Middle(DocumentScenes):
    """Labels the middle of the page."""

    def _target(self, page: int) -> np.ndarray:  # noqa: ARG002
        return UNIT_QUAD / 2 + 0.25


@pytest.mark.parametrize("paper", [FLAT_PAPER, {"bend_share": 1, "crumple_share": 1}], ids=["flat", "bent"])
def test_target_of_a_subclass_lies_where_the_page_shows_it(tmp_path, paper) -> None:
    picture = np.full((300, 200, 3), 255, np.uint8)
    picture[75:225, 50:150] = (255, 0, 0)
    Image.fromarray(picture).save(tmp_path / "marked.png")
    options = {"size_hw": (120, 160), "templates": tmp_path, "negative_share": 0, "lighting": FLAT_LIGHT}
    options |= {"paper": paper, "placement": {"area": (0.4, 0.7), "cut_off_share": 0}, **ALONE}
    source = Middle(DocumentSettings.parse(options))
    for index in range(6):
        sample = source.sample(index)
        red = np.argwhere(sample.image[..., 0] > 1.8 * sample.image[..., 1] + 15)[:, ::-1] + 0.5
        corners = sample.keypoints[0] * (160, 120)
        assert len(red) == pytest.approx(quad_signed_area(corners), rel=0.2)
        for corner in corners:
            assert np.linalg.norm(red - corner, axis=1).min() < 2
