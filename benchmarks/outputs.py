"""Dense, heatmap or SimCC? The same scenes, the same number of pictures, about the same bytes in int8.

    python benchmarks/outputs.py [--runs runs/outputs] [--kilobytes 40 100] [--sizes 96 128] [--data corners:photos]

Trains each method at each ceiling of bytes and each input size, and prints a Markdown table: parameters, bytes, CPU
milliseconds a picture of the int8 file on one thread without and with reading its result, and mean / median quad IoU of
int8 on drawn validation scenes and on each source of `--data`. All figures go to outputs.json. What was done before is
not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from latency import PHOTO_HW, measure_model
from trials.running import Trial, run_trials, short_name, trial_folder

from detector import api
from detector.config import Config, read_config
from detector.runs import Run, write_json

# Of each method: the settings of its head, and the values of its own dial beside width and growth of the backbone.
METHODS: dict[str, tuple[str, list[str]]] = {
    "heatmap": ("method: heatmap, stride: 4", ["channels: 8", "channels: 16", "channels: 24"]),
    "simcc": ("method: simcc, stride: 4", ["channels: 8", "channels: 16", "channels: 24"]),
    "dense": ("method: dense, loss: wing, pooling: flatten", ["hidden: [32]", "hidden: [64]", "hidden: [96]"]),
}
BACKBONES = list(product((8, 16), (1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8)))  # width, growth
SCENE_SIDES = 1.25  # side of a scene in sides of the input, so that augmentation can crop
ROUNDS = 300


def main() -> None:
    """Trains and measures what is missing, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/outputs"))
    parser.add_argument("--kilobytes", type=float, nargs="+", default=[40, 100], help="ceilings of the int8 file")
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 128], help="sides of the input, multiples of 32")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--scenes", type=int, default=12000, help="training scenes, each seen once an epoch")
    parser.add_argument("--validation", type=int, default=1000, help="drawn scenes to measure on")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--data", nargs="+", default=[], help="sources to measure on, FORMAT:PATH[#SPLIT]")
    parser.add_argument("--jobs", type=int, default=1, help="processes, of one thread each")
    arguments = parser.parse_args()
    trials = list(make_trials(arguments))
    all_scores = run_trials(arguments.runs, trials, arguments.jobs)
    rows = [make_row(arguments.runs, trial, scores) for trial, scores in zip(trials, all_scores, strict=True)]
    write_json(arguments.runs / "outputs.json", rows)
    print("\n" + format_table(rows))


def make_trials(arguments: argparse.Namespace) -> Iterator[Trial]:
    """A trial for each ceiling, size and method that can be met."""
    for kilobytes, size, method in product(arguments.kilobytes, arguments.sizes, arguments.methods):
        config = fitting_config(method, 1000 * kilobytes, scene_settings(size, arguments))
        if config is None:
            print(f"{method} at {size} px: no network of {kilobytes:g} kB or less, left out")
        else:
            yield Trial(f"{method} {size} px {kilobytes:g} kB", config, tuple(arguments.data))


def scene_settings(size: int, arguments: argparse.Namespace) -> list[str]:
    """The overrides that all methods share: the same scenes, drawn for the input's size."""
    side = 8 * round(SCENE_SIDES * size / 8)
    counts = {"data.train.0": arguments.scenes, "data.validation.0": arguments.validation}
    return [
        f"input.size_hw=[{size}, {size}]",
        f"training.epochs={arguments.epochs}",
        "export.max_loss=1",  # a trial reports what int8 loses, it does not refuse it
        *(f"{part}.options.count={count}" for part, count in counts.items()),
        *(f"{part}.options.size_hw=[{side}, {side}]" for part in counts),
    ]


def fitting_config(method: str, ceiling: float, overrides: list[str]) -> Config | None:
    """The network of a method whose predicted int8 file is the largest of those up to so many bytes."""
    costs = [(api.cost(config).file_bytes_int8, config) for config in candidates(method, overrides)]
    fitting = [pair for pair in costs if pair[0] <= ceiling]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def candidates(method: str, overrides: list[str]) -> Iterator[Config]:
    """The `documents` preset with every backbone and every value of the method's dial."""
    head, dial = METHODS[method]
    for (width, growth), value in product(BACKBONES, dial):
        backbone = [f"model.backbone.width={width}", f"model.backbone.growth={growth}"]
        yield read_config("documents", [*overrides, *backbone, f"model.heads.corners={{{head}, {value}}}"])


def make_row(root: Path, trial: Trial, scores: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures of a trial, as JSON."""
    model, settings = trial.config.model, trial.config.model.heads["corners"]
    times = measure_model(Run(trial_folder(root, trial.config)).exports / "int8.tflite", PHOTO_HW, ROUNDS)
    return {
        "name": trial.name,
        "network": f"width {model.backbone.width}, growth {model.backbone.growth}, "
        + (f"hidden {settings.hidden[0]}" if settings.method == "dense" else f"channels {settings.channels}"),
        "parameters": scores["validation"]["parameters"],
        **times,
        "scores": scores,
    }


def format_table(rows: list[dict[str, Any]]) -> str:
    """One line a network, in Markdown."""
    places = list(rows[0]["scores"])
    titles = ["method, input, ceiling", "network", "parameters", "int8 bytes", "network ms", "with reading ms"]
    lines = [[*titles, *map(short_name, places)], ["---"] * (len(titles) + len(places))]
    for row in rows:
        sizes = [f"{row[key]:,}" for key in ("parameters", "bytes")]
        times = [f"{row[key]:.2f}" for key in ("network_ms", "with_reading_ms")]
        found = [row["scores"][place] for place in places]
        ious = [f"{score['quad_iou_mean']:.4f} / {score['quad_iou_median']:.4f}" for score in found]
        lines.append([row["name"], row["network"], *sizes, *times, *ious])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
