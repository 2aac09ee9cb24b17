"""A camera that is none: `csi`, `image`, `ml` and MicroPython's `time`, as far as the scripts of a bundle use them.

    python board_stubs.py FOLDER SCRIPT PICTURE.png DRAWN.png

runs a script of a bundle; the camera shows the picture once, `ml.Model` runs the file on LiteRT's reference kernels,
and what the script draws is written.
"""

from __future__ import annotations

import runpy
import sys
import time
import types
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ulab import numpy as ulab

FOLDER, SCRIPT, PICTURE, DRAWN = map(Path, sys.argv[1:])
GRAYSCALE, RGB565, AREA, BILINEAR, IGNORE = 1, 2, 4, 8, 16


class Image:
    """Pixels uint8 (H, W, C), of a buffer or of the camera."""

    def __init__(self, width: int, height: int, pixels: int, *, buffer: Any = None) -> None:
        bytes_a_pixel = 1 if pixels == GRAYSCALE else 2
        assert buffer is None or len(buffer) == width * height * bytes_a_pixel
        self.array = np.zeros((height, width, 1 if pixels == GRAYSCALE else 3), np.uint8)

    def width(self) -> int:
        return self.array.shape[1]

    def height(self) -> int:
        return self.array.shape[0]

    def draw_image(self, other: Image, x: int, y: int, *, hint: int) -> None:
        assert (x, y) == (0, 0) and hint & IGNORE, "it would not be stretched over the whole"
        method = cv2.INTER_AREA if hint & AREA else cv2.INTER_LINEAR
        small = cv2.resize(other.array, (self.width(), self.height()), interpolation=method)
        self.array = as_rgb565(small.reshape(self.array.shape))

    def to_ndarray(self, dtype: int, *, buffer: bytearray) -> None:
        assert dtype == ord("b")
        buffer[:] = (self.array.astype(np.int16) - 128).astype(np.int8).tobytes()

    def draw_line(self, *ends: int, color: Any, thickness: int = 1) -> None:
        cv2.line(self.array, ends[:2], ends[2:], color, thickness)

    def draw_rectangle(self, x: int, y: int, width: int, height: int, *, color: Any) -> None:
        cv2.rectangle(self.array, (x, y), (x + width, y + height), color)

    def draw_string(self, x: int, y: int, text: str, *, color: Any) -> None:
        cv2.putText(self.array, text, (x, y + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.4, color)


def as_rgb565(image: np.ndarray) -> np.ndarray:
    """Colours of 5, 6 and 5 bits."""
    if image.shape[2] == 1:
        return image
    return np.stack([image[..., 0] & 0xF8, image[..., 1] & 0xFC, image[..., 2] & 0xF8], axis=-1)


class Camera:
    """Shows one picture, then there are no more."""

    frame: Image | None = None

    def reset(self) -> None:
        pass

    def pixformat(self, pixels: int) -> None:
        assert pixels in (GRAYSCALE, RGB565)

    def framesize(self, size_wh: tuple[int, int]) -> None:
        self.size_wh = size_wh

    def snapshot(self, time: int = 0) -> Image:
        if self.frame is not None:
            cv2.imwrite(str(DRAWN), self.frame.array[..., ::-1])
            raise SystemExit
        picture = Image(*self.size_wh, RGB565)
        picture.array = cv2.resize(cv2.imread(str(PICTURE)), self.size_wh, interpolation=cv2.INTER_AREA)[
            ..., ::-1
        ].copy()
        if not time:
            self.frame = picture
        return picture


class Model:
    """Runs the file as the firmware does."""

    def __init__(self, path: str, *, postprocess: Any) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kind = OpResolverType.BUILTIN_REF
        self.interpreter = Interpreter(str(FOLDER / path), experimental_op_resolver_type=kind)
        self.interpreter.allocate_tensors()
        self.postprocess = postprocess

    def predict(self, inputs: list[Any]) -> Any:
        [detail], [fill] = self.interpreter.get_input_details(), inputs
        buffer = bytearray(int(np.prod(detail["shape"])))
        fill(buffer, tuple(detail["shape"]), ord("b"))
        self.interpreter.set_tensor(detail["index"], np.frombuffer(buffer, np.int8).reshape(detail["shape"]))
        self.interpreter.invoke()
        raw = [self.interpreter.get_tensor(each["index"]) for each in self.interpreter.get_output_details()]
        return self.postprocess(self, inputs, [ulab.array(each.ravel().tolist(), dtype=ulab.int8) for each in raw])


def module(name: str, **members: Any) -> None:
    """Puts a module where `import` finds it."""
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)


if __name__ == "__main__":
    module("csi", CSI=Camera, QVGA=(320, 240), VGA=(640, 480), GRAYSCALE=GRAYSCALE, RGB565=RGB565)
    members = {"Image": Image, "GRAYSCALE": GRAYSCALE, "RGB565": RGB565, "AREA": AREA, "BILINEAR": BILINEAR}
    module("image", SCALE_ASPECT_IGNORE=IGNORE, **members)
    module("ml", Model=Model)
    clock = types.SimpleNamespace(tick=lambda: None, fps=lambda: 10.0)
    vars(time).update(clock=lambda: clock, ticks_ms=lambda: 0, ticks_diff=lambda one, two: one - two)
    sys.path.insert(0, str(FOLDER))
    runpy.run_path(str(FOLDER / SCRIPT), run_name="__main__")
