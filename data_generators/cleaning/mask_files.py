"""Finds the clips of a folder, and reads and writes their masks without loss: values, palette and mode stay."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data_generators.errors import DataError
from data_generators.files import checked_folder, expand_variables, read_bytes
from data_generators.real.davis import IMAGES, MASKS
from data_generators.real.index_picture import GREY_MODES
from data_generators.real.masked_pictures import in_natural_order
from data_generators.real.masks import IMAGE_FOLDERS, MASK_FOLDERS

PICTURE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MOST_VALUES = 64  # more are no classes but soft edges


@dataclass(frozen=True)
class MaskClip:
    """The masks of one clip.

    Args:
        name: of the clip.
        folder: where its masks lie, relative to the folder that was given.
        masks: files, in order of time.
        images: the picture of each mask, None where there is none.
    """

    name: str
    folder: Path
    masks: tuple[Path, ...]
    images: tuple[Path | None, ...]

    def frame(self, text: str) -> int:
        """Index of a frame.

        Args:
            text: name of the file, with or without extension, or the number in it.

        Raises:
            DataError: there is no such frame, or several.
        """
        stems = [path.stem for path in self.masks]
        number = int(text) if text.isdigit() else None
        exact = [index for index, path in enumerate(self.masks) if text in (path.stem, path.name)]
        found = exact or [index for index, stem in enumerate(stems) if number is not None and _number(stem) == number]
        if len(found) != 1:
            came = "several masks have that number" if found else "there is no such mask"
            cure = f"Name one of {stems[0]} to {stems[-1]}."
            raise DataError(self.masks[0].parent, f"corrected frame {text!r}: {came}.", cure)
        return found[0]


def _number(stem: str) -> int | None:
    digits = re.findall(r"\d+", stem)
    return int(digits[-1]) if digits else None


def find_mask_clips(path: str | Path, images: str | Path | None = None) -> tuple[Path, list[MaskClip]]:
    """The clips of a folder.

    It holds the masks themselves, `masks/` or alike beside `images/` or alike, a folder of that kind for each clip, or
    the layout of DAVIS: a folder of masks a clip in `Annotations/` or `Annotations/480p/`, its pictures below
    `JPEGImages/`.

    Args:
        path: the folder; `davis:` or `masks:` may stand before it, as for sources.
        images: folder of the pictures of a single clip, where they lie elsewhere.

    Returns:
        The folder that the clips' own ones are relative to, and the clips, in order of their names.

    Raises:
        DataError: no masks, or several clips and one folder of pictures.
    """
    root = checked_folder(expand_variables(re.sub(r"^(davis|masks):", "", str(path))), "masks")
    folders = _mask_folders(root)
    if images is not None and len(folders) > 1:
        problem = f"one folder of pictures was given, but there are {len(folders)} clips: {_names(folders)}."
        raise DataError(root, problem, "Give the folder of one clip.")
    given = checked_folder(images, "pictures") if images is not None else None
    return root, [_clip(root, folder, given or _picture_folder(root, folder)) for folder in folders]


def _mask_folders(root: Path) -> list[Path]:
    """The folders that hold masks: the given one, those below the first folder that is called so, or those of clips."""
    if any(root.glob("*.png")):
        return [root]
    places = [each for each in sorted(root.glob("*/")) if each.name.lower() in MASK_FOLDERS][:1]
    places = places or [each for each in sorted(root.glob("*/*/")) if each.name.lower() in MASK_FOLDERS]
    folders = sorted({path.parent for place in places for path in place.rglob("*.png")})
    if not folders:
        cure = (
            f"Give a folder of PNG masks, or one that holds {MASKS}/, masks/ or CLIP/masks/. JPEG does not keep their "
            "values."
        )
        raise DataError(root, "expected masks, found none.", cure)
    return folders


def _names(folders: list[Path]) -> str:
    return ", ".join(folder.name for folder in folders[:8]) + (", ..." if len(folders) > 8 else "")


def _picture_folder(root: Path, folder: Path) -> Path | None:
    """The folder whose path differs from that of the masks in the name that says what it holds."""
    for above in (folder, *folder.parents):
        if above.name.lower() not in MASK_FOLDERS:
            continue
        for place in sorted(above.parent.glob("*/")):
            if place.name == IMAGES or place.name.lower() in IMAGE_FOLDERS:
                beside = place / folder.relative_to(above)
                if beside.is_dir():
                    return beside
        if above == root:
            break
    return None


def _clip(root: Path, folder: Path, images: Path | None) -> MaskClip:
    masks = sorted(folder.glob("*.png"), key=lambda path: in_natural_order(path.stem))
    masks = [path for path in masks if not path.name.startswith(".")]
    pictures = images.iterdir() if images else ()
    by_stem = {path.stem: path for path in pictures if path.suffix.lower() in PICTURE_EXTENSIONS}
    relative = folder.relative_to(root)
    named = [part for part in relative.parts if part.lower() not in MASK_FOLDERS]
    name = named[-1] if named else root.resolve().name
    return MaskClip(name, relative, tuple(masks), tuple(by_stem.get(path.stem) for path in masks))


def read_mask_values(path: Path) -> np.ndarray:
    """The values of a mask as they are painted: index, grey, or for colours red * 65536 + green * 256 + blue.

    Returns:
        int32 (H, W); 0 is background.

    Raises:
        DataError: it cannot be read, or it has so many values that they cannot be classes.
    """
    pixels = np.asarray(_open(path))
    if pixels.ndim == 3:
        colours = pixels[..., :3].astype(np.int32) if pixels.shape[2] > 2 else pixels[..., :1].astype(np.int32)
        pixels = colours @ np.array([65536, 256, 1][-colours.shape[2] :], np.int32)
    values = pixels.astype(np.int32)
    if len(np.unique(values)) > MOST_VALUES:
        problem = f"expected a mask with a value or colour a class, got {len(np.unique(values))} of them."
        raise DataError(path, problem, "Save masks as PNG, without soft edges, never by way of JPEG.")
    return values


def is_palette(path: Path) -> bool:
    """Whether the values of a mask are indices of a palette.

    Raises:
        DataError: it cannot be read.
    """
    return _open(path).mode == "P"


def encode_kept(path: Path, dropped: np.ndarray) -> bytes:
    """The bytes of a mask file with some of its pixels turned into background; mode and palette stay.

    Args:
        path: the file as it was painted.
        dropped: bool (H, W).
    """
    if not dropped.any():
        return read_bytes(path)
    picture = _open(path)
    pixels = np.array(picture)
    pixels[dropped] = 0
    if picture.mode in ("RGBA", "LA") and (np.asarray(picture)[..., -1] == 255).all():
        pixels[dropped, -1] = 255
    cleaned = Image.fromarray(pixels)
    if picture.mode == "P":
        cleaned.putpalette(picture.getpalette() or [])
    stream = io.BytesIO()
    kept = {name: picture.info[name] for name in ("transparency", "dpi") if name in picture.info}
    cleaned.save(stream, "PNG", **kept)
    return stream.getvalue()


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(io.BytesIO(read_bytes(path))) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        problem = f"the mask cannot be read, it may be truncated ({error})."
        raise DataError(path, problem, "Export it again as PNG.") from error
    if picture.mode not in (*GREY_MODES, "LA", "RGB", "RGBA"):
        raise DataError(path, f"masks of mode {picture.mode} are not read.", "Save it as a grey or palette PNG.")
    return picture
