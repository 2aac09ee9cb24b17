"""The network's input contract: size, channels and fit of any picture; training, prediction and every port obey it.

What a port has to do, in this order, all of it in 8 bits with pixel-centre alignment (source coordinate
(i + 0.5) * from / to - 0.5):

1. channels: three to one is grey = 0.299 R + 0.587 G + 0.114 B, rounded; one to three repeats the grey value;
2. size: the picture is resized to its place in the frame (`content_box`), each axis by itself: an axis that shrinks is
   averaged over the area that each new pixel covers (`cv2.INTER_AREA`), an axis that grows is interpolated linearly
   (`cv2.INTER_LINEAR`);
3. letterbox: the rest of the frame is black (0).

The network then sees value / 255, range [0, 1].
"""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import Field

from data_generators.geometry import apply_homography
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.settings import Settings

Side = Annotated[int, Field(ge=16, le=4096)]


class InputSpec(Settings):
    """What the network takes in: uint8 (H, W, C), scaled to [0, 1] by the model."""

    size_hw: tuple[Side, Side]
    """Height and width of the frame in pixels."""
    channels: Literal[1, 3] = 3
    """3 for RGB, 1 for grey."""
    fit: Literal["stretch", "letterbox"] = "stretch"
    """`stretch` fills the frame and changes the aspect; `letterbox` keeps the aspect, centred between black bars."""


def content_box(spec: InputSpec, from_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where in the frame the picture comes to lie, in whole pixels.

    Letterbox: scale = min(H / h, W / w); the content is round(h * scale) high and round(w * scale) wide (half rounds
    up, at least 1); the bar above is floor((H - height) / 2), the bar on the left floor((W - width) / 2).

    Args:
        spec: the frame.
        from_hw: height and width of the picture in pixels.

    Returns:
        top, left, height, width in pixels of the frame.
    """
    height, width = spec.size_hw
    if spec.fit == "stretch":
        return 0, 0, height, width
    from_h, from_w = from_hw
    if height * from_w <= width * from_h:  # the picture is the taller one: it fills the height
        inner = height, max(1, (2 * from_w * height + from_h) // (2 * from_h))
    else:
        inner = max(1, (2 * from_h * width + from_w) // (2 * from_w)), width
    return (height - inner[0]) // 2, (width - inner[1]) // 2, inner[0], inner[1]


def fit_homography(spec: InputSpec, from_hw: tuple[int, int]) -> np.ndarray:
    """Takes normalised coordinates of the picture to normalised coordinates of the frame; its inverse takes
    predictions back.

    Args:
        spec: the frame.
        from_hw: height and width of the picture in pixels.

    Returns:
        (3, 3) float64; the identity for `stretch`, a scale and a shift that agree with the rounded bars for
        `letterbox`.
    """
    top, left, inner_h, inner_w = content_box(spec, from_hw)
    height, width = spec.size_hw
    return np.array([[inner_w / width, 0, left / width], [0, inner_h / height, top / height], [0, 0, 1]], np.float64)


def match_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """The picture uint8 (H, W, C) in grey or RGB, (H, W, channels)."""
    if image.shape[2] == channels:
        return image
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)


def resize_image(image: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """The picture uint8 (h, w, C) at another size, (H, W, C): an axis that shrinks by area, one that grows linearly."""
    channels, (height, width) = image.shape[2], size_hw
    shrunk_hw = min(height, image.shape[0]), min(width, image.shape[1])
    for step_hw, method in ((shrunk_hw, cv2.INTER_AREA), (size_hw, cv2.INTER_LINEAR)):
        if image.shape[:2] != step_hw:
            image = cv2.resize(image, (step_hw[1], step_hw[0]), interpolation=method)
    return image.reshape(height, width, channels)


def fit_image(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Puts a picture into the frame as the contract says (see the head of this module).

    Args:
        image: uint8 (h, w, 1 or 3).
        spec: the frame.

    Returns:
        uint8 (H, W, C) at the spec's size and channels.
    """
    top, left, height, width = content_box(spec, (image.shape[0], image.shape[1]))
    content = resize_image(match_channels(image, spec.channels), (height, width))
    if (height, width) == spec.size_hw:
        return np.ascontiguousarray(content)
    frame = np.zeros((*spec.size_hw, spec.channels), np.uint8)
    frame[top : top + height, left : left + width] = content
    return frame


def _fit_mask(mask: np.ndarray, spec: InputSpec) -> np.ndarray:
    """The mask (h, w) in the frame by nearest neighbour; 255 (ignore) on the bars, (0, 0) stays."""
    if not mask.size:
        return mask
    top, left, height, width = content_box(spec, (mask.shape[0], mask.shape[1]))
    frame = np.full(spec.size_hw, MASK_IGNORE, np.uint8)
    inner = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    frame[top : top + height, left : left + width] = inner
    return frame


def fit_sample(sample: Sample, spec: InputSpec) -> Sample:
    """The sample in the network's frame: picture by `fit_image`, labels by `fit_homography`, mask by nearest
    neighbour with 255 (ignore) on the bars.

    The corners stay in the order that the source gave: no fit turns or mirrors. Yet `letterbox` changes the aspect of
    the coordinates, so that another corner may have the least x + y; whoever wants image order in the frame makes it
    there (`order_corners_image`).
    """
    matrix = fit_homography(spec, sample.size_hw)
    corners = apply_homography(matrix, sample.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    return sample.replace(
        image=fit_image(sample.image, spec),
        boxes=corners.astype(np.float32),
        keypoints=apply_homography(matrix, sample.keypoints).astype(np.float32),
        mask=_fit_mask(sample.mask, spec),
    )
