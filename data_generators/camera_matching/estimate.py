"""What is known of a camera: the result of matching, and the settings that imitate it in training."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from data_generators.transform.camera_settings import CameraSettings

# Relative half widths of the ranges around an estimate: about as far as estimates from 20 frames lie from the truth
_WIDTHS = {
    "defocus": 0.2,
    "resolution": 0.05,
    "read_noise": 0.25,
    "shot_noise": 0.25,
    "exposure": 0.2,
    "red_gain": 0.05,
    "blue_gain": 0.05,
    "gamma": 0.15,
    "saturation": 0.15,
    "jpeg": 0.05,
}
_LIMITS = {"defocus": 0.1, "resolution": 1.0, "read_noise": 0.5, "shot_noise": 0.5, "jpeg": 100.0}


@dataclass(frozen=True)
class CameraEstimate:
    """One camera; the defaults are those of a perfect one.

    Args:
        side_px: longer side of its frames in pixels.
        blur_px: standard deviation of the point spread in pixels of the frame, beyond that of the clean pictures.
        resolution: sensor's side as a share of the frame's; below 1 the frames were enlarged.
        read_noise: standard deviation in black, fraction of full scale, before the tone curve.
        shot_noise: standard deviation in white of the part that grows with the root of the light.
        exposure: factor on the light.
        red_gain: factor on the light of red, green being 1.
        blue_gain: factor on the light of blue.
        gamma: exponent of the tone curve.
        saturation: factor on the distance from grey.
        jpeg: quality 1 to 100, or None where no JPEG was found.
        grey: whether the camera sees no colour.
    """

    side_px: int
    blur_px: float = 0.0
    resolution: float = 1.0
    read_noise: float = 0.0
    shot_noise: float = 0.0
    exposure: float = 1.0
    red_gain: float = 1.0
    blue_gain: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0
    jpeg: int | None = None
    grey: bool = False

    def replace(self, **changes: Any) -> CameraEstimate:
        """The same estimate with other values."""
        return dataclasses.replace(self, **changes)

    def to_settings(self, frame_px: int, spread: float = 0.0) -> CameraSettings:
        """Settings that give pictures the camera's defects.

        Args:
            frame_px: longer side of frames in pixels, to which `blur_px` refers.
            spread: 0 for exactly these values, 1 for ranges about as wide as the estimates are unsure.
        """
        amounts = {
            "defocus": self.blur_px / frame_px,
            **{name: getattr(self, name) for name in _WIDTHS if name not in ("defocus", "jpeg")},
            "jpeg": self.jpeg or 0,
        }
        neutral = {name: 0.0 if name in ("defocus", "read_noise", "shot_noise", "jpeg") else 1.0 for name in amounts}
        if self.grey:
            neutral |= {name: amounts[name] for name in ("red_gain", "blue_gain", "saturation")}
        effects = {name: _effect(name, amount, spread) for name, amount in amounts.items() if amount != neutral[name]}
        return CameraSettings.parse({**effects, "grey": float(self.grey), "frame_px": frame_px}, "the matched camera")


def _effect(name: str, amount: float, spread: float) -> dict[str, Any]:
    width = spread * _WIDTHS[name]
    low, high = (round(min(amount * factor, _LIMITS.get(name, 10.0)), 5) for factor in (1 - width, 1 + width))
    return {"probability": 1.0, "amount": [max(low, 1.0) if name == "jpeg" else low, high]}
