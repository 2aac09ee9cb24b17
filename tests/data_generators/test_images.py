import io

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.images import check_labelled_size, decode_image, list_images, read_image, write_image

RED, GREEN = np.meshgrid(np.linspace(0, 255, 60), np.linspace(0, 255, 40))
PICTURE = np.stack([RED, GREEN, np.full((40, 60), 90.0)], axis=-1).astype(np.uint8)  # (40, 60, 3)


def encoded(picture, kind, **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def with_orientation(orientation, kind):
    """PICTURE as a camera stores it that was held another way."""
    turn = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # transposes that undo the orientation
    stored = Image.fromarray(PICTURE)
    stored = stored if turn is None else stored.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored, kind, exif=exif.tobytes(), **({"quality": 95} if kind == "JPEG" else {}))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(kind, orientation):
    image = decode_image(with_orientation(orientation, kind), "a")
    assert image.shape == (40, 60, 3)
    np.testing.assert_allclose(image.astype(int), PICTURE, atol=12)


@pytest.mark.parametrize(("name", "tolerance"), [("a.png", 0), ("a.jpg", 6)])
@pytest.mark.parametrize("channels", [1, 3])
def test_write_and_read(tmp_path, name, tolerance, channels):
    image = PICTURE[..., :channels]
    write_image(tmp_path / name, image)
    read = read_image(tmp_path / name, channels)
    assert read.shape == image.shape
    assert np.abs(read.astype(int) - image).max() <= tolerance


def test_grey_of_a_colour_picture_is_its_luma(tmp_path):
    write_image(tmp_path / "a.png", PICTURE)
    luma = PICTURE @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(read_image(tmp_path / "a.png", 1)[..., 0], luma, atol=1)


def test_colour_of_a_grey_jpeg_has_three_equal_channels():
    image = decode_image(encoded(Image.fromarray(PICTURE).convert("L"), "JPEG"), "a")
    assert image.shape == (40, 60, 3)
    assert (image == image[..., :1]).all()


def test_palette_becomes_rgb():
    image = decode_image(encoded(Image.fromarray(PICTURE).quantize(64), "PNG"), "a")
    assert np.abs(image.astype(int) - PICTURE).mean() < 15


def test_what_is_transparent_becomes_white():
    alpha = np.zeros((40, 60, 1), np.uint8)
    alpha[:, 30:] = 255
    image = decode_image(encoded(Image.fromarray(np.concatenate([PICTURE, alpha], axis=-1)), "PNG"), "a")
    assert (image[:, :30] == 255).all()
    np.testing.assert_array_equal(image[:, 30:], PICTURE[:, 30:])


def test_16_bit_greys_keep_their_upper_bits():
    grey = np.arange(2400, dtype=np.uint16).reshape(40, 60) * 27
    image = decode_image(encoded(Image.fromarray(grey), "PNG"), "a", channels=1)
    np.testing.assert_array_equal(image[..., 0], grey >> 8)


def test_cmyk_becomes_rgb():
    image = decode_image(encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG", quality=95), "a")
    np.testing.assert_allclose(image.astype(int), PICTURE, atol=12)


@pytest.mark.parametrize("part", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(tmp_path, kind, part):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(DataError, match=r"a\.jpg: .*(truncated|not a picture|cannot be decoded).* take it out"):
        read_image(path)


def test_a_truncated_jpeg_with_a_whole_thumbnail_is_refused():
    thumbnail = encoded(Image.fromarray(PICTURE).resize((15, 10)), "JPEG")
    data = encoded(Image.fromarray(PICTURE), "JPEG")
    segment = b"\xff\xe5" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    with_thumbnail = data[:2] + segment + data[2:]
    assert decode_image(with_thumbnail, "a").shape == (40, 60, 3)
    with pytest.raises(DataError, match="JPEG is truncated"):
        decode_image(with_thumbnail[:-40], "a")


def test_bytes_after_the_end_of_a_jpeg_do_no_harm():
    assert decode_image(encoded(Image.fromarray(PICTURE), "JPEG") + b"\0" * 99, "a").shape == (40, 60, 3)


@pytest.mark.parametrize("data", [b"", b"not a picture at all"])
def test_what_is_not_a_picture_is_refused(data):
    with pytest.raises(DataError, match=r"notes\.jpg: the file is not a picture .*HEIC"):
        decode_image(data, "notes.jpg")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.jpg: the file cannot be read: No such file"):
        read_image(tmp_path / "a.jpg")


def test_floating_point_pixels_are_refused():
    data = encoded(Image.fromarray(np.zeros((4, 6), np.float32)), "TIFF")
    with pytest.raises(DataError, match="floating point"):
        decode_image(data, "a.tif")


def test_channels_are_one_or_three():
    with pytest.raises(ValueError, match=r"`channels` must be 1 \(grey\) or 3 \(RGB\). Received 4"):
        decode_image(b"", "a", channels=4)


def test_pictures_are_written_as_png_or_jpg(tmp_path):
    with pytest.raises(ValueError, match=r"as \.png or \.jpg\. Received '\.gif'"):
        write_image(tmp_path / "a.gif", PICTURE)


def test_list_images_is_sorted_and_leaves_hidden_files_out(tmp_path):
    for name in ("b.JPG", "a.png", "._a.png", ".c.png", "notes.txt", "sub/d.webp", ".git/e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in list_images(tmp_path)] == ["a.png", "b.JPG"]
    assert [path.name for path in list_images(tmp_path, recursive=True)] == ["a.png", "b.JPG", "d.webp"]


def test_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected pictures in this folder, found none. .* convert HEIC"):
        list_images(tmp_path)
    with pytest.raises(DataError, match="it is not there"):
        list_images(tmp_path / "no")


def test_labelled_size_may_be_scaled_but_not_turned():
    check_labelled_size("a.csv:2", (40, 60), (80.0, 120.0))
    with pytest.raises(DataError, match=r"a\.csv:2: labelled on a picture of 40 x 60 pixels, but .* 60 x 40"):
        check_labelled_size("a.csv:2", (40, 60), (60.0, 40.0))
