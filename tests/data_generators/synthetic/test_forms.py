"""Scenes of a user's form: pure, of other values on each page, with the page or a field's value as the target."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.forms import write_form
from data_generators.geometry import UNIT_QUAD, apply_homography, homography_between
from data_generators.settings import SettingsError
from data_generators.synthetic.forms import FormScenes, FormSceneSettings
from tests.data_generators.synthetic.test_filling import FIELDS, filled_scan


@pytest.fixture
def form(tmp_path: Path) -> Path:
    write_form(tmp_path / "form.yaml", filled_scan(), FIELDS)
    return tmp_path / "form.yaml"


def scenes(form: Path, **options: object) -> FormScenes:
    values = {"size_hw": (72, 96), "count": 20, "pages": 4, "negative_share": 0, "paper": {"strength": 0}, **options}
    return FormScenes(form, FormSceneSettings.parse(values))


def test_the_target_moves_the_label_and_not_the_picture(form: Path) -> None:
    pages, numbers = scenes(form), scenes(form, target="number")
    assert (pages.class_names, numbers.class_names) == (("document",), ("number",))
    for index in range(4):
        page, number = pages.sample(index), numbers.sample(index)
        np.testing.assert_array_equal(page.image, number.image)
        to_page = homography_between(page.keypoints[0], UNIT_QUAD)
        quad = apply_homography(to_page, number.keypoints[0])
        low, high = quad.min(axis=0), quad.max(axis=0)
        assert (low > FIELDS["number"][:2] - 0.02).all() and (high < FIELDS["number"][2:] + 0.02).all()
        assert (quad[1] > quad[0])[0] and (quad[2] > quad[1])[1], "clockwise from the value's own top left"


def test_same_bytes_after_pickling_and_other_values_on_other_pages(form: Path) -> None:
    source = scenes(form)
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(source.sample(3).image, again.sample(3).image)
    assert (source._levels(0)[0] != source._levels(1)[0]).any()
    assert source.fingerprint() == again.fingerprint()


def test_the_fingerprint_follows_the_form(form: Path) -> None:
    before = scenes(form).fingerprint()
    write_form(form, filled_scan()[::-1].copy(), FIELDS)
    assert scenes(form).fingerprint() != before


def test_opened_by_name_with_splits_that_share_nothing(form: Path) -> None:
    sources = [open_source(f"forms:{form}{split}", count=40, on_error="skip") for split in ("#train", "#val", "")]
    groups = [set(source.groups()) for source in sources]
    assert len(set.union(*groups)) == sum(map(len, groups))
    assert all(source.on_error == "skip" for source in sources)
    assert sources[0].sample(0).group == sources[0].groups()[0]
    with pytest.raises(DataError, match=r"forms:.*there is no split 'trian'"):
        open_source(f"forms:{form}#trian")
    with pytest.raises(DataError, match=r"the path is missing. Write forms:PATH"):
        open_source("forms:")


def test_wrong_settings_are_refused(form: Path) -> None:
    with pytest.raises(DataError, match=r"form.yaml: the form has no field 'numbr'. Its fields: number, holder"):
        scenes(form, target="numbr")
    with pytest.raises(SettingsError, match="leave layouts out"):
        scenes(form, layouts=["letter"])


def test_some_scenes_have_no_form(form: Path) -> None:
    source = scenes(form, negative_share=1, target="number")
    assert source.sample(0).keypoints.shape == (0, 4, 2)


def test_a_target_outside_the_frame_is_no_object(form: Path) -> None:
    placement = {"area": (0.8, 1.4), "cut_off_share": 1, "overhang": 0.5}
    pages, numbers = (scenes(form, count=40, target=name, placement=placement) for name in ("page", "number"))
    shown = 0
    for index in range(40):
        [page], number = pages.sample(index).keypoints, numbers.sample(index)
        [centre] = apply_homography(homography_between(UNIT_QUAD, page), FIELDS["number"].reshape(1, 2, 2).mean(axis=1))
        if centre.min() > 0 and centre.max() < 1:
            assert len(number.keypoints), "it shows"
        if len(number.keypoints):
            assert number.boxes[0, :2].max() < 1 and number.boxes[0, 2:].min() > 0
        shown += len(number.keypoints)
    assert 3 < shown < 37


def test_drawn_certificates_have_fields_as_targets_too() -> None:
    options = {"layouts": ["registration"], "count": 3, "negative_share": 0, "size_hw": (72, 96)}
    pages, numbers = (open_source("documents:", target=name, **options) for name in ("page", "registration_number"))
    assert numbers.class_names == ("registration_number",)
    page, number = pages.sample(1), numbers.sample(1)
    np.testing.assert_array_equal(page.image, number.image)
    to_page = homography_between(page.keypoints[0], UNIT_QUAD)
    quad = apply_homography(to_page, number.keypoints[0])
    assert quad.min() > 0 and quad.max() < 1 and 0.01 < np.ptp(quad[:, 0]) < 0.6


@pytest.mark.parametrize("options", [{}, {"layouts": ["registration"], "target": "numbr"}])
def test_a_target_that_not_every_page_has_is_refused(options: dict) -> None:
    with pytest.raises(DataError, match=r"the target .* is not on every page. Take `page`, or with layouts"):
        open_source("documents:", **{"target": "registration_number", **options})
