import logging
import re

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.voc import VocSettings, VocSource
from tests.data_generators.real.boxes import TWO

CAT = ("cat", 7, 9, 27, 28)  # 1-based, inclusive: 6 to 27 and 8 to 28 of 60 x 40 pixels
DOG = ("dog", 37, 13, 60, 36)


def item(name, x0, y0, x1, y1, more=""):
    sides = f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
    return f"<object><name>{name}</name>{more}<bndbox>{sides}</bndbox></object>\n"


def annotation(*items, filename="a.jpg", size="<size><width>60</width><height>40</height><depth>3</depth></size>"):
    return f"<annotation>\n<filename>{filename}</filename>\n{size}\n{''.join(items)}</annotation>"


GOOD = annotation(item(*CAT), item(*DOG))


@pytest.fixture
def make(tmp_path):
    """Writes a set of two pictures; the first has the given XML file, the second one without objects."""

    def write(text=GOOD, labels="Annotations", pictures="JPEGImages"):
        for name, content in {"a": text, "b": annotation(filename="b.jpg")}.items():
            write_image(tmp_path / pictures / f"{name}.jpg", TWO.image)
            (tmp_path / labels).mkdir(parents=True, exist_ok=True)
            (tmp_path / labels / f"{name}.xml").write_text(content)
        return tmp_path

    return write


def make_lists(folder, **lists):
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    for name, text in lists.items():
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text(text)


def test_reads_boxes_and_classes(make):
    source = VocSource(make())
    sample, empty = source.sample(0), source.sample(1)
    np.testing.assert_allclose(sample.boxes, TWO.boxes, atol=1e-6)
    assert source.class_names == ("cat", "dog")
    assert [source.class_names[label] for label in sample.labels] == ["cat", "dog"]
    assert (empty.boxes.shape, empty.has) == ((0, 4), {"boxes"})
    assert source.groups() == ["a", "b"]


def test_pictures_without_an_xml_file_are_left_out_and_counted(make, caplog):
    folder = make()
    VocSource(folder)
    assert not caplog.text
    for name in ("c.jpg", "D.PNG"):
        (folder / "JPEGImages" / name).write_bytes((folder / "JPEGImages" / "a.jpg").read_bytes())
    assert VocSource(folder).groups() == ["a", "b"]
    assert re.search(r"2 pictures have no XML file and are left out, e\.g\. .*D\.PNG; one without objects", caplog.text)


@pytest.mark.parametrize(
    ("labels", "pictures"),
    [("annotations", "images"), ("annotations/xmls", "images"), ("ANNOTATIONS", "Images"), (".", "."), (".", "images")],
)
def test_folders_as_tools_name_them(make, labels, pictures):
    folder = make(labels=labels, pictures=pictures)
    for name in ("._a.xml", ".DS_Store"):
        (folder / labels / name).write_bytes(b"\x00\x05\x16\x07")
    assert len(VocSource(folder).sample(0).boxes) == 2


def test_edges_counted_from_zero(make):
    source = open_source(
        f"voc:{make(annotation(item('cat', 6, 8, 27, 28), item('dog', 36, 12, 60, 36)))}", one_based=False
    )
    np.testing.assert_allclose(source.sample(0).boxes, TWO.boxes, atol=1e-6)


def test_a_pixel_is_a_box_only_where_they_count_from_one(make):
    folder = make(annotation(item("cat", 7, 9, 7, 9)))
    np.testing.assert_allclose(VocSource(folder).sample(0).boxes, [[6 / 60, 8 / 40, 7 / 60, 9 / 40]], atol=1e-6)
    with pytest.raises(DataError, match=r"a\.xml:4: the width of the cat is 0"):
        VocSource(folder, settings=VocSettings(one_based=False))


def test_difficult_is_ignored_truncated_is_not(make):
    flags = "<truncated>1</truncated><difficult>{}</difficult><part><name>head</name></part>"
    folder = make(annotation(item(*CAT, flags.format(1)), item(*DOG, flags.format(0))))
    assert VocSource(folder).sample(0).ignore.tolist() == [True, False]
    assert VocSource(folder, settings=VocSettings(ignore_difficult=False)).sample(0).ignore.tolist() == [False, False]
    assert VocSource(folder).class_names == ("cat", "dog")


def test_coordinates_with_decimals_and_a_box_over_the_border(make, caplog):
    source = VocSource(make(annotation(item("cat", "7.5", " 9.25 ", 27, 28), item("dog", 37, 13, 66, 36))))
    np.testing.assert_allclose(source.sample(0).boxes[:, :3] * [60, 40, 60], [[6.5, 8.25, 27], [36, 12, 60]], atol=1e-5)
    assert "1 of 2 boxes reach over the border" in caplog.text
    assert "a.xml:5" in caplog.text


@pytest.mark.parametrize("size", ["", "<size><width>0</width><height>0</height><depth>0</depth></size>"])
def test_without_a_size_that_of_the_upright_picture_counts(make, size):
    folder = make(annotation(item("cat", 5, 7, 24, 42), size=size))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(TWO.image).save(folder / "JPEGImages" / "a.jpg", exif=exif)
    sample = VocSource(folder).sample(0)
    assert sample.size_hw == (60, 40)
    np.testing.assert_allclose(sample.boxes, [[0.1, 0.1, 0.6, 0.7]], atol=1e-6)


def test_a_picture_labelled_lying_is_refused(make):
    size = "<size><width>40</width><height>60</height></size>"
    source = VocSource(make(annotation(item("cat", 5, 7, 24, 42), size=size)))
    with pytest.raises(DataError, match=r"a\.xml: labelled on a picture of 40 x 60 pixels"):
        source.sample(0)


@pytest.mark.parametrize("filename", ["", "a", "A.JPG", "b.jpg", "C:\\photos\\a.jpg", "/data/lost.jpg"])
def test_the_picture_is_that_of_the_same_name(make, filename):
    assert VocSource(make(annotation(item(*CAT), filename=filename))).sample(0).origin.endswith("a.jpg")


@pytest.mark.parametrize("filename", ["photo.jpg", "photo", "dir/PHOTO.JPG"])
def test_or_the_one_that_filename_tells(make, filename):
    folder = make(annotation(item(*CAT), filename=filename))
    (folder / "JPEGImages" / "a.jpg").rename(folder / "JPEGImages" / "Photo.jpg")
    assert VocSource(folder).sample(0).origin.endswith("Photo.jpg")


def test_of_two_pictures_of_one_name_filename_says_which(make):
    folder = make(annotation(filename="a.png"))
    write_image(folder / "JPEGImages" / "a.png", TWO.image)
    assert VocSource(folder).sample(0).origin.endswith("a.png")


def test_splits_share_the_vocabulary(make):
    folder = make()
    make_lists(folder, train="a\r\n\r\n", val="b 1\nb -1\n")
    train, val = VocSource(folder, "train"), VocSource(folder, "val")
    assert (train.groups(), val.groups()) == (["a"], ["b"])
    assert val.class_names == ("cat", "dog")
    assert len(VocSource(folder)) == 2
    with pytest.raises(DataError, match=r"there is no split 'test' in ImageSets/Main\. Splits there are: train, val"):
        VocSource(folder, "test")


def test_a_list_that_names_nothing(make):
    folder = make()
    make_lists(folder, train="a\nz\n", val="\n")
    with pytest.raises(DataError, match=r"train\.txt:2: there is no XML file z\.xml\. Put it there"):
        VocSource(folder, "train")
    assert VocSource(folder, "train", on_error="skip").groups() == ["a"]
    with pytest.raises(DataError, match=r"val\.txt: the list is empty"):
        VocSource(folder, "val")


def test_without_lists_there_is_no_split(make):
    with pytest.raises(DataError, match=r"there is no split 'train' .* leave the split out"):
        VocSource(make(), "train")


BAD = {
    r"a\.xml: there is no picture a\.\* nor lost\.jpg": annotation(filename="lost.jpg").replace("a.jpg", ""),
    r"a\.xml: the file is not XML \(": "<annotation>",
    r"a\.xml: expected <annotation>, got <annotations>": "<annotations/>",
    r"a\.xml: width must be a number\. Received ''": annotation(size="<size><height>40</height></size>"),
    r"a\.xml:5: xmax must be a number\. Received 'x'": annotation(item(*CAT), item("dog", 37, 13, "x", 36)),
    r"a\.xml:5: the width of the dog is less than 0, its sides are swapped": annotation(
        item(*CAT), item("dog", 60, 13, 37, 36)
    ),
    r"a\.xml:4: the box lies outside of the picture": annotation(item("cat", 70, 9, 90, 28)),
    r"a\.xml:4: expected an object with <name> and <bndbox>": annotation(item("", 1, 2, 3, 4)),
    r"a\.xml:5: expected an object with <name> and <bndbox>": annotation(
        item(*CAT), "<object><name>dog</name><robndbox/></object>"
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_file_raises_or_is_skipped(make, message, caplog):
    folder = make(BAD[message])
    if "lost" in message:
        (folder / "JPEGImages" / "a.jpg").unlink()
    with pytest.raises(DataError, match=message):
        VocSource(folder)
    with caplog.at_level(logging.WARNING):
        assert VocSource(folder, on_error="skip").groups() == ["b"]
    assert "skipped 1 of 2 samples" in caplog.text


def test_a_folder_without_xml_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected XML files in this folder, found none"):
        VocSource(tmp_path)


def test_content_follows_settings(make):
    folder = make()
    make_lists(folder, train="a\nb\n")
    sources = [VocSource(folder), VocSource(folder, "train"), VocSource(folder, settings=VocSettings(one_based=False))]
    assert len({source.fingerprint() for source in sources}) == 3


def count(source):
    return len(source), sum(len(picture.objects) for picture in source._pictures)


def test_raccoons(real_data, caplog):
    folder = real_data / "boxes_raccoon"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    source = VocSource(folder)
    assert (count(source), source.class_names, caplog.text) == ((200, 217), ("raccoon",), "")


def test_blood_cells(real_data, caplog):
    folder = real_data / "boxes_blood_cells" / "BCCD"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    source = VocSource(folder)
    assert (count(source), source.class_names, caplog.text) == ((364, 4888), ("Platelets", "RBC", "WBC"), "")
    assert len(VocSource(folder, "test")) == 72
