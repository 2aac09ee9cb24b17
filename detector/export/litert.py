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
from detector.litert.file import write_litert_card
from detector.quiet import quiet_stderr
from detector.runs import RunError, atomic_path

INPUT_ENDS = {"int8": (1 / 255, -128), "int16x8": (1 / 32767, 0)}  # scale and zero point of the input


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

    _write_calibrated(network, card, calibration, path, (tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.int8))


def write_int16x8(network: keras.Model, card: ModelCard, calibration: np.ndarray, path: Path) -> None:
    """Writes a file of int8 weights and int16 activations: input int16 = pixel / 255 * 32767; see `write_int8`."""
    import tensorflow as tf

    kernels = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    _write_calibrated(network, card, calibration, path, (kernels, tf.int16))


def write_dynamic(network: keras.Model, card: ModelCard, _: np.ndarray, path: Path) -> None:
    """Writes a file of int8 weights that computes in float32, ends as those of `write_float`; nothing is calibrated."""
    import tensorflow as tf

    with atomic_path(path) as temporary:
        _convert(network, temporary, optimizations=[tf.lite.Optimize.DEFAULT])
        write_litert_card(temporary, card)


QUANTISERS = {"int8": write_int8, "int16x8": write_int16x8, "dynamic": write_dynamic}  # by `export.precision`


def _write_calibrated(
    network: keras.Model, card: ModelCard, calibration: np.ndarray, path: Path, kind: tuple[Any, Any]
) -> None:
    """Writes a file of integers alone; `kind` is the set of operators, and the type of input and outputs."""
    import tensorflow as tf

    with atomic_path(path) as temporary:
        _convert(
            network,
            temporary,
            optimizations=[tf.lite.Optimize.DEFAULT],
            representative_dataset=lambda: _calibration_frames(calibration),
            target_spec={"supported_ops": [kind[0]]},
            inference_input_type=kind[1],
            inference_output_type=kind[1],
        )
        _check_input(temporary, *INPUT_ENDS["int8" if kind[1] is tf.int8 else "int16x8"])
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
    try:
        with quiet_stderr(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the converter warns of its own internals
            network.export(path, format="litert", input_signature=signature, verbose=False, **options)
    except RuntimeError as error:  # e.g. int16x8 of hard_swish
        reason = str(error).partition("\n")[0]
        raise RunError(f"LiteRT's converter refuses the network: {reason} Export int8, or choose relu.") from None


def _check_input(path: Path, scale: float, zero: int) -> None:
    from ai_edge_litert.interpreter import Interpreter

    [detail] = Interpreter(str(path)).get_input_details()
    received = detail["quantization"]
    if abs(received[0] - scale) > 1e-7 or received[1] != zero:
        raise RunError(
            f"The input must have scale 1/{1 / scale:.0f} and zero point {zero}, so that 0 to 255 are all that it "
            f"holds. Received {received[0]}, {received[1]}. The first layer must see the picture itself: begin the "
            "backbone with a convolution."
        )
