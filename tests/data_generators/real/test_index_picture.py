import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.real.index_picture import read_index_picture

NUMBERS = np.array([[0, 1, 2, 3], [3, 200, 1, 0], [1, 1, 2, 2]], np.uint8)


def palette():
    picture = Image.frombytes("P", (4, 3), NUMBERS.tobytes())
    picture.putpalette([value % 256 for value in range(7, 7 + 768)])
    return picture


PICTURES = {
    "grey": lambda: Image.fromarray(NUMBERS),
    "palette": palette,
    "16 bits": lambda: Image.fromarray(NUMBERS.astype(np.uint16)),
    "grey with alpha": lambda: Image.fromarray(np.stack([NUMBERS, 255 - NUMBERS], axis=-1), "LA"),
    "grey as RGB": lambda: Image.fromarray(np.stack([NUMBERS] * 3, axis=-1)),
    "grey as RGBA": lambda: Image.fromarray(np.stack([NUMBERS] * 3 + [255 - NUMBERS], axis=-1)),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_numbers_are_read_from_any_kind_of_index_picture(tmp_path, kind):
    PICTURES[kind]().save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_index_picture(tmp_path / "a.png"), NUMBERS)


def test_one_bit_gives_0_and_1(tmp_path):
    Image.fromarray(NUMBERS > 1).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_index_picture(tmp_path / "a.png"), NUMBERS > 1)


def test_it_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(NUMBERS).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_index_picture(tmp_path / "a.png"), np.rot90(NUMBERS, -1))


def test_what_is_no_index_picture_is_refused(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.stack([NUMBERS, NUMBERS, NUMBERS.T.reshape(3, 4)], axis=-1)).save(path)
    with pytest.raises(DataError, match=r"a\.png: expected an index picture, .* got colours \(RGB\)\. Export it as"):
        read_index_picture(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r"a\.png: the picture cannot be decoded, .* Copy or export it again"):
        read_index_picture(path)
    path.write_text("no picture")
    with pytest.raises(DataError, match=r"a\.png: the file is not a picture that can be read\. Save it as PNG"):
        read_index_picture(path)
    with pytest.raises(DataError, match=r"b\.png: the file cannot be read"):
        read_index_picture(tmp_path / "b.png")
