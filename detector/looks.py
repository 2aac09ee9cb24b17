"""How often and how a picture is looked at: tiles of a large one, second looks, and one prediction of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import field_validator

from data_generators.geometry import UNIT_QUAD, apply_homography
from data_generators.sample import Sample
from data_generators.settings import Settings, SettingsError
from data_generators.transform.input_spec import InputSpec, fit_homography, fit_image
from data_generators.transform.tiling import TileSettings, crop_image, tile_windows, window_box, window_homography
from data_generators.transform.warp import WarpRules, warp_sample
from detector.codecs.base import Codec, Prediction

SecondLook = Literal["mirror", "smaller", "larger"]
WHOLE = TileSettings(rows=1, columns=1)
PICTURE_BOX = np.array([0.0, 0, 1, 1])


def _scaled(factor: float) -> np.ndarray:
    """About the centre, (3, 3)."""
    return np.array([[factor, 0, 0.5 - factor / 2], [0, factor, 0.5 - factor / 2], [0, 0, 1]])


CHANGES: dict[SecondLook, np.ndarray] = {  # normalised picture -> normalised changed picture
    "mirror": np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]]),
    "smaller": _scaled(0.83),
    "larger": _scaled(1.2),
}


class Looks(Settings):
    """How often and how a picture is looked at."""

    tiles: TileSettings | None = None
    """How the picture is cut; null: as the model's card says, 1 x 1: not at all."""
    tta: tuple[SecondLook, ...] = ()
    """Test-time augmentation: how every tile is looked at again, beside as it is. `mirror`: left to right; `smaller`
    and `larger`: by a factor of 1.2."""

    @field_validator("tta")
    @classmethod
    def _check_tta(cls, tta: tuple[SecondLook, ...]) -> tuple[SecondLook, ...]:
        if len(set(tta)) < len(tta):
            raise ValueError("every look may be named once")
        return tta

    def check(self, codecs: Mapping[str, Codec]) -> None:
        """Refuses a mirror where what a head predicts has no mirror image.

        Raises:
            SettingsError: names the head.
        """
        for name, codec in codecs.items():
            if "mirror" in self.tta and not codec.may_mirror:
                raise SettingsError(
                    f"The look `mirror` is not for the head `{name}`: it tells keypoints apart that a mirror swaps. "
                    "Mirrors are for four corners in image order. Leave `mirror` out of --tta."
                )

    def to_json(self) -> dict[str, Any]:
        """What differs from a single look at the whole picture, for reports."""
        tiles = {"tiles": self.tiles.model_dump()} if self.tiles else {}
        return tiles | ({"tta": list(self.tta)} if self.tta else {})


ONCE = Looks()
UNCUT = Looks(tiles=WHOLE)


def parse_looks(tiles: str | None, overlap: float | None, tta: Sequence[str] = ()) -> Looks:
    """Looks as the command line names them.

    Args:
        tiles: `ROWSxCOLUMNS`, e.g. `2x3`; None takes what the model's card says.
        overlap: of the tiles.
        tta: names of second looks.

    Raises:
        SettingsError: tiles are no such text, or there is an overlap without them.
    """
    found = re.fullmatch(r"(\d+)[x×](\d+)", tiles or "1x1", re.IGNORECASE)
    if not found or (tiles is None and overlap is not None):
        raise SettingsError(
            f"--tiles must be ROWSxCOLUMNS, e.g. 2x3, and --overlap goes with it. Received {tiles or 'no --tiles'}."
        )
    share = {} if overlap is None else {"overlap": overlap}
    grid = {"rows": int(found[1]), "columns": int(found[2])} | share
    return Looks.parse({"tiles": grid if tiles else None, "tta": tuple(tta)}, "--tiles, --tta")


@dataclass(frozen=True)
class Look:
    """One frame for the network.

    Args:
        frame: uint8 (H, W, C).
        to_tile: (3, 3) from normalised coordinates of the frame to those of the tile.
        window: (4,) what it shows of the tile, x0 y0 x1 y1.
    """

    frame: np.ndarray
    to_tile: np.ndarray
    window: np.ndarray


@dataclass(frozen=True)
class Tile:
    """A part of a picture, or all of it.

    Args:
        window: (4,) x0 y0 x1 y1 in normalised coordinates of the picture.
        looks: at the tile, as it is first.
    """

    window: np.ndarray
    looks: tuple[Look, ...]

    @property
    def to_picture(self) -> np.ndarray:
        """(3, 3) from normalised coordinates of the tile to those of the picture."""
        return np.linalg.inv(window_homography(self.window))


def look_at(image: np.ndarray, spec: InputSpec, tiles: TileSettings, tta: Sequence[SecondLook] = ()) -> list[Tile]:
    """All looks at a picture.

    Args:
        image: uint8 (H, W, C).
        spec: the network's frame.
        tiles: how the picture is cut.
        tta: further looks at every tile.
    """
    size_hw = image.shape[0], image.shape[1]
    cuts = ((window, crop_image(image, window)) for window in tile_windows(tiles, size_hw))
    return [
        Tile(window_box(window, size_hw), (_plain(crop, spec), *(_changed(crop, spec, CHANGES[name]) for name in tta)))
        for window, crop in cuts
    ]


def _plain(image: np.ndarray, spec: InputSpec) -> Look:
    return Look(fit_image(image, spec), np.linalg.inv(fit_homography(spec, image.shape[:2])), PICTURE_BOX)


def _changed(image: np.ndarray, spec: InputSpec, change: np.ndarray) -> Look:
    """The look after a change (3, 3) of view that keeps boxes boxes."""
    size_hw = image.shape[0], image.shape[1]
    back = np.linalg.inv(change)
    corners = apply_homography(back, UNIT_QUAD).clip(0, 1)
    frame = warp_sample(Sample(image=image), change, spec, size_hw, WarpRules()).image
    to_tile = back @ np.linalg.inv(fit_homography(spec, size_hw))
    return Look(frame, to_tile, np.concatenate([corners.min(axis=0), corners.max(axis=0)]))


def merge_looks(tiles: Sequence[Tile], predictions: Iterator[Prediction]) -> Prediction:
    """One prediction of a picture, in its normalised coordinates.

    Args:
        tiles: what `look_at` gave.
        predictions: one a look, in order, in normalised coordinates of the look's frame.
    """
    of_tiles = [_merge_tile(tile, predictions).mapped(tile.to_picture) for tile in tiles]
    if len(of_tiles) == 1:
        return of_tiles[0]
    return type(of_tiles[0]).of_tiles(of_tiles, np.stack([tile.window for tile in tiles]))


def _merge_tile(tile: Tile, predictions: Iterator[Prediction]) -> Prediction:
    """One prediction of a tile, in its normalised coordinates."""
    mapped = [next(predictions).mapped(look.to_tile) for look in tile.looks]
    if len(mapped) == 1:
        return mapped[0]
    return type(mapped[0]).of_looks(mapped, np.stack([look.window for look in tile.looks]))
