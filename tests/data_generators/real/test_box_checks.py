import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.box_checks import LEAST_SIDE, BoxChecks, read_pictures
from data_generators.real.labelled_pictures import LabelledBox, LabelledPicture
from tests.data_generators.real.boxes import TWO

CAT = LabelledBox("cat", (0.1, 0.2, 0.45, 0.7), "a.txt:1")
DOG = LabelledBox("dog", (0.6, 0.3, 1.0, 0.9), "a.txt:2")


def test_good_boxes_pass_as_they_are(caplog):
    checks = BoxChecks(["cat", "dog"])
    assert checks.check([CAT, DOG]) == (CAT, DOG)
    assert checks.check([]) == ()
    checks.summarise("set")
    assert not caplog.text


def test_over_the_border_is_clipped_and_counted(caplog):
    checks = BoxChecks()
    [item] = checks.check([replace(CAT, box=(-0.1, 0.2, 0.5, 1.02), where="b.txt:7")])
    checks.check([DOG, replace(CAT, box=(0, -0.00001, 1, 1.00001))])
    assert item.box == (0, 0.2, 0.5, 1)
    checks.summarise("set")
    assert (
        "set: 1 of 3 boxes reach over the border of their picture and were clipped, the first in b.txt:7" in caplog.text
    )


BAD = {
    (-0.5, 0.2, -0.1, 0.5): "the box lies outside of the picture: -0.5 0.2 -0.1 0.5 in fractions",
    (0.1, 1.0, 0.5, 1.5): "the box lies outside of the picture",
    (10, 20, 110, 220): "the box lies outside of the picture: .* the unit is right",
    (0.1, 0.1, 2.5, 0.5): "the box lies outside of the picture",
    (0.3, 0.2, 0.3, 0.5): "the width of the cat is 0: 0.3 0.2 0.3 0.5",
    (0.3, 0.5, 0.4, 0.2): "the height of the cat is less than 0, its sides are swapped",
    (0.3, float("nan"), 0.4, 0.2): "the box is not finite: 0.3 nan",
    (0.3, 0.1, float("inf"), 0.2): "the box is not finite",
}


@pytest.mark.parametrize("box", BAD)
def test_what_is_no_box_is_refused(box):
    with pytest.raises(DataError, match=rf"^a\.txt:1: {BAD[box]}"):
        BoxChecks().check([DOG, replace(CAT, box=box)])


def test_a_repetition_is_left_out_with_its_line(caplog):
    other = replace(CAT, name="dog", where="a.txt:4")
    assert BoxChecks().check([CAT, DOG, replace(CAT, where="a.txt:3"), other]) == (CAT, DOG, other)
    assert "a.txt:3: the same cat as in a.txt:1, left out" in caplog.text
    assert "a.txt:4" not in caplog.text


def test_an_unknown_class_offers_the_nearest():
    with pytest.raises(
        DataError, match=r"a\.txt:1: there is no class 'cat'\. Did you mean cats\? Classes: dog, cats\."
    ):
        BoxChecks(["dog", "cats"]).check([CAT])


sides = st.floats(-1, 2)


@given(st.tuples(sides, sides, sides, sides))
def test_a_box_that_passes_lies_in_the_picture_and_passes_again(box):
    checks = BoxChecks()
    try:
        [item] = checks.check([replace(CAT, box=box)])
    except DataError:
        return
    x0, y0, x1, y1 = item.box
    assert 0 <= x0 <= x1 - LEAST_SIDE
    assert x1 <= 1
    assert 0 <= y0 <= y1 - LEAST_SIDE
    assert y1 <= 1
    assert checks.check([item]) == (item,)


def read(items, **options):
    return read_pictures(Path("set"), items, lambda picture: picture, **options)


def test_pictures_with_a_bad_box_or_no_file_raise_or_are_left_out(tmp_path, caplog):
    write_image(tmp_path / "a.png", TWO.image)
    good = LabelledPicture(tmp_path / "a.png", tmp_path / "a.txt", "a.txt", (CAT,), "a")
    bad = replace(good, objects=(CAT, replace(DOG, box=(1, 1, 0, 0))))
    lost = replace(good, path=tmp_path / "b.png", where="b.txt")
    assert read([good]) == [good]
    with pytest.raises(DataError, match=r"a\.txt:2: the width of the dog is less than 0"):
        read([good, bad])
    with pytest.raises(DataError, match=r"b\.txt: there is no picture .*b\.png\. Put it there"):
        read([good, lost])
    with caplog.at_level(logging.WARNING):
        assert read([bad, good, lost], on_error="skip") == [good]
    assert "set: skipped 2 of 3 samples" in caplog.text
    with pytest.raises(DataError, match="set: expected labelled pictures, found 1, of which none can be used"):
        read([bad], on_error="skip")
