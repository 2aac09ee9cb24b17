import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.corner_csv import CornerCsvSource
from data_generators.sources import readable_samples

HEADER = "image,split,group,width,height,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y"
CORNERS = "0.2,0.1,0.9,0.2,0.8,0.9,0.1,0.8"
TURNED = "0.1,0.8,0.2,0.1,0.9,0.2,0.8,0.9"
QUAD = np.array([[0.2, 0.1], [0.9, 0.2], [0.8, 0.9], [0.1, 0.8]], np.float32)
EMPTY = ",,,,,,,"


@pytest.fixture
def make(tmp_path):
    """Writes a folder with the given rows and pictures of 40 x 60 pixels a, b, c."""
    for value, name in enumerate("abc"):
        write_image(tmp_path / "images" / f"{name}.png", np.full((40, 60, 3), value, np.uint8))

    def write(*rows, header=HEADER):
        (tmp_path / "corners.csv").write_text("\n".join([header, *rows]) + "\n")
        return tmp_path

    return write


def test_reads_pictures_objects_and_negatives(make):
    second = ",".join(f"{value * 0.5:g}" for value in QUAD.flat)
    folder = make(f"b.png,train,,,,{CORNERS}", f"a.png,val,,,,{EMPTY}", f"b.png,train,,,,{second}")
    source = CornerCsvSource(folder)
    two, none = source.sample(0), source.sample(1)
    np.testing.assert_allclose(two.keypoints, [QUAD, QUAD * 0.5], atol=1e-6)
    assert two.image[0, 0, 0] == 1
    assert two.origin.endswith("b.png")
    assert none.keypoints.shape == (0, 4, 2)
    assert none.has == {"boxes", "keypoints"}
    assert source.class_names == ("document",)


def test_optional_columns_may_be_left_out_and_others_ignored(make):
    folder = make(f"a.png,{CORNERS},nice", header="image,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y,remark")
    source = CornerCsvSource(folder)
    np.testing.assert_allclose(source.sample(0).keypoints, QUAD[None])
    assert source.groups() == ["a.png"]


def test_byte_order_mark_and_windows_lines_do_no_harm(make):
    folder = make()
    (folder / "corners.csv").write_bytes(f"{HEADER}\r\na.png,,,,,{CORNERS}\r\n".encode("utf-8-sig"))
    assert len(CornerCsvSource(folder)) == 1


def test_split_takes_its_rows(make):
    folder = make(f"a.png,train,,,,{CORNERS}", f"b.png,val,,,,{CORNERS}")
    assert len(CornerCsvSource(folder)) == 2
    assert CornerCsvSource(folder, "val").sample(0).image[0, 0, 0] == 1


def test_unknown_split_lists_those_there_are(make):
    folder = make(f"a.png,train,,,,{CORNERS}", f"b.png,val,,,,{CORNERS}")
    with pytest.raises(DataError, match=r"no split 'test'\. Splits there are: train, val\."):
        CornerCsvSource(folder, "test")


def test_split_of_a_file_without_splits(make):
    with pytest.raises(DataError, match="names no splits: take all rows"):
        CornerCsvSource(make(f"a.png,,,,,{CORNERS}"), "test")


def test_group_is_the_column_or_the_picture(make):
    source = CornerCsvSource(make(f"a.png,,clip 1,,,{CORNERS}", f"b.png,,,,,{CORNERS}"))
    assert source.groups() == ["clip 1", "b.png"] == [source.sample(index).group for index in range(2)]


@pytest.mark.parametrize("split", [None, "train", "val"])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_group_in_two_splits_is_refused_in_any_case(make, split, on_error):
    folder = make(f"a.png,train,clip,,,{CORNERS}", f"b.png,,clip,,,{CORNERS}", f"c.png,val,clip,,,{CORNERS}")
    message = (
        r"corners\.csv:4: group 'clip' is in split 'val' here, but in 'train' in .*csv:2\. Give all rows of a group"
    )
    with pytest.raises(DataError, match=message):
        CornerCsvSource(folder, split, on_error=on_error)


def test_a_picture_without_a_group_in_two_splits_is_refused(make):
    folder = make(f"a.png,train,,,,{CORNERS}", f"a.png,val,,,,{CORNERS}")
    with pytest.raises(DataError, match=r"corners\.csv:3: group 'a\.png' is in split 'val' here"):
        CornerCsvSource(folder, "train")


def test_rows_without_a_split_or_a_group_leak_nothing(make):
    folder = make(f"a.png,train,clip,,,{CORNERS}", f"b.png,,clip,,,{CORNERS}", f"c.png,val,,,,{CORNERS}")
    assert len(CornerCsvSource(folder, "train")) == 1


def test_corner_order(make):
    folder = make(f"a.png,,,,,{TURNED}")
    image, kept = (CornerCsvSource(folder, corner_order=order) for order in ("image", "object"))
    np.testing.assert_allclose(image.sample(0).keypoints[0], QUAD)
    np.testing.assert_allclose(kept.sample(0).keypoints[0], np.roll(QUAD, 1, axis=0))
    assert (image.corner_order, kept.corner_order) == ("image", "object")
    assert CornerCsvSource(folder).corner_order == "image"


def test_generator_json_knows_order_and_class(make):
    folder = make(f"a.png,,,,,{TURNED}")
    (folder / "generator.json").write_text('{"corner_order": "object", "class_name": "invoice"}')
    source = CornerCsvSource(folder)
    assert (source.corner_order, source.class_names) == ("object", ("invoice",))
    (folder / "generator.json").write_text("{")
    with pytest.raises(DataError, match=r"generator\.json: the file is not JSON"):
        CornerCsvSource(folder)


BAD_ROWS = {
    r"corners\.csv:3: tl_y must be a number. Received 'O\.1'. Write": "b.png,,,,,0.2,O.1,0.9,0.2,0.8,0.9,0.1,0.8",
    r"corners\.csv:3: bl_y must be a number. Received ''\.": "b.png,,,,,0.2,0.1,0.9,0.2,0.8,0.9,0.1,",
    r"corners\.csv:3: the quadrilateral crosses itself": "b.png,,,,,0.2,0.1,0.8,0.9,0.9,0.2,0.1,0.8",
    r"corners\.csv:3: the corners are not all numbers": "b.png,,,,,nan,0.1,0.8,0.9,0.9,0.2,0.1,0.8",
    r"corners\.csv:3: expected corners normalised .* If they are pixels": "b.png,,,,,12,4,54,8,48,36,6,32",
    r"corners\.csv:3: there is no picture .*d\.png. Put the picture there": f"d.png,,,,,{CORNERS}",
    r"corners\.csv:3: the row is cut off: no br_y, bl_x, bl_y": "b.png,,,,,0.2,0.1,0.9,0.2,0.8",
    r"corners\.csv:3: the row is cut off": "b.png",
    r"corners\.csv:3: the row names no image": f",,,,,{CORNERS}",
    r"corners\.csv:3: width must be a number": f"b.png,,,wide,40,{CORNERS}",
    r"corners\.csv:4: group of b.png is 'y' here, but 'x' in": f"b.png,,x,,,{CORNERS}\nb.png,,y,,,{CORNERS}",
    r"corners\.csv:4: split of b.png is '' here, but 'train'": f"b.png,train,,,,{CORNERS}\nb.png,,,,,{CORNERS}",
    r"corners\.csv:3: one row of b.png says that it holds no": f"b.png,,,,,{EMPTY}\nb.png,,,,,{CORNERS}",
}


@pytest.mark.parametrize("message", BAD_ROWS)
def test_a_row_that_cannot_be_used_raises(make, message):
    with pytest.raises(DataError, match=message):
        CornerCsvSource(make(f"a.png,,,,,{CORNERS}", BAD_ROWS[message], f"c.png,,,,,{CORNERS}"))


@pytest.mark.parametrize("message", BAD_ROWS)
def test_a_row_that_cannot_be_used_is_skipped_and_counted(make, message, caplog):
    folder = make(f"a.png,,,,,{CORNERS}", BAD_ROWS[message], f"c.png,,,,,{CORNERS}")
    with caplog.at_level(logging.WARNING):
        source = CornerCsvSource(folder, on_error="skip")
    assert [source.sample(index).image[0, 0, 0] for index in range(len(source))] == [0, 2]
    assert "skipped 1 of 3 samples" in caplog.text


def test_a_bad_row_puts_the_whole_picture_aside(make, caplog):
    folder = make(f"a.png,,,,,{CORNERS}", "a.png,,,,,x,0.1,0.9,0.2,0.8,0.9,0.1,0.8", f"b.png,,,,,{CORNERS}")
    with caplog.at_level(logging.WARNING):
        assert CornerCsvSource(folder, on_error="skip").groups() == ["b.png"]


def test_a_bad_row_of_another_split_does_not_matter(make):
    folder = make(f"a.png,train,,,,{CORNERS}", f"d.png,val,,,,{CORNERS}")
    assert len(CornerCsvSource(folder, "train")) == 1


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace("tl_x,", "").replace("bl_y", "y4"), r"csv:1: missing columns: tl_x, bl_y. The header has .*y4"),
        (HEADER.replace(",", ";"), r"csv:1: the columns are separated by semicolons. Save it with commas"),
        ("", r"csv:1: missing columns: image.* The header has an empty line"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_wrong_header_raises_in_any_case(make, header, message, on_error):
    with pytest.raises(DataError, match=message):
        CornerCsvSource(make("a.png", header=header), on_error=on_error)


def test_a_file_without_rows_is_refused(make):
    with pytest.raises(DataError, match=r"corners\.csv: there are no rows below the header"):
        CornerCsvSource(make())


def test_a_file_of_which_no_row_can_be_used_is_refused(make):
    with pytest.raises(DataError, match="no row can be used"):
        CornerCsvSource(make(f"d.png,,,,,{CORNERS}"), on_error="skip")


def test_missing_file_and_missing_folder(tmp_path):
    with pytest.raises(DataError, match=r"corners\.csv: the file cannot be read: .* holds corners\.csv and images/"):
        CornerCsvSource(tmp_path)
    with pytest.raises(DataError, match=r"expected a folder with corners\.csv and images/, but it is not there"):
        CornerCsvSource(tmp_path / "no")


def test_another_encoding_is_refused(make):
    folder = make()
    (folder / "corners.csv").write_bytes(f"{HEADER}\nGrün.png,,,,,{CORNERS}\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a CSV in UTF-8"):
        CornerCsvSource(folder)


def test_a_picture_labelled_on_its_side_is_refused(make):
    with pytest.raises(DataError, match=r"corners\.csv:2: labelled on a picture of 40 x 60 pixels, .* has 60 x 40"):
        CornerCsvSource(make(f"a.png,,,40,60,{CORNERS}")).sample(0)
    assert CornerCsvSource(make(f"a.png,,,600,400,{CORNERS}")).sample(0).size_hw == (40, 60)


def test_a_truncated_picture_is_skipped_where_the_source_says_so(make, caplog):
    folder = make(f"a.png,,,,,{CORNERS}", f"b.png,,,,,{CORNERS}")
    path = folder / "images" / "a.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"a\.png: the picture cannot be decoded"):
        CornerCsvSource(folder).sample(0)
    with caplog.at_level(logging.WARNING):
        assert [index for index, _ in readable_samples(CornerCsvSource(folder, on_error="skip"))] == [1]
    assert "skipped 1 of 2 samples" in caplog.text


def test_content_follows_labels_pictures_and_settings(make):
    folder = make(f"a.png,,,,,{CORNERS}")
    before = CornerCsvSource(folder).fingerprint()
    assert CornerCsvSource(folder).fingerprint() == before
    assert CornerCsvSource(folder, corner_order="object").fingerprint() != before
    make(f"a.png,x,,,,{CORNERS}")
    after = CornerCsvSource(folder).fingerprint()
    assert after != before
    write_image(folder / "images" / "a.png", np.full((41, 60, 3), 9, np.uint8))
    assert CornerCsvSource(folder).fingerprint() != after


@pytest.mark.parametrize(
    ("name", "count", "groups"),
    [
        ("corners_paper_sheets", 42, 42),
        ("corners_sudoku_pages", 240, 240),
        ("corners_sudoku_newspaper", 194, 194),
        ("corners_go_boards", 270, 90),
    ],
)
def test_real_folders_are_read_without_an_error(real_data, name, count, groups):
    source = CornerCsvSource(real_data / name)
    assert (len(source), len(set(source.groups()))) == (count, groups)
    for index in range(0, count, 20):
        assert source.sample(index).keypoints.shape == (1, 4, 2)


def test_real_splits(real_data):
    sizes = [len(CornerCsvSource(real_data / "corners_sudoku_pages", split)) for split in ("train", "val", "test")]
    assert sizes[0] == 80
    assert sum(sizes) == 240
