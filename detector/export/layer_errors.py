"""Where a quantised file loses accuracy: the error of every layer's output against the float file, after the export."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from detector.litert.file import operator_kinds, unpack_litert
from detector.runtime import input_values

IDEAL_DB = 50.0  # what 8 bits hold of a signal that fills their range: 6.02 dB a bit + 1.76; better counts no more
INPUT = ("", 0)  # the key of the picture, in the place of an operator's
Key = tuple[str, int]  # a layer's name, and which of the operators of that name


@dataclass(frozen=True)
class LayerError:
    """The error of one operator's output in a quantised file.

    Args:
        layer: name of the output tensor, which is that of its layer.
        operator: its name in the file format, e.g. CONV_2D.
        sqnr_db: signal to quantisation noise, in dB, mean over the channels, each in [0, 50]: a channel that is small
            beside the others of its tensor may be lost though the tensor as a whole looks well.
        lost_db: how much less that is than that of the worst of its inputs.
        minimum: least value in the float file.
        maximum: greatest one.
        scale: step of the quantised output; 0 where it is float32.
    """

    layer: str
    operator: str
    sqnr_db: float
    lost_db: float
    minimum: float
    maximum: float
    scale: float


def layer_errors(float_file: Path, quantised_file: Path, pictures: np.ndarray) -> list[LayerError]:
    """The errors of all layers, first the one in which most accuracy is lost.

    Args:
        float_file: `.tflite` of the same network in float32.
        quantised_file: `.tflite` of any other precision; it runs on the reference kernels.
        pictures: uint8 (N, H, W, C), at the input size.
    """
    exact, quantised = _Layers(float_file), _Layers(quantised_file)
    keys = [key for key in quantised.operators if key in exact.operators]
    sums = {key: _Sums() for key in keys}
    for picture in pictures:
        exact.run(picture)
        quantised.run(picture)
        for key in keys:
            sums[key].add(exact.value(key), quantised.value(key))
    sqnr = {INPUT: IDEAL_DB} | {key: sums[key].sqnr_db() for key in keys}
    errors = [_error(quantised.operators[key], sums[key], sqnr, key) for key in keys]
    return sorted(errors, key=lambda error: -error.lost_db)


def _error(operator: _Operator, sums: _Sums, sqnr: dict[Key, float], key: Key) -> LayerError:
    before = min((sqnr[each] for each in operator.inputs if each in sqnr), default=IDEAL_DB)
    lowest, highest = (round(value, 4) for value in (sums.minimum, sums.maximum))
    own = round(sqnr[key], 2)
    return LayerError(key[0], operator.kind, own, round(before - own, 2), lowest, highest, operator.scale)


@dataclass(frozen=True)
class _Operator:
    kind: str
    tensor: int
    inputs: tuple[Key, ...]  # the operators whose outputs it takes
    scale: float


class _Sums:
    """Signal and noise of one output, summed over pictures and places for each channel."""

    def __init__(self) -> None:
        self._signal: Any = 0.0
        self._noise: Any = 0.0
        self.minimum, self.maximum = np.inf, -np.inf

    def add(self, exact: np.ndarray, quantised: np.ndarray) -> None:
        places = tuple(range(exact.ndim - 1))
        self._signal = self._signal + (exact**2).sum(axis=places, dtype=np.float64)
        self._noise = self._noise + ((quantised - exact) ** 2).sum(axis=places, dtype=np.float64)
        self.minimum = min(self.minimum, float(exact.min()))
        self.maximum = max(self.maximum, float(exact.max()))

    def sqnr_db(self) -> float:
        """Mean over the channels that are not 0 everywhere; `IDEAL_DB` where all are."""
        alive = self._signal > 0
        if not alive.any():
            return IDEAL_DB
        signal, noise = self._signal[alive], self._noise[alive]
        least = signal * 10 ** (-IDEAL_DB / 10)
        return float(np.mean(np.clip(10 * np.log10(signal / np.maximum(noise, least)), 0, IDEAL_DB)))


class _Layers:
    """A file on the reference kernels, all of whose tensors can be read after a picture."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(
            str(path),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        self._interpreter.allocate_tensors()
        [self._input] = self._interpreter.get_input_details()
        self._input_of_pixel = input_values(self._input["dtype"], *self._input["quantization"])
        self._details = {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}
        self.operators = dict(self._read_operators(path))

    def _read_operators(self, path: Path) -> Iterator[tuple[Key, _Operator]]:
        """Each operator with the key that it has in every file made of the same network."""
        model = unpack_litert(path)
        kinds, graph, seen = operator_kinds(model), model.subgraphs[0], Counter[str]()
        makers: dict[int, Key] = {self._input["index"]: INPUT}
        for operator in graph.operators:
            [tensor] = operator.outputs.tolist()
            name = graph.tensors[tensor].name.decode()
            makers[tensor] = (name, seen[name])
            seen[name] += 1
            inputs = tuple(makers[each] for each in operator.inputs.tolist() if each in makers)
            scale = self._details[tensor]["quantization"][0]
            yield makers[tensor], _Operator(kinds[operator.opcodeIndex], tensor, inputs, scale)

    def run(self, picture: np.ndarray) -> None:
        self._interpreter.set_tensor(self._input["index"], self._input_of_pixel.take(picture[None]))
        self._interpreter.invoke()

    def value(self, key: Key) -> np.ndarray:
        """The output of an operator for the last picture, dequantised."""
        tensor = self.operators[key].tensor
        values, (scale, zero) = self._interpreter.get_tensor(tensor), self._details[tensor]["quantization"]
        return values if values.dtype == np.float32 else (values.astype(np.float32) - zero) * np.float32(scale)


def read_layers(path: Path) -> list[LayerError]:
    """What `detector export` has left in layers.json."""
    return [LayerError(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def worst_layers(errors: Sequence[LayerError], count: int = 5) -> dict[str, dict[str, Any]]:
    """The first of `layer_errors` as columns of a table: title -> layer -> figure."""
    titles = {"operator": "operator", "lost_db": "lost dB", "sqnr_db": "SQNR dB"}
    columns: dict[str, dict[str, Any]] = {title: {} for title in (*titles.values(), "range")}
    for error in errors[:count]:
        for name, title in titles.items():
            columns[title][error.layer] = getattr(error, name)
        columns["range"][error.layer] = f"{error.minimum:.4g} to {error.maximum:.4g}"
    return columns
