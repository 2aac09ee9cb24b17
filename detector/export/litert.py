"""Keras network -> LiteRT file, float or int8: batch 1, the input called `image`, every output a tensor of its own."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import keras
import numpy as np

from detector.card import ModelCard
from detector.litert_file import write_litert_card
from detector.quiet import quiet_stderr
from detector.runs import RunError, atomic_path

INPUT_SCALE = 1 / 255
INPUT_ZERO = -128


def write_float(network: keras.Model, card: ModelCard, path: Path) -> None:
    """Writes a float32 file: `image` in [0, 1], outputs as the network's.

    Args:
        network: image (B, H, W, C) -> dict of outputs.
        card: embedded in the file.
        path: `.tflite` file to write, atomically.
    """
    with atomic_path(path) as temporary:
        _convert(network, temporary)
        write_litert_card(temporary, card)


def write_int8(network: keras.Model, card: ModelCard, calibration: np.ndarray, path: Path) -> None:
    """Writes a full int8 file: input int8 = pixel - 128, weights and activations int8, per-channel weights.

    Args:
        network: image (B, H, W, C) -> dict of outputs.
        card: embedded in the file.
        calibration: uint8 (N, H, W, C), pictures as in training; an all-0 and an all-1 frame are added, which make
            the input's scale exactly 1 / 255.
        path: `.tflite` file to write, atomically.
    """
    import tensorflow as tf

    with atomic_path(path) as temporary:
        _convert(
            network,
            temporary,
            optimizations=[tf.lite.Optimize.DEFAULT],
            representative_dataset=lambda: _calibration_frames(calibration),
            target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
            inference_input_type=tf.int8,
            inference_output_type=tf.int8,
        )
        _check_input(temporary)
        write_litert_card(temporary, card)


def _calibration_frames(pictures: np.ndarray) -> Iterator[list[np.ndarray]]:
    frame = np.zeros((1, *pictures.shape[1:]), np.float32)
    yield [frame]
    yield [frame + 1]
    for picture in pictures:
        yield [picture[None].astype(np.float32) / 255]


def _convert(network: keras.Model, path: Path, **options: Any) -> None:
    if keras.backend.backend() != "tensorflow":
        raise RunError(
            f"Export needs the TensorFlow backend. Received {keras.backend.backend()}. Unset KERAS_BACKEND for it."
        )
    signature = [keras.InputSpec(shape=(1, *network.input.shape[1:]), dtype="float32", name="image")]
    with quiet_stderr(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter warns of its own internals
        network.export(path, format="litert", input_signature=signature, verbose=False, **options)


def _check_input(path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    [detail] = Interpreter(str(path)).get_input_details()
    scale, zero = detail["quantization"]
    if abs(scale - INPUT_SCALE) > 1e-7 or zero != INPUT_ZERO:
        raise RunError(
            f"The int8 input must have scale 1/255 and zero point -128, so that it is pixel - 128. Received {scale}, "
            f"{zero}. The first layer must see the picture itself: begin the backbone with a convolution."
        )
