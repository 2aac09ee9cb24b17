"""The file of a matched camera, which a config takes as `augment.camera`, and the picture that shows the match."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.frames import Frames, spread
from data_generators.camera_matching.matching import imitate, prepare_clean
from data_generators.drawing import draw_text
from data_generators.files import write_atomically
from data_generators.preview import contact_sheet

_ROWS, _CELL_PX, _ZOOM = 6, 256, 4
_TITLES = ("camera", "clean, as from it", "clean", "camera, 4x", "as from it, 4x", "clean, 4x")
_TITLE_PX = 26


def write_camera(path: str | Path, camera: CameraEstimate, origin: str) -> None:
    """Writes the settings of a camera, in ranges around the estimates, as YAML.

    Args:
        path: the file, for `augment.camera`.
        camera: the estimate.
        origin: which frames and clean pictures it comes from, a line for the head of the file.
    """
    settings = camera.to_settings(camera.side_px, spread=1.0)
    values = settings.model_dump(mode="json", exclude_unset=True)
    head = (
        f"# {origin}\n"
        "# A config takes this file as augment.camera. Ranges are about as wide as the estimates are unsure; all are\n"
        "# relative to the clean pictures: what these lack already is not added again.\n"
    )
    write_atomically(path, (head + yaml.safe_dump(values, sort_keys=False, default_flow_style=None)).encode())


def draw_side_by_side(frames: Frames, clean: Sequence[np.ndarray], camera: CameraEstimate) -> np.ndarray:
    """Frames of the camera, clean pictures as if from it, and these as they are: whole, and their middles enlarged.

    Args:
        frames: of the camera.
        clean: uint8 (H, W, 1 or 3), the reference.
        camera: the estimate.

    Returns:
        uint8 (H, W, 3), up to six rows of six.
    """
    chosen = [frames.images[index] for index in spread(len(frames.images), _ROWS)]
    reference = prepare_clean([clean[index] for index in spread(len(clean), _ROWS)], frames)
    rows = list(zip(chosen, imitate(reference, camera), reference, strict=False))
    cells = [cell for row in rows for cell in (*row, *map(_enlarged_middle, row))]
    sheet = contact_sheet(cells, len(_TITLES), _CELL_PX)
    titles = np.full((_TITLE_PX, sheet.shape[1], 3), 12, np.uint8)
    for column, title in enumerate(_TITLES):
        draw_text(titles, title, (8 + column * sheet.shape[1] / len(_TITLES), 4), 16, (255, 255, 255))
    return np.concatenate([titles, sheet])


def _enlarged_middle(image: np.ndarray) -> np.ndarray:
    """The middle of a picture, each pixel a square, so that blur, noise and blocks are seen as they are."""
    side = min(_CELL_PX // _ZOOM, *image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = image[top : top + side, left : left + side]
    return np.ascontiguousarray(middle.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1))
