import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.cvat import CvatSource
from tests.data_generators.real.boxes import TWO

CAT = '<box label="cat" source="manual" occluded="1" xtl="6.00" ytl="8.00" xbr="27.00" ybr="28.00" z_order="0"/>\n'
DOG = (
    '<box label="dog" occluded="0" xtl="36" ytl="12" xbr="60" ybr="36"><attribute name="ignore">{}</attribute></box>\n'
)
LABELS = "<labels><label><name>dog</name><type>any</type></label><label><name>cat</name></label></labels>"
GOOD = CAT + DOG.format("false")


def image(name, shapes="", more=""):
    return f'<image id="0" name="{name}" width="60" height="40" {more}>\n{shapes}</image>\n'


@pytest.fixture
def make(tmp_path):
    """Writes an export of two pictures; the first has the given shapes, the second none."""

    def write(shapes=GOOD, meta=f"<task>{LABELS}</task>", text=None, folder="images", subsets=("", "")):
        images = [
            image(f"{name}.png", items, more) for name, items, more in zip("ab", (shapes, ""), subsets, strict=True)
        ]
        text = "".join(images) if text is None else text
        for name in ("a.png", "b.png"):
            write_image(tmp_path / folder / name, TWO.image)
        content = f"<annotations>\n<version>1.1</version><meta>{meta}</meta>\n{text}</annotations>"
        (tmp_path / "annotations.xml").write_text(content)
        return tmp_path

    return write


def test_reads_boxes_in_the_order_of_the_labels(make):
    source = CvatSource(make())
    sample, empty = source.sample(0), source.sample(1)
    np.testing.assert_allclose(sample.boxes, TWO.boxes, atol=1e-6)
    assert source.class_names == ("dog", "cat")
    assert (sample.labels.tolist(), sample.ignore.tolist()) == ([1, 0], [False, False])
    assert (empty.boxes.shape, empty.has) == ((0, 4), {"boxes"})
    assert source.groups() == ["a.png", "b.png"]


@pytest.mark.parametrize("folder", ["images", "images/default", "."])
def test_pictures_lie_in_images_or_beside_the_file(make, folder):
    path = make(folder=folder)
    assert len(open_source(f"cvat:{path}/annotations.xml", on_error="skip").sample(0).boxes) == 2


@pytest.mark.parametrize(
    ("value", "ignore"), [("true", True), ("True", True), ("1", True), ("false", False), ("", False)]
)
def test_a_checkbox_makes_an_object_ignored(make, value, ignore):
    assert CvatSource(make(CAT + DOG.format(value))).sample(0).ignore.tolist() == [False, ignore]


SHAPES = {
    '<polygon label="cat" points="6,18;20.5,8;27,28"/>': (6, 8, 27, 28),
    '<mask label="cat" rle="3, 4" left="6" top="8" width="21" height="20"/>': (6, 8, 27, 28),
    '<box label="cat" xtl="6" ytl="8" xbr="26" ybr="28" rotation="45"/>': (
        16 - 200**0.5,
        18 - 200**0.5,
        16 + 200**0.5,
        32.14,
    ),
    '<box label="cat" xtl="6" ytl="8" xbr="16" ybr="28" rotation="90"/>': (1, 13, 21, 23),
    '<ellipse label="cat" cx="16" cy="18" rx="10" ry="5"/>': (6, 13, 26, 23),
    '<ellipse label="cat" cx="16" cy="18" rx="10" ry="5" rotation="270"/>': (11, 8, 21, 28),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes_are_read_as_their_boxes(make, shape):
    [box] = CvatSource(make(f'<tag label="dog" source="manual"/>{shape}')).sample(0).boxes
    np.testing.assert_allclose(box * [60, 40, 60, 40], SHAPES[shape], atol=0.01)


def test_what_a_box_does_not_tell_is_counted(make):
    source = CvatSource(make(GOOD + "\n".join(shape.replace('"cat"', '"dog"') for shape in SHAPES)))
    assert source.count_reduced() == {"polygon": 1, "rotation": 2, "ellipse": 2}, "the mask has the polygon's box"
    assert CvatSource(make()).count_reduced() == {}


def test_subsets_are_splits(make):
    folder = make(subsets=('subset="Train"', 'subset="Val"'))
    (folder / "images" / "Val").mkdir()
    (folder / "images" / "b.png").rename(folder / "images" / "Val" / "b.png")
    assert (len(CvatSource(folder)), CvatSource(folder, "Train").groups()) == (2, ["Train/a.png"])
    assert CvatSource(folder, "Val").sample(0).size_hw == (40, 60)
    with pytest.raises(DataError, match=r"annotations\.xml: there is no subset 'val'\. Subsets there are: Train, Val"):
        CvatSource(folder, "val")


def test_the_subset_of_a_task(make):
    folder = make(meta=f"<task>{LABELS}<subset>Train</subset></task>")
    assert len(CvatSource(folder, "Train")) == 2
    with pytest.raises(DataError, match=r"there is no subset 'x'\. There are none: leave it out"):
        CvatSource(make(), "x")


def test_labels_of_projects_skeletons_and_of_none(make):
    parts = "<label><name>paw</name><parent>cat</parent></label></labels>"
    project = f"<project>{LABELS.replace('</labels>', parts)}<tasks><task><name>t</name></task></tasks></project>"
    assert CvatSource(make(meta=project)).class_names == ("dog", "cat")
    assert CvatSource(make(meta="")).class_names == ("cat", "dog")


BAD = {
    r"annotations\.xml:5: a points has no box\. Delete it, or draw it as": '\n<points label="cat" points="1,2"/>',
    r"annotations\.xml:5: there is no class 'cta'\. Did you mean cat\?": "\n" + CAT.replace("cat", "cta"),
    r"annotations\.xml:5: xtl must be a number": "\n" + CAT.replace("6.00", ""),
    r"annotations\.xml:5: the width of the cat is less than 0": "\n" + CAT.replace("27.00", "3.00"),
    r"annotations\.xml:5: the box lies outside": "\n" + CAT.replace("6.00", "66.00").replace("27.00", "80.00"),
    r"annotations\.xml:5: expected points x,y;x,y\. Received '1,2;3'": '\n<polygon label="cat" points="1,2;3"/>',
    r"annotations\.xml:5: expected points": '\n<polygon label="cat" points=""/>',
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_shape_raises_or_puts_its_picture_aside(make, message, caplog):
    folder = make(BAD[message])
    with pytest.raises(DataError, match=message):
        CvatSource(folder)
    with caplog.at_level(logging.WARNING):
        assert CvatSource(folder, on_error="skip").groups() == ["b.png"]
    assert "skipped 1 of 2 samples" in caplog.text


BAD_FILES = {
    r"annotations\.xml:3: there is no picture .*images/z\.png": image("z.png"),
    r"annotations\.xml:3: the image has no name": image(""),
    r"annotations\.xml:3: width must be a number": '<image name="a.png" height="40"/>',
    r"annotations\.xml: expected labelled pictures, found 0": "",
}


@pytest.mark.parametrize("message", BAD_FILES)
def test_a_bad_image_is_named(make, message):
    with pytest.raises(DataError, match=message):
        CvatSource(make(text=BAD_FILES[message]))


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"annotations\.xml: the file cannot be read: No such file"):
        CvatSource(tmp_path)
    (tmp_path / "annotations.xml").write_text("<annotation/>")
    with pytest.raises(DataError, match=r"expected <annotations>, got <annotation>\. Export the task as"):
        CvatSource(tmp_path)
