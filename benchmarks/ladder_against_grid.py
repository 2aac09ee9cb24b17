"""The ladder against a full grid on a small space: is the network that it finds the smallest that passes, and how soon?

    python benchmarks/ladder_against_grid.py [--jobs 2] [--epochs 8] [--pictures 1500] [--quantile 0.6]

The space: 4 widths, 3 depths and 3 input sizes for the corners of drawn certificates. All 36 cells are trained from
nothing, `--epochs` of `--pictures` each. The goal is the quad IoU that a share `--quantile` of the cells do not reach.
Then `detector shrink` looks for the smallest network with that goal, in the same space, by the same schedule, in a
folder of its own. Prints the smallest cell that passes, what the ladder found, the ratio of their int8 bytes, and the
ratio of their times, which are those of training, export and measuring. What is done already is not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from detector.config import Config, read_config
from detector.quiet import import_keras_quietly
from detector.runs import write_json
from detector.search.goals import Goal
from detector.search.ladder_rungs import Finding, Rung, RungMaker
from detector.search.ladder_runner import RungRunner
from detector.search.ladder_shapes import Shape, shape_of
from detector.search.shrink import ShrinkOptions, shrink

METRIC = "quad_iou_mean"
WIDTHS = (4, 8, 12, 16)
DEPTHS = ((1, 1, 2, 2), (1, 1, 1, 2), (1, 1, 1, 1))
INPUTS = ((96, 96), (80, 80), (64, 64))
SCENE_SIDE_PX = 120

Grid = list[tuple[Rung, Finding]]


def main() -> None:
    """Trains the grid, lets the ladder loose, and prints both."""
    options = parse_options()
    import_keras_quietly()
    config = make_config(options)
    grid = run_grid(config, options)
    goal = choose_goal(grid, options.quantile)
    certificate = shrink(config, goal, options.runs / "ladder", ShrinkOptions(jobs=options.jobs))
    report = compare(grid, goal, certificate)
    write_json(options.runs / "ladder_against_grid.json", report)
    for name, value in report.items():
        print(f"{name:32}{value}")


def parse_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/ladder_against_grid"))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--pictures", type=int, default=1500, help="drawn scenes, and pictures an epoch")
    parser.add_argument("--quantile", type=float, default=0.6, help="share of the cells that are to fail")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--set", action="append", default=[], help="change the config: path=value")
    options = parser.parse_args(words)
    options.runs = options.runs.absolute()
    return options


def make_config(options: argparse.Namespace) -> Config:
    """The largest cell, and the ladder in the space of the grid: no other blocks, no remedies, no longer schedules."""
    shrink_settings = {
        "widths": list(WIDTHS),
        "depths": [list(depths) for depths in DEPTHS[1:]],
        "input_sizes": [list(size) for size in INPUTS[1:]],
        **{"epochs": options.epochs, "most_epochs": options.epochs, "overfit_epochs": 4, "overfit_pictures": 512},
        **{"samples": 32, "remedies": [], "blocks": [], "distil": False},
    }
    changes = [
        f"input.size_hw={list(INPUTS[0])}",
        f"data.train.0.options.count={options.pictures}",
        "data.validation.0.options.count=200",
        *(f"data.{part}.0.options.size_hw=[{SCENE_SIDE_PX}, {SCENE_SIDE_PX}]" for part in ("train", "validation")),
        f"model.backbone={{width: {WIDTHS[-1]}, growth: 1.4, max_channels: 40, depths: {list(DEPTHS[0])}}}",
        f"training.samples_per_epoch={options.pictures}",
        f"shrink={shrink_settings}",
    ]
    return read_config("certificates", [*changes, *options.set])


def all_shapes(config: Config) -> list[Shape]:
    """The 36 cells."""
    cells = product(WIDTHS, DEPTHS, INPUTS)
    return [replace(shape_of(config), width=width, depths=depths, size_hw=size) for width, depths, size in cells]


def run_grid(config: Config, options: argparse.Namespace) -> Grid:
    """Every cell, trained from nothing."""
    maker = RungMaker(config.with_absolute_paths(), options.runs / "grid")
    rungs = [maker.full("generalise", shape, options.epochs) for shape in all_shapes(config)]
    findings = RungRunner(maker, options.jobs, None, lambda: None)(rungs)
    return list(zip(rungs, findings, strict=True))


def choose_goal(grid: Grid, quantile: float) -> Goal:
    """The score that a share of the cells do not reach."""
    scores = [finding.result.metrics[METRIC] if finding.result else 0.0 for _, finding in grid]
    return Goal(METRIC, float(np.quantile(scores, quantile, method="higher")))


def compare(grid: Grid, goal: Goal, certificate: dict[str, Any]) -> dict[str, Any]:
    """The figures."""
    results = [(rung, finding.result) for rung, finding in grid if finding.result]
    passing = [(rung, result) for rung, result in results if goal.passes(result.metrics)]
    smallest, least = min(passing, key=lambda cell: (cell[1].int8_bytes, cell[1].macs))
    seconds, winner = sum(result.seconds for _, result in results), certificate["winner"]
    return {
        "goal": str(goal),
        "grid: cells, passing": [len(grid), len(passing)],
        "grid: smallest that passes": str(smallest.shape),
        "grid: its int8 bytes": least.int8_bytes,
        "grid: seconds": round(seconds, 1),
        "ladder: rungs": len(certificate["rungs"]),
        "ladder: found": winner and winner["name"],
        "ladder: its int8 bytes": winner and winner["int8_bytes"],
        "ladder: seconds": certificate["training_seconds"],
        "int8 bytes, ladder to grid": winner and round(winner["int8_bytes"] / least.int8_bytes, 3),
        "seconds, ladder to grid": round(certificate["training_seconds"] / seconds, 3),
    }


if __name__ == "__main__":
    main()
