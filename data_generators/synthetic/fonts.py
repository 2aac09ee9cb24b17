"""The open fonts that drawn pages are set in: those that matplotlib ships, never the machine's."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import ImageFont

# family -> file names of the regular and of the bold cut
FAMILIES: dict[str, tuple[str, str]] = {
    "sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "serif": ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    "mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    "times": ("STIXGeneral.ttf", "STIXGeneralBol.ttf"),
}


@lru_cache(maxsize=256)
def load_font(family: str, size_px: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A font of one of `FAMILIES`.

    Args:
        family: key of `FAMILIES`.
        size_px: em size in pixels, at least 1.
        bold: whether to take the bold cut.

    Raises:
        ValueError: there is no such family.
    """
    if family not in FAMILIES:
        raise ValueError(f"`family` must be one of {sorted(FAMILIES)}. Received {family!r}.")
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    # the basic layout engine gives the same pixels whether or not libraqm is installed
    return ImageFont.truetype(folder / FAMILIES[family][bold], size_px, layout_engine=ImageFont.Layout.BASIC)


def tight_box(font: ImageFont.FreeTypeFont, text: str) -> tuple[float, float, float, float]:
    """The pixels that a line of text inks when drawn at (0, 0): x0 y0 x1 y1; `getbbox` adds the advance of the pen."""
    mask, (x, y) = font.getmask2(text, mode="L")
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    return left + x, top + y, right + x, bottom + y
