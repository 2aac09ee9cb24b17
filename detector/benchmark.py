"""How long a picture takes, by runtime: every contender in turn, round after round, so that noise hits all alike."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from data_generators.cache import Progress
from data_generators.formats import open_source
from data_generators.images import read_image, write_image
from detector.litert.file import read_litert_card
from detector.locate import find_checkpoint, find_model
from detector.prediction import predict_images
from detector.quiet import import_keras_quietly, quiet_stderr
from detector.runs import Run, RunError
from detector.runtime import load_runtime
from detector.settings.export import PRECISIONS, find_precision

WARM_UP = 3  # calls of each contender that are not counted
PHOTO_HW = (960, 1280)
SPREAD = (10, 90)  # percentiles

Work = Callable[[], Any]
Makers = dict[str, Callable[[], Work]]


@dataclass(frozen=True)
class Timing:
    """What a contender took.

    Args:
        name: of the contender.
        milliseconds: wall time of each round; none where it was not measured.
        reason: why it was not measured, else empty.
    """

    name: str
    milliseconds: tuple[float, ...] = ()
    reason: str = ""

    @property
    def median(self) -> float | None:
        """In milliseconds; None where it was not measured."""
        return float(np.median(self.milliseconds)) if self.milliseconds else None

    def to_json(self, reference: float | None) -> dict[str, Any]:
        """Plain data; `ratio` is that of the median to `reference`."""
        if self.median is None:
            return {"name": self.name, "not_measured": self.reason}
        low, high = (round(float(np.percentile(self.milliseconds, each)), 4) for each in SPREAD)
        row = {"name": self.name, "median_ms": round(self.median, 4), "p10_ms": low, "p90_ms": high}
        return row | {"ratio": round(self.median / reference, 3) if reference else None}


def benchmark(
    model: str | Path, threads: Sequence[int] = (), rounds: int = 50, progress: Progress | None = None
) -> dict[str, Any]:
    """Times a model in every runtime that is there.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, or the name of a shipped model.
        threads: of LiteRT, each measured; empty for 1 and all cores.
        rounds: in each of which every contender is asked once.
        progress: called with (rounds done, in all).

    Returns:
        `model`, `machine`, `rounds`, and `rows`: name, median, 10th and 90th percentile in milliseconds of wall time,
        and ratio to the first that was measured; or why it was not measured.

    Raises:
        RunError: there is no such model, or a number of threads is below 1.
    """
    counts = tuple(dict.fromkeys(threads or (1, os.cpu_count() or 1)))
    if min(counts) < 1 or rounds < 1:
        raise RunError(f"`threads` and `rounds` must be 1 or more. Received threads {counts}, rounds {rounds}.")
    with tempfile.TemporaryDirectory() as temporary:
        timings = _time_all(make_contenders(files_of(model), Path(temporary), counts), rounds, progress)
    reference = next((timing.median for timing in timings if timing.median is not None), None)
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "system": platform.system()}
    rows = [timing.to_json(reference) for timing in timings]
    return {"model": str(model), "machine": machine, "rounds": rounds, "rows": rows}


def files_of(model: str | Path) -> dict[str, Path]:
    """The files of a model that are there: `keras`, `float`, and `int8` or another precision."""
    path = Path(model)
    if path.is_dir() and (path / "config.yaml").is_file():
        run = Run.open(path)
        found = {"keras": run.best} | {kind: run.exports / f"{kind}.tflite" for kind in ("float", *PRECISIONS)}
        return {kind: file for kind, file in found.items() if file.is_file()} or {"keras": Run.checkpoint_of(path)}
    file = find_model(model)
    kinds = {_kind_of(file): file}
    if not path.is_file():  # shipped
        kinds["keras"] = find_checkpoint(model)
    return kinds


def _kind_of(file: Path) -> str:
    if file.suffix != ".tflite":
        return "keras"
    precision = read_litert_card(file).precision
    return "float" if precision == "float32" else precision


def make_contenders(files: Mapping[str, Path], folder: Path, threads: Sequence[int]) -> Makers:
    """Name -> what gets a contender ready: it returns the work to time, or raises RunError with the reason why not.

    Args:
        files: see `files_of`.
        folder: for files that are made for the measurement.
        threads: of LiteRT.
    """
    makers: Makers = {}
    quantised = find_precision(files) or "int8"
    for kind in (quantised, "float"):
        for count in threads:
            name = f"LiteRT {kind}, {count} thread{'s' * (count > 1)}"
            makers[name] = partial(_litert_of, files, kind, folder, count)
    makers[f"LiteRT {quantised}, reference kernels"] = partial(_litert_of, files, quantised, folder, 1, reference=True)
    makers["onnxruntime float, 1 thread"] = lambda: _onnx(_checkpoint(files), folder)
    makers["model.predict"] = lambda: _keras(_checkpoint(files))
    best = files.get(quantised) or files.get("float") or files["keras"]
    makers["photo file -> answer"] = lambda: _whole_way(best, folder)
    return makers


def _litert_of(files: Mapping[str, Path], kind: str, folder: Path, threads: int, *, reference: bool = False) -> Work:
    """The network alone, with its picture in place."""
    return _invoke(_litert_file(files, kind, folder), threads, reference)


def _litert_file(files: Mapping[str, Path], kind: str, folder: Path) -> Path:
    """The file of a kind; a float one is made of the checkpoint where there is none."""
    if kind in files:
        return files[kind]
    if kind != "float" or "keras" not in files:
        raise RunError(f"there is no {kind} .tflite file; `detector export RUN` writes it")
    from detector.export.litert import write_float

    path = folder / "float.tflite"
    if not path.exists():
        network, card = _load(files["keras"])
        from detector.build import for_export

        write_float(for_export(network, card.heads), card, path)
    return path


def _checkpoint(files: Mapping[str, Path]) -> Path:
    if "keras" not in files:
        raise RunError("there is no .keras file")
    return files["keras"]


def _load(path: Path) -> tuple[Any, Any]:
    """Network and card."""
    import_keras_quietly()
    import keras

    from detector.card import read_keras_card

    return keras.saving.load_model(path, compile=False), read_keras_card(path)


def _invoke(path: Path, threads: int, reference: bool) -> Work:
    kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    with quiet_stderr():
        interpreter = Interpreter(str(path), num_threads=threads, experimental_op_resolver_type=kernels)
        interpreter.allocate_tensors()
    [details] = interpreter.get_input_details()
    noise = np.random.default_rng(0).integers(-100, 100, details["shape"])
    interpreter.set_tensor(details["index"], noise.astype(details["dtype"]))
    return interpreter.invoke


def _onnx(path: Path, folder: Path) -> Work:
    from detector.export.onnx import write_onnx

    written = write_onnx(path, folder, None)[0]
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random(session.get_inputs()[0].shape, np.float32)
    return lambda: session.run(None, {"image": picture})


def _keras(path: Path) -> Work:
    network, _ = _load(path)
    picture = np.random.default_rng(0).random((1, *network.input.shape[1:]), np.float32)
    return lambda: network.predict(picture, verbose=0)


def _whole_way(model: Path, folder: Path) -> Work:
    """From a JPEG file of PHOTO_HW, a drawn document, to the predictions of the file that a person would use."""
    runtime = load_runtime(model)
    codecs, photo = runtime.card.codecs(), folder / "photo.jpg"
    write_image(photo, open_source("documents:", count=1, negative_share=0.0, size_hw=PHOTO_HW).sample(0).image)
    return lambda: predict_images(runtime, [read_image(photo)], codecs)


def _time_all(makers: Makers, rounds: int, progress: Progress | None) -> list[Timing]:
    """Rounds of all contenders that can be made ready, one call each."""
    timings, ready = {}, {}
    for name, make in makers.items():
        try:
            ready[name] = make()
        except RunError as error:
            timings[name] = Timing(name, reason=str(error))
    for _ in range(WARM_UP):
        for work in ready.values():
            work()
    measured: dict[str, list[float]] = {name: [] for name in ready}
    for done in range(rounds):
        for name, work in ready.items():
            with _stopwatch(measured[name]):
                work()
        if progress:
            progress(done + 1, rounds)
    timings |= {name: Timing(name, tuple(each)) for name, each in measured.items()}
    return [timings[name] for name in makers]


@contextmanager
def _stopwatch(milliseconds: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    milliseconds.append(1000 * (time.perf_counter() - begun))
