"""Model files behind one face: a `.keras` model and an exported `.tflite` answer the same call in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from detector.card import ModelCard, read_keras_card
from detector.litert.file import cut_off, read_litert_card
from detector.locate import find_model
from detector.quiet import import_keras_quietly, quiet_stderr
from detector.runs import RunError

Outputs = dict[str, np.ndarray]


class Runtime(ABC):
    """A network that can be asked.

    Attributes:
        card: what the file says of itself.
        path: the model file.
        name: `keras` or `litert`.
        batch_size: pictures that are answered together at most.
    """

    card: ModelCard
    path: Path
    name: str
    batch_size: int = 32

    @abstractmethod
    def run(self, images: np.ndarray) -> Outputs:
        """Outputs of a batch.

        Args:
            images: uint8 (B, H, W, C) at the card's input size.

        Returns:
            Output name -> float32 (B, ...), dequantised.
        """

    def describe(self) -> dict[str, Any]:
        """Parameters, bytes and runtime, as every report gives them."""
        return {
            "model": str(self.path),
            "parameters": self.card.parameters,
            "bytes": self.path.stat().st_size,
            "runtime": f"{self.name}-{self.card.precision}",
        }


class NetworkRuntime(Runtime):
    """A Keras network in memory.

    Args:
        network: image in [0, 1] -> dict of outputs.
        card: what it was built for.
        path: the file that it came from.
    """

    name = "keras"

    def __init__(self, network: Any, card: ModelCard, path: Path | None = None) -> None:
        self.card, self.path = card, path or Path()
        self._network = network

    def run(self, images: np.ndarray) -> Outputs:
        outputs = self._network.predict_on_batch(images.astype(np.float32) / 255)
        return {name: np.asarray(value) for name, value in outputs.items()}


def load_keras_runtime(path: Path) -> NetworkRuntime:
    """A `.keras` file on Keras' own backend."""
    import_keras_quietly()  # takes seconds; not needed where a .tflite is run
    import keras

    card = read_keras_card(path)
    return NetworkRuntime(keras.saving.load_model(path, compile=False), card, path)


class FileRuntime(Runtime):
    """A `.tflite` file, a picture at a time, as on the device.

    Attributes:
        quantisation: output name -> (scale, zero point): value = scale * (raw - zero point); (1, 0) where the file's
            output is float32.
    """

    batch_size = 1
    quantisation: dict[str, tuple[float, int]]

    @abstractmethod
    def run_raw(self, image: np.ndarray) -> Outputs:
        """Outputs as the file has them.

        Args:
            image: uint8 (H, W, C) at the card's input size.

        Returns:
            Output name -> int8, int16 or float32 (1, ...).
        """

    def run(self, images: np.ndarray) -> Outputs:
        rows = [self.run_raw(image) for image in images]
        return {name: self._dequantise(name, [row[name] for row in rows]) for name in self.quantisation}

    def _dequantise(self, name: str, rows: list[np.ndarray]) -> np.ndarray:
        values = np.concatenate(rows)
        if values.dtype == np.float32:
            return values
        scale, zero = self.quantisation[name]
        return ((values.astype(np.float32) - zero) * scale).astype(np.float32)


class LiteRTRuntime(FileRuntime):
    """A `.tflite` file on LiteRT.

    Args:
        path: the file.
        reference: True runs LiteRT's reference kernels, which microcontrollers reproduce to the byte, but for the few
            operators that `detector.export.gate` names.
    """

    name = "litert"

    def __init__(self, path: Path, *, reference: bool = False) -> None:
        self.path, self.card = path, read_litert_card(path)
        kind = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        try:
            with quiet_stderr():
                self._interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kind)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError):
            raise cut_off(path) from None
        [self._input] = self._interpreter.get_input_details()
        self._input_of_pixel = input_values(self._input["dtype"], *self._input["quantization"])
        self._outputs = self._named_outputs()
        self.quantisation = {name: _quantisation(detail) for name, detail in self._outputs.items()}

    def _named_outputs(self) -> dict[str, dict[str, Any]]:
        [signature] = self._interpreter.get_signature_list()
        runner = self._interpreter.get_signature_runner(signature)
        return runner.get_output_details()

    def run_raw(self, image: np.ndarray) -> Outputs:
        self._interpreter.set_tensor(self._input["index"], self._input_of_pixel.take(image[None]))
        self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(detail["index"]) for name, detail in self._outputs.items()}


def _quantisation(detail: Mapping[str, Any]) -> tuple[float, int]:
    return (1.0, 0) if detail["dtype"] == np.float32 else detail["quantization"]


def input_values(dtype: Any, scale: float, zero: int) -> np.ndarray:
    """What an input tensor holds for each value of a pixel: looking it up is quicker than computing it.

    Args:
        dtype: NumPy's float32, int8 or int16.
        scale: of the tensor's quantisation; not read for float32.
        zero: its zero point.

    Returns:
        (256,) of that type.
    """
    values = np.arange(256)
    if dtype == np.float32:
        return values.astype(np.float32) / 255
    limits = np.iinfo(dtype)
    return np.clip(np.round(values / (255 * scale)) + zero, limits.min, limits.max).astype(dtype)


def load_runtime(model: str | Path) -> Runtime:
    """Loads a model for prediction.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, or the name of a shipped model.
    """
    path = find_model(model)
    if path.suffix == ".tflite":
        return LiteRTRuntime(path)
    if path.suffix == ".keras":
        return load_keras_runtime(path)
    raise RunError(f"{path}: expected a .keras or .tflite file. Export the run, or give its folder.")
