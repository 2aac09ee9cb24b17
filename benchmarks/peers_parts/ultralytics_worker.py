"""Trains, asks and exports a network of Ultralytics, for `peers.py`: runs in an environment of its own.

    PYTHON ultralytics_worker.py REQUEST.json RESULT.json

The request holds `verb`, the name of a function below, and its arguments. Nothing of `detector` is imported here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")

import torch
from torch_parts import count_macs, count_parameters, declare_torchvision_operators

SKIPPED = 3  # batches before the clock starts
LOWEST_SCORE = 0.001  # as Ultralytics' own validation has it
WARM_UP = 20  # pictures before the clock starts

Result = dict[str, Any]


def make_torchvision_work() -> Any:
    """Where torchvision's library does not fit torch, Ultralytics' own suppression takes the place of torchvision's.

    Returns:
        What keeps the declaration of its operators alive, or None where torchvision is whole.
    """
    library = declare_torchvision_operators()
    if library is not None:
        import torchvision
        from ultralytics.utils.nms import TorchNMS

        torchvision.ops.nms = TorchNMS.nms
    return library


def describe(*, model: str, side_px: int, classes: int) -> Result:
    """Parameters of the network as it is trained and as it is deployed, and the MACs of the latter.

    Args:
        model: e.g. `yolo26n.yaml`: random weights.
        side_px: of the square input.
        classes: K.
    """
    import ultralytics
    from ultralytics.nn.tasks import DetectionModel

    network = DetectionModel(model, nc=classes, verbose=False)
    trained = count_parameters(network)
    network = network.eval().fuse(verbose=False)
    return {
        "version": ultralytics.__version__,
        "parameters": trained,
        "parameters_deployed": count_parameters(network),
        "macs": count_macs(network, torch.zeros(1, 3, side_px, side_px)),
    }


def train(*, model: str, data: str, folder: str, side_px: int, **settings: Any) -> Result:
    """Trains from random weights, with the default augmentation, batch size, optimizer and schedule.

    All CPU time goes into training: it validates at no time, draws nothing, and keeps its pictures in memory.

    Args:
        model: e.g. `yolo26n.yaml`.
        data: a YAML file of Ultralytics.
        folder: of the run; one that is there is replaced.
        side_px: of the square input.
        settings: of Ultralytics, e.g. `epochs` and `seed`.

    Returns:
        `pictures`, `pictures_per_cpu_second` of the training steps after the first ones, `weights`.
    """
    from ultralytics.models.yolo.detect import DetectionTrainer

    clock = _Clock()
    where = {"project": str(Path(folder).parent), "name": Path(folder).name, "exist_ok": True, "device": "cpu"}
    frugal = {"workers": 0, "cache": "ram", "val": False, "plots": False, "pretrained": False}
    shutil.rmtree(folder, ignore_errors=True)
    task = {"model": model, "data": data, "imgsz": side_px}
    trainer = _quiet(DetectionTrainer)(overrides=where | frugal | task | settings)
    trainer.add_callback("on_train_batch_start", lambda _: clock.begin_batch())
    trainer.add_callback("on_train_batch_end", lambda trainer: clock.end_batch(trainer.batch_size))
    trainer.train()
    pictures = len(trainer.train_loader.dataset)
    return {"pictures": pictures, "pictures_per_cpu_second": clock.rate(), "weights": str(trainer.last)}


class _Clock:
    """CPU time from the start of a batch after the first ones to the end of the last."""

    def __init__(self) -> None:
        self.batches, self.pictures, self.begun, self.ended = 0, 0, 0.0, 0.0

    def begin_batch(self) -> None:
        if self.batches == SKIPPED:
            self.begun = time.process_time()
        self.batches += 1

    def end_batch(self, size: int) -> None:
        if self.batches > SKIPPED:
            self.pictures += size
            self.ended = time.process_time()

    def rate(self) -> float:
        return self.pictures / (self.ended - self.begun)


def _quiet(trainer: type) -> type:
    """A trainer that never validates; its last weights are its result."""

    class Quiet(trainer):  # type: ignore[misc]
        def validate(self) -> tuple[dict[str, float], float]:
            return {}, 0.0

        def final_eval(self) -> None:
            pass

    return Quiet


def predict(*, weights: str, pictures: list[str], side_px: int) -> Result:
    """Asks for the boxes of pictures through `YOLO.predict`, one at a time, and how long that takes.

    Args:
        weights: a `.pt` or `.tflite` file.
        pictures: paths.
        side_px: of the square input.

    Returns:
        `answers`: a row a picture with `file` and `objects`, of which each has `box_px`, `score` and `class`; `ms` and
        `cpu_ms`, wall and CPU milliseconds a picture, of a call for each, and `stream_ms`, `stream_cpu_ms` of one call
        for the folder of the first.
    """
    from ultralytics import YOLO

    network = YOLO(weights, task="detect")
    how = {"imgsz": side_px, "conf": LOWEST_SCORE, "device": "cpu", "verbose": False}
    answers, times, streamed = [], [], []
    for path in [*pictures[:WARM_UP], *pictures]:
        begun = _clocks()
        [found] = network.predict(path, **how)
        times.append(_since(begun))
        answers.append({"file": path, "objects": _objects(found)})
    begun = _clocks()
    for _ in network.predict(str(Path(pictures[0]).parent), stream=True, **how):
        streamed.append(_since(begun))
        begun = _clocks()
    own = slice(-len(pictures), None)
    return {"answers": answers[own]} | _columns("", times[own]) | _columns("stream_", streamed[WARM_UP:])


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(begun: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = _clocks()
    return 1000 * (wall - begun[0]), 1000 * (cpu - begun[1])


def _columns(prefix: str, times: list[tuple[float, float]]) -> Result:
    return {f"{prefix}ms": [wall for wall, _ in times], f"{prefix}cpu_ms": [cpu for _, cpu in times]}


def _objects(found: Any) -> list[Result]:
    rows = zip(found.boxes.xyxy.tolist(), found.boxes.conf.tolist(), found.boxes.cls.tolist(), strict=True)
    return [{"box_px": box, "score": score, "class": found.names[int(label)]} for box, score, label in rows]


def export(*, weights: str, data: str, side_px: int) -> Result:
    """Writes the int8 LiteRT file by Ultralytics' own export, calibrated on the validation pictures."""
    from ultralytics import YOLO

    path = YOLO(weights, task="detect").export(format="litert", quantize=8, data=data, imgsz=side_px, device="cpu")
    return {"path": str(path)}


VERBS = {verb.__name__: verb for verb in (describe, train, predict, export)}


def main() -> None:
    """Does what the request says."""
    request = json.loads(Path(sys.argv[1]).read_text())
    kept = make_torchvision_work()
    result = VERBS[request.pop("verb")](**request)
    Path(sys.argv[2]).write_text(json.dumps(result))
    del kept


if __name__ == "__main__":
    main()
