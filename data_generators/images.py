"""Reads and writes picture files: every reader gets its pixels here, upright, 8 bits, in RGB or grey."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image, ImageOps

from data_generators.errors import DataError
from data_generators.files import checked_folder, read_bytes, write_atomically

IMAGE_EXTENSIONS = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
ASPECT_TOLERANCE = 0.02

_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)
_CURE_UNREADABLE = "Copy or export the picture again, or take it out of the set."


def decoder_versions() -> list[str]:
    """Name and version of the libraries that decode pictures: another one may give other pixels."""
    return [f"pillow {PIL.__version__}", f"opencv {cv2.__version__}"]


def read_image(path: str | Path, channels: int = 3) -> np.ndarray:
    """Reads a picture, upright as its EXIF orientation says.

    16-bit greys keep their upper 8 bits; what is transparent becomes white; CMYK and palettes become RGB.

    Args:
        path: the file.
        channels: 3 for RGB, 1 for grey.

    Returns:
        uint8 (H, W, channels).

    Raises:
        DataError: the file is missing, not a picture, or truncated.
        ValueError: `channels` is neither 1 nor 3.
    """
    return decode_image(read_bytes(path), path, channels)


def decode_image(data: bytes, where: str | Path, channels: int = 3) -> np.ndarray:
    """Decodes the bytes of a picture file; see `read_image`.

    JPEG goes through OpenCV, twice as fast as Pillow. It fills what is missing with grey, so the end is checked first.

    Args:
        data: content of the file.
        where: name of the file, for messages.
        channels: 3 for RGB, 1 for grey.
    """
    if channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 (grey) or 3 (RGB). Received {channels}.")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L"):
                return _decode_jpeg(data, where, channels, picture)
            return _decode_other(picture, channels)
    except DataError:
        raise
    except Image.UnidentifiedImageError as error:
        cure = "Convert it to JPEG or PNG (HEIC and camera raw files are not read), or take it out of the set."
        raise DataError(where, "the file is not a picture that can be read.", cure) from error
    except _DECODING_ERRORS as error:
        problem = f"the picture cannot be decoded, it may be truncated ({error})."
        raise DataError(where, problem, _CURE_UNREADABLE) from error


def _decode_jpeg(data: bytes, where: str | Path, channels: int, header: Image.Image) -> np.ndarray:
    if not _jpeg_is_complete(data):
        raise DataError(where, "the JPEG is truncated: its end is missing.", _CURE_UNREADABLE)
    mode = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    image = cv2.imdecode(np.frombuffer(data, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DataError(where, "the JPEG cannot be decoded.", _CURE_UNREADABLE)
    if channels == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    image = _upright(image, int(header.getexif().get(0x0112, 1)))
    return np.ascontiguousarray(image.reshape(*image.shape[:2], channels))


def _upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Applies an EXIF orientation (Exif 2.32, tag 0x0112); what is no orientation counts as upright."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return image


def _jpeg_is_complete(data: bytes) -> bool:
    """Whether the end-of-image marker follows the scan (ITU-T T.81, B.1.1); thumbnails in the header do not count."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return False
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == 0xDA:  # start of scan: inside it FF D9 cannot occur but as the end
            return data.find(b"\xff\xd9", position) >= 0
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False


def _decode_other(picture: Image.Image, channels: int) -> np.ndarray:
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        picture = Image.fromarray(_upper_bits(np.asarray(picture)))
    elif picture.mode == "F":
        raise ValueError("pixels of floating point have no fixed range")
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    image = np.array(picture.convert("RGB" if channels == 3 else "L"))
    return image.reshape(*image.shape[:2], channels)


def _upper_bits(grey: np.ndarray) -> np.ndarray:
    """16-bit greys (H, W) as uint8."""
    if grey.min() < 0 or grey.max() > 65535:
        raise ValueError("expected greys of 8 or 16 bits, got 32 bits")
    return (grey.astype(np.uint16) >> 8).astype(np.uint8)


def encode_image(image: np.ndarray, extension: str, quality: int = 95) -> bytes:
    """The bytes of a picture file.

    Args:
        image: uint8 (H, W, 1 or 3), RGB or grey.
        extension: `.png` or `.jpg`.
        quality: of the JPEG, 1 to 100.

    Raises:
        ValueError: the extension is another one.
    """
    if extension not in (".png", ".jpg"):
        raise ValueError(f"Pictures are written as .png or .jpg. Received {extension!r}.")
    image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[2] == 3 else image
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if extension == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    return bytes(cv2.imencode(extension, image, options)[1])


def write_image(path: str | Path, image: np.ndarray, quality: int = 95) -> None:
    """Writes a picture atomically; the extension of the path, .png or .jpg, gives the format. See `encode_image`."""
    write_atomically(path, encode_image(image, Path(path).suffix.lower(), quality))


def list_images(directory: str | Path, recursive: bool = False) -> list[Path]:
    """The picture files of a folder, sorted by name; hidden files and folders (also macOS' `._x`) are left out.

    Args:
        directory: the folder.
        recursive: whether its sub-folders count too.

    Raises:
        DataError: there is no such folder, or no picture in it.
    """
    root = checked_folder(directory, "pictures")
    paths: list[Path] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        paths += [Path(folder, name) for name in names if _is_picture(name)]
    if not paths:
        cure = f"Put pictures there ({' '.join(IMAGE_EXTENSIONS)}); convert HEIC or camera raw files to JPEG first."
        raise DataError(root, "expected pictures in this folder, found none.", cure)
    return sorted(paths, key=lambda path: path.relative_to(root).as_posix())


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(IMAGE_EXTENSIONS)


def check_labelled_size(where: str, image_hw: tuple[int, int], labelled_hw: tuple[float, float]) -> None:
    """Refuses a picture whose shape is not that of the picture which was labelled; smaller or larger is fine.

    Args:
        where: file and line of the label, for the message.
        image_hw: height and width in pixels, as read.
        labelled_hw: height and width in pixels, as the label file says.

    Raises:
        DataError: the aspect ratios differ by more than 2 %, as when a picture was labelled lying on its side.
    """
    ratio = (image_hw[1] * labelled_hw[0]) / (image_hw[0] * labelled_hw[1])
    if abs(ratio - 1) > ASPECT_TOLERANCE:
        problem = (
            f"labelled on a picture of {labelled_hw[1]:g} x {labelled_hw[0]:g} pixels, but the file, upright as its "
            f"EXIF orientation says, has {image_hw[1]} x {image_hw[0]}."
        )
        raise DataError(where, problem, "Label the picture as it is seen upright, or put the right file there.")
