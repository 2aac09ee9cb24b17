"""What a camera does to a picture, as settings: presets by name, values in a config, or a file of `match-camera`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field

from data_generators.files import expand_variables
from data_generators.settings import Range, Settings, SettingsError, Share
from data_generators.yaml_text import parse_yaml


class Effect(Settings):
    """One defect: how often, and how strong where it occurs."""

    probability: Share = 0.0
    """Share of the pictures that have it."""
    amount: Range = (0.0, 0.0)
    """Range from which the strength is drawn uniformly; the unit is that of the field it stands in."""


def _effect(probability: float, low: float, high: float) -> Effect:
    return Effect(probability=probability, amount=(low, high))


def _in_range(low: float, high: float) -> AfterValidator:
    def check(effect: Effect) -> Effect:
        if effect.amount[0] < low or effect.amount[1] > high:
            raise ValueError(f"the amount must lie within {low} and {high}. Received {effect.amount}")
        return effect

    return AfterValidator(check)


class CameraSettings(Settings):
    """The defects of a camera. Every field is off by default; `CAMERAS` holds named presets."""

    defocus: Annotated[Effect, _in_range(0, 0.1)] = Effect()
    """Blur of the lens: standard deviation as a fraction of the frame's longer side (0.01 of 128 is 1.3 pixels)."""
    motion: Annotated[Effect, _in_range(0, 0.2)] = Effect()
    """Motion blur: length of the straight path as a fraction of the longer side, in any direction."""
    resolution: Annotated[Effect, _in_range(0.05, 1)] = Effect(amount=(1.0, 1.0))
    """Low resolution: the sensor's side as a fraction of the frame's; noise and JPEG happen at that size."""
    read_noise: Annotated[Effect, _in_range(0, 0.5)] = Effect()
    """Noise that does not depend on the light: standard deviation as a fraction of full scale."""
    shot_noise: Annotated[Effect, _in_range(0, 0.5)] = Effect()
    """Noise that grows with the root of the light: standard deviation in white, as a fraction of full scale."""
    white_balance: Annotated[Effect, _in_range(0, 0.6)] = Effect()
    """Colour cast: red is multiplied by 1 plus this, blue by 1 minus this, or the other way round; green is tinted by
    up to a third of it."""
    gamma: Annotated[Effect, _in_range(0.2, 5)] = Effect(amount=(1.0, 1.0))
    """Exponent of the tone curve: below 1 lightens, above 1 darkens."""
    exposure: Annotated[Effect, _in_range(0.1, 10)] = _effect(0, 1, 1)
    """Factor on the light of all channels; what exceeds full scale is clipped."""
    red_gain: Annotated[Effect, _in_range(0.2, 5)] = _effect(0, 1, 1)
    """Factor on the light of the red channel, that of green being 1: the cast of one camera, whose side is known."""
    blue_gain: Annotated[Effect, _in_range(0.2, 5)] = _effect(0, 1, 1)
    """Factor on the light of the blue channel."""
    saturation: Annotated[Effect, _in_range(0, 3)] = _effect(0, 1, 1)
    """Factor on the distance of colours from grey, after the tone curve."""
    grey: Share = 0.0
    """Share of the pictures from a camera without colour."""
    rgb565: Share = 0.0
    """Share that passes through 16-bit colour (5, 6, 5 bits), as in the frame buffer of an OpenMV camera."""
    jpeg: Annotated[Effect, _in_range(1, 100)] = Effect(amount=(100, 100))
    """JPEG compression: the quality, 1 to 100."""
    frame_px: int | None = Field(None, ge=16)
    """Longer side of the camera's frames in pixels, whose noise, resolution and JPEG these are: a network's frame that
    is smaller has less noise, as shrinking averages it. Null: they are those of the network's frame."""


CAMERAS: dict[str, CameraSettings] = {
    # the picture as it is
    "none": CameraSettings(),
    # a phone of the last ten years, held by hand, mostly in good light
    "phone": CameraSettings(
        defocus=_effect(0.25, 0.002, 0.010),
        motion=_effect(0.10, 0.01, 0.04),
        resolution=_effect(0.10, 0.5, 0.9),
        read_noise=_effect(0.35, 0.004, 0.03),
        shot_noise=_effect(0.35, 0.004, 0.03),
        white_balance=_effect(0.40, 0.0, 0.15),
        gamma=_effect(0.40, 0.75, 1.35),
        grey=0.05,
        jpeg=_effect(0.25, 40, 95),
    ),
    # a cheap fixed-focus camera indoors: soft, noisy, compressed video
    "webcam": CameraSettings(
        defocus=_effect(0.5, 0.004, 0.012),
        motion=_effect(0.2, 0.01, 0.06),
        resolution=_effect(0.4, 0.4, 0.9),
        read_noise=_effect(0.6, 0.01, 0.05),
        shot_noise=_effect(0.5, 0.01, 0.05),
        white_balance=_effect(0.6, 0.0, 0.25),
        gamma=_effect(0.5, 0.6, 1.6),
        jpeg=_effect(0.7, 20, 70),
    ),
    # a microcontroller camera (OpenMV, Nicla Vision, Portenta): grey or 16-bit colour, small, grainy, moving
    "openmv": CameraSettings(
        defocus=_effect(0.5, 0.004, 0.015),
        motion=_effect(0.35, 0.01, 0.08),
        resolution=_effect(0.4, 0.4, 0.9),
        read_noise=_effect(0.8, 0.01, 0.07),
        shot_noise=_effect(0.6, 0.01, 0.06),
        white_balance=_effect(0.5, 0.0, 0.3),
        gamma=_effect(0.6, 0.55, 1.8),
        grey=0.5,
        rgb565=1.0,
        jpeg=_effect(0.3, 30, 80),
    ),
}


def resolve_camera(value: Any) -> Any:
    """The settings behind a name or in a file; anything that is not a text passes through to validation.

    Args:
        value: the name of a preset, the path of a YAML file as `detector match-camera` writes it, or settings.

    Raises:
        ValueError: there is neither a preset nor a file of that name; offers the nearest preset.
        DataError: the path names a variable of the environment that is not set.
    """
    if not isinstance(value, str):
        return value
    if value in CAMERAS:
        return CAMERAS[value]
    path = Path(expand_variables(value)).expanduser()
    if path.is_file():
        return read_camera(path)
    near = difflib.get_close_matches(value, CAMERAS, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else "Choose one of them, or give the settings of your own."
    raise ValueError(
        f"`camera` must be one of {', '.join(CAMERAS)}, a YAML file, or settings. Received {value!r}, and there is no "
        f"such file. {hint}"
    )


def read_camera(path: str | Path) -> CameraSettings:
    """The camera in a YAML file as `detector match-camera` writes it.

    Raises:
        SettingsError: the file is no YAML, or a setting in it is wrong; names the file.
    """
    try:
        values = parse_yaml(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: expected the YAML file of a camera. Received {error}") from error
    return CameraSettings.parse(values, str(path))


Camera = Annotated[CameraSettings, BeforeValidator(resolve_camera)]
