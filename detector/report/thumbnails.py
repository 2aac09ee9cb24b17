"""Pictures for the page: shrunk until all of them together are small enough to lie in it."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from detector.runs import RunError

BUDGET_BYTES = 2_600_000  # of all pictures, before base64 makes them a third longer
SIDES_PX = (980, 720, 540, 400, 300, 220)
QUALITY = 62
EXPECTED_BYTES = 0.08  # a pixel, of pictures with little in them; spares the sides that are hopeless


def embed_pictures(paths: Sequence[Path], budget: int = BUDGET_BYTES) -> Mapping[Path, str]:
    """Path -> data URI, all with the same longest side: the largest at which all are within the budget.

    Args:
        paths: picture files.
        budget: bytes of all of them; where even the smallest side is too large, the last ones are left out.

    Raises:
        RunError: a file is no picture.
    """
    pictures, encoded = [_read(path) for path in paths], list[bytes]()
    for side in SIDES_PX:
        if side != SIDES_PX[-1] and len(paths) * side**2 * EXPECTED_BYTES > budget:
            continue
        encoded = [_encode(picture, side) for picture in pictures]
        if sum(map(len, encoded)) <= budget:
            break
    fitting = sum(total <= budget for total in itertools.accumulate(map(len, encoded)))
    return _as_uris(paths[:fitting], encoded[:fitting])


def _as_uris(paths: Sequence[Path], encoded: Sequence[bytes]) -> dict[Path, str]:
    texts = [f"data:image/webp;base64,{base64.b64encode(data).decode()}" for data in encoded]
    return dict(zip(paths, texts, strict=True))


def _read(path: Path) -> Image.Image:
    """RGB, no larger than the page shows any."""
    try:
        with Image.open(path) as picture:
            shown = picture.convert("RGB")
    except OSError as error:
        raise RunError(f"{path}: no picture that can be read ({error}). Take it away, or draw it again.") from None
    shown.thumbnail((SIDES_PX[0], SIDES_PX[0]), Image.Resampling.LANCZOS)
    return shown


def _encode(picture: Image.Image, side: int) -> bytes:
    small, data = picture.copy(), io.BytesIO()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.save(data, "WEBP", quality=QUALITY, method=2)
    return data.getvalue()
