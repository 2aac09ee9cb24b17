"""The page brings a picture to the network's frame as `fit_image` does."""

from __future__ import annotations

import base64
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from data_generators.transform.input_spec import InputSpec, content_box, fit_image
from tests.detector.chromium import visit
from tests.detector.export.web.conftest import Serve

pytestmark = pytest.mark.browser
FIT = """
const [pixels, width, height, input, done] = arguments;
(async () => {
  const { fitPicture } = await import("/frame.js");
  const data = Uint8ClampedArray.from(atob(pixels), (letter) => letter.charCodeAt(0));
  const { values, content } = fitPicture(new ImageData(data, width, height), input);
  return [Array.from(values, (value) => Math.round(value * 255)), content];
})().then(done, (error) => done(String(error.stack)));
"""
CASES = [  # height and width of the picture, and the frame
    ((120, 160), InputSpec(size_hw=(32, 48))),
    ((64, 96), InputSpec(size_hw=(32, 48))),
    ((96, 144), InputSpec(size_hw=(32, 48), channels=1)),
    ((20, 100), InputSpec(size_hw=(32, 48))),
    ((17, 23), InputSpec(size_hw=(32, 48), channels=1)),
    ((101, 67), InputSpec(size_hw=(32, 48), fit="letterbox")),
    ((30, 200), InputSpec(size_hw=(48, 32), fit="letterbox")),
    ((32, 48), InputSpec(size_hw=(32, 48))),
]


def picture(size_hw: tuple[int, int]) -> np.ndarray:
    """Noise and waves, uint8 (H, W, 3)."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[: size_hw[0], : size_hw[1]]
    waves = 128 + 60 * np.sin(x / 5 + y / 9)[..., None] + rng.normal(0, 30, (*size_hw, 3))
    return waves.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("size_hw", "spec"), CASES)
def test_frames_are_those_of_training(browser: Any, serve: Serve, size_hw: tuple[int, int], spec: InputSpec) -> None:
    page = Path(str(resources.files("detector.export.web") / "page"))
    if "/icon.svg" not in browser.current_url or not browser.current_url.startswith("http://127"):
        visit(browser, serve(page) + "/icon.svg")
    image = picture(size_hw)
    pixels = base64.b64encode(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA).tobytes()).decode()
    result = browser.execute_async_script(FIT, pixels, size_hw[1], size_hw[0], spec.model_dump(mode="json"))
    assert isinstance(result, list), result
    values, content = result
    difference = np.abs(np.array(values) - fit_image(image, spec).ravel().astype(int))
    assert difference.max() <= 1
    grows = np.any(np.array(content_box(spec, size_hw)[2:]) > size_hw)
    assert np.mean(difference > 0) <= (0.15 if grows else 0.01)  # OpenCV interpolates with weights of 11 bits
    top, left, height, width = content_box(spec, size_hw)
    frame_h, frame_w = spec.size_hw
    assert content == pytest.approx(
        {"top": top / frame_h, "left": left / frame_w, "height": height / frame_h, "width": width / frame_w}
    )
