"""A small labelled set on disk and the config of a training of seconds on it, shared by the tests of training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import yaml

from data_generators.geometry import to_pixels
from data_generators.images import write_image
from data_generators.real.corner_csv_writer import CornerCsvWriter
from data_generators.real.labelme_writer import write_labelme
from data_generators.real.marked_corners import MARK_COLOURS
from data_generators.sample import Sample, sample_with_corners
from detector.config import Config
from tests.conftest import REPOSITORY

SIZE_HW = (32, 48)
TRAIN, VALIDATION = 24, 12


def draw_sheet(seed: int) -> Sample:
    """A white quadrilateral on a grey ground; every fourth picture holds none."""
    rng = np.random.default_rng(seed)
    image = rng.integers(40, 90, (40, 56, 3)).astype(np.uint8)
    quad = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]) + rng.uniform(-0.15, 0.15, (4, 2))
    if seed % 4 == 3:
        return sample_with_corners(image, np.zeros((0, 4, 2)), group=f"sheet {seed}", origin=f"sheet {seed}")
    cv2.fillPoly(image, [np.round(to_pixels(quad, (40, 56))).astype(np.int32)], (230, 230, 220))
    return sample_with_corners(image, quad[None], group=f"sheet {seed}", origin=f"sheet {seed}")


def write_sheets(folder: Path) -> Path:
    """A corner CSV folder with the splits `train` and `val`."""
    for split, seeds in (("train", range(TRAIN)), ("val", range(100, 100 + VALIDATION))):
        writer = CornerCsvWriter(folder, split)
        for index, seed in enumerate(seeds):
            writer.append(index, draw_sheet(seed))
    return folder


def small_values(sheets: Path, **training: Any) -> dict[str, Any]:
    """The values of a config: three epochs of six steps, with dropout, early stopping and determinism."""
    defaults = {"epochs": 3, "batch_size": 4, "picture_epochs": 2, "early_stopping_epochs": 9, "deterministic": True}
    return {
        "seed": 5,
        "input": {"size_hw": list(SIZE_HW)},
        "data": {"train": [{"source": f"corners:{sheets}#train"}], "validation": [{"source": f"corners:{sheets}#val"}]},
        "model": {
            "backbone": {"width": 8, "growth": 1.0, "depths": [1, 1], "dropout": 0.3},
            "heads": {"corners": {"channels": 8}},
        },
        "training": defaults | training,
        "export": {"calibration_samples": 8, "max_loss": 1.0},
    }


def small_config(sheets: Path, **training: Any) -> Config:
    """See `small_values`."""
    return Config.parse(small_values(sheets, **training))


def write_config(path: Path, values: dict[str, Any]) -> Path:
    """A config file."""
    path.write_text(yaml.safe_dump(values))
    return path


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Name -> value of a `.keras` file's variables: of the network, and of the optimizer where it was saved."""
    model = keras.saving.load_model(path)
    weights = {variable.path: np.asarray(variable) for variable in model.weights}
    optimizer = model.optimizer.variables if model.compiled else []
    return weights | {f"optimizer {number}": np.asarray(variable) for number, variable in enumerate(optimizer)}


def assert_same_weights(first: Path, second: Path) -> None:
    """To the byte."""
    one, other = read_weights(first), read_weights(second)
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value.tobytes() == other[name].tobytes(), name


def metrics_without_seconds(metrics_file: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in metrics_file.read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def start_detector(*arguments: str | Path, output: Path) -> subprocess.Popen[bytes]:
    """The command line in a process of its own; both outputs go to a file."""
    command = [sys.executable, "-m", "detector", *map(str, arguments)]
    with output.open("wb") as file:
        return subprocess.Popen(command, cwd=REPOSITORY, stdout=file, stderr=subprocess.STDOUT, env=os.environ)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], output: Path) -> None:
    """Waits for something that a process brings about."""
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, f"the process ended: {output.read_text()}"
        assert time.monotonic() < end, f"waited two minutes: {output.read_text()}"
        time.sleep(0.005)


def epochs_in(metrics_file: Path) -> int:
    """Complete lines of metrics.jsonl."""
    return metrics_file.read_text().count("\n") if metrics_file.exists() else 0


def write_every_format(folder: Path) -> dict[str, str]:
    """Format -> a source of it: one of each in the table, six or more samples."""
    sources = {"corners": f"corners:{write_sheets(folder / 'corners')}#train"}
    for number in range(6):
        sheet = draw_sheet(4 * number)
        write_image(folder / "labelme" / f"{number}.png", sheet.image)
        write_labelme(sheet, folder / "labelme" / f"{number}.json", f"{number}.png", ("document",))
        write_image(folder / "negatives" / f"{number}.png", draw_sheet(4 * number + 3).image)
        write_image(folder / "marked" / f"{number}.png", _paint_corners(sheet))
    (folder / "scenes.yaml").write_text("count: 8\nsize_hw: [40, 56]\npages: 2\n")
    sources |= {name: f"{name}:{folder / name}" for name in ("labelme", "negatives", "marked")}
    return sources | {"documents": f"documents:{folder / 'scenes.yaml'}"}


def _paint_corners(sheet: Sample) -> np.ndarray:
    """The picture, four times as large, with a disc in each corner; the page's top left lies at the lower left."""
    image = cv2.resize(sheet.image, None, fx=4, fy=4)
    corners = np.roll(sheet.keypoints[0], 1, axis=0)
    for colour, point in zip(MARK_COLOURS, to_pixels(corners, (160, 224)), strict=True):
        centre = int(point[0]), int(point[1])
        cv2.circle(image, centre, 5, colour, -1)
    return image
