"""Which ingredients of the drawn scenes pay? Leaves out one at a time, and measures on real photos what that costs.

    python benchmarks/scene_ablation.py --data corners:my_photos [--seeds 3] [--jobs 2] [--only shadows]

Trains a network of 34,661 parameters at 96 px on 8,000 scenes for each row and seed, about 3 minutes on one core,
and measures its int8 file. The table gives the loss of mean quad IoU (with everything, minus without) with its standard
error over the seeds, and how far a row lies below the mean of all rows; the last line has the standard error of that,
from all rows together. It is the one to trust where rows are many and seeds few: below two of it there is no finding.
Judge by the first --data; `corners_paper_sheets` (of the folder DETECTOR_DATA) and drawn validation scenes are reported
beside it. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from trials.running import SCENE_SIDE_PX, SMALL, Scores, Trial, run_trials, short_name, spread

from data_generators.synthetic.clutter import OBJECTS
from data_generators.synthetic.occluders import OCCLUDERS
from data_generators.synthetic.pages import LAYOUTS
from data_generators.synthetic.surfaces import SURFACES
from detector.config import Config, read_config
from detector.runs import write_json

FULL = "everything"
SCENES = "data.train.0.options."
TAIL = "quad_iou_below_80_share"
# What is left out -> overrides of the config. A row is one line; a test wants one for every setting of the scenes.
ABLATIONS: dict[str, list[str]] = {
    # the page
    "layouts but letters": [SCENES + "layouts=[letter]"],
    "many pages": [SCENES + "pages=20"],
    "all bent paper": [SCENES + "paper.strength=0"],
    "bends": [SCENES + "paper.bend_share=0"],
    "curls": [SCENES + "paper.curl_share=0"],
    "folds in 3D": [SCENES + "paper.fold_share=0"],
    "crumples": [SCENES + "paper.crumple_share=0"],
    "dim paper": [SCENES + "dim_share=0"],
    "faded print": [SCENES + "fade_share=0"],
    "fold shading": [SCENES + "lighting.folds=0"],
    "rims": [SCENES + "rim_share=0"],
    "leaves": [SCENES + "leaf_share=0"],
    "stacks": [SCENES + "stack_share=0"],
    # around it
    "surfaces but wood": [SCENES + "surfaces=[wood]"],
    "low contrast": [SCENES + "low_contrast_share=0"],
    "held pages": [SCENES + "held_share=0"],
    "clutter": [SCENES + "clutter=0"],
    "objects but books": [SCENES + "objects=[book]"],
    "second sheets": [SCENES + "sheet_share=0"],
    "occluders": [SCENES + "occluder_share=0"],
    "occluders but thumbs": [SCENES + "occluders=[thumb]"],
    "negatives": [SCENES + "negative_share=0"],
    "persons": [SCENES + "person_share=0"],
    # how it lies
    "tilt": [SCENES + "placement.tilt_deg=[0, 0]"],
    "rotation": [SCENES + "placement.rotation_deg=[0, 0]"],
    "any rotation": [SCENES + "placement.any_rotation_share=0"],
    "cut off": [SCENES + "placement.cut_off_share=0"],
    "small and large": [SCENES + "placement.area=[0.3, 0.7]"],
    "squeezed aspect": [SCENES + "placement.photo_aspect=[1, 1]"],
    "other lenses": [SCENES + "placement.focal_length=[1, 1]"],
    # light
    "shadows": [SCENES + "lighting.shadows=0"],
    "outside shadows": [SCENES + "lighting.outside_shadow_share=0"],
    "uneven light": [SCENES + "lighting.unevenness=0"],
    "colour cast": [SCENES + "lighting.colour_cast=0"],
    "exposure": [SCENES + "lighting.exposure=0"],
    "glare": [SCENES + "lighting.glare_share=0"],
    "flash": [SCENES + "lighting.flash_share=0"],
    # augmentation
    "camera": ["augment.camera=none"],
    "light and colour": ["augment.photometric=false"],
    "change of view": ["augment.geometry=false"],
    "turns and mirror": ["augment.geometry={turn90: 0, mirror: 0}"],
}
# The same with --backgrounds, without which there is nothing to leave out.
WITH_BACKGROUNDS: dict[str, list[str]] = {
    "photos behind": [SCENES + "background_share=0"],
    "photos alone": [SCENES + "photo_negative_share=0"],
}
KINDS: dict[str, tuple[str, ...]] = {
    "layouts": tuple(LAYOUTS),
    "surfaces": tuple(SURFACES),
    "objects": tuple(OBJECTS),
    "occluders": (*OCCLUDERS, "cup"),
}


def main() -> None:
    """Trains what is missing, prints the table, writes ablation.json."""
    options = parse_options()
    rows = chosen_rows(options)
    trials = {
        (name, seed): Trial(
            f"without {name}" if name != FULL else name, make_config(changes, seed, options), data_of(options)
        )
        for name, changes in rows.items()
        for seed in range(1, options.seeds + 1)
    }
    scores = dict(zip(trials, run_trials(options.runs.absolute(), list(trials.values()), options.jobs), strict=True))
    table = make_table(scores, list(rows), options.seeds)
    write_json(options.runs / "ablation.json", table)
    print_table(table)


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], help="source of real photos; the first one decides")
    parser.add_argument("--only", action="append", help="leave out only this; may be repeated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--each", choices=KINDS, action="append", default=[], help="also leave out one kind at a time")
    parser.add_argument("--backgrounds", type=Path, nargs="+", help="folders of photos to lie behind the pages")
    parser.add_argument("--count", type=int, default=8000, help="scenes to train on")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--set", action="append", default=[], help="change every row: path=value of the config")
    return parser.parse_args()


def chosen_rows(options: argparse.Namespace) -> dict[str, list[str]]:
    """The rows to train, the full one first.

    Raises:
        SystemExit: there is no such row.
    """
    rows = ABLATIONS | (WITH_BACKGROUNDS if options.backgrounds else {})
    for setting in options.each:
        rows |= {f"{setting}: {name}": [f"{SCENES}{setting}={others(setting, name)}"] for name in KINDS[setting]}
    only = options.only or list(rows)
    unknown = [name for name in only if name not in rows]
    if unknown:
        raise SystemExit(f"There is no row {', '.join(unknown)}. The rows: {', '.join(rows)}.")
    return {FULL: []} | {name: rows[name] for name in only}


def others(setting: str, left_out: str) -> str:
    """All kinds of a setting but one, as YAML."""
    return f"[{', '.join(name for name in KINDS[setting] if name != left_out)}]"


def make_config(changes: list[str], seed: int, options: argparse.Namespace) -> Config:
    """The small network on scenes of a seed, with the changes of a row; all rows have the same validation scenes."""
    size = f"size_hw: [{SCENE_SIDE_PX}, {SCENE_SIDE_PX}]"
    scenes = f"count: {options.count}, pages: 1000, seed: {seed}, {size}"
    if options.backgrounds:
        scenes += f", backgrounds: {json.dumps([str(folder.absolute()) for folder in options.backgrounds])}"
    overrides = [
        *SMALL,
        f"seed={seed}",
        f'data.train=[{{source: "documents:#train", options: {{{scenes}}}}}]',
        f'data.validation=[{{source: "documents:#val", options: {{count: 300, pages: 300, {size}}}}}]',
        f"training={{epochs: {options.epochs}, batch_size: 32, learning_rate: 0.003}}",
    ]
    return read_config("documents", [*overrides, *options.set, *changes])


def data_of(options: argparse.Namespace) -> tuple[str, ...]:
    """The sources to measure on: those that are given, and the sheets that are only reported.

    Raises:
        SystemExit: there are none.
    """
    folder = os.environ.get("DETECTOR_DATA")
    sheets = [f"corners:{Path(folder) / 'corners_paper_sheets'}"] if folder else []
    data = tuple(dict.fromkeys([*options.data, *sheets]))
    if not data:
        raise SystemExit("There is nothing to measure on. Give --data corners:FOLDER, or set DETECTOR_DATA.")
    return data


def make_table(scores: dict[tuple[str, int], dict[str, Scores]], rows: list[str], seeds: int) -> list[dict[str, Any]]:
    """For each row and source: the score, what leaving out costs, and the standard errors; costliest row first.

    Costs are paired by seed: both networks of a pair had the same weights to begin with. `below_rows` is how far a row
    lies below the mean of all rows, whose noise is less than the full one's; `pooled_error` is its standard error.
    """
    table = []
    for name in rows:
        row: dict[str, Any] = {"without": name}
        for source in scores[name, 1]:
            values = [scores[name, seed][source]["quad_iou_mean"] for seed in range(1, seeds + 1)]
            full = [scores[FULL, seed][source]["quad_iou_mean"] for seed in range(1, seeds + 1)]
            bad = [scores[name, seed][source].get(TAIL, float("nan")) for seed in range(1, seeds + 1)]
            cost, error = spread([one - other for one, other in zip(full, values, strict=True)])
            row[source] = {"quad_iou_mean": spread(values)[0], "cost": cost, "cost_error": error}
            row[source] |= {TAIL: spread(bad)[0], "seeds": values}
        table.append(row)
    for source in scores[FULL, 1]:
        values = np.array([row[source]["seeds"] for row in table])
        error = training_noise(values) / seeds**0.5
        for row in table:
            row[source] |= {"below_rows": float(values.mean()) - row[source]["quad_iou_mean"], "pooled_error": error}
    decisive = list(scores[FULL, 1])[1]  # the first is the drawn validation set
    return [table[0], *sorted(table[1:], key=lambda row: -row[decisive]["cost"])]


def training_noise(scores: np.ndarray) -> float:
    """Standard deviation of what a training scores beside the effects of its row and its seed, from all rows together.

    The residual mean square of a two-way layout without repetition (Montgomery, Design and Analysis of Experiments,
    section 4.1): two or three seeds of one row say next to nothing of it, those of forty rows do.

    Args:
        scores: float (rows, seeds).

    Returns:
        NaN of one row or one seed.
    """
    rows, seeds = scores.shape
    if min(rows, seeds) < 2:
        return float("nan")
    residuals = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + scores.mean()
    return float((np.square(residuals).sum() / ((rows - 1) * (seeds - 1))) ** 0.5)


def print_table(table: list[dict[str, Any]]) -> None:
    """A line a row: for each source the mean quad IoU, the cost and its error, and the share of photos below 0.8."""
    sources = [key for key in table[0] if key != "without"]
    sources = [*sources[1:], sources[0]]
    print(f"\n{'without':22}" + "".join(f"{short_name(source):>44}" for source in sources))
    print(" " * 22 + f"{'mean IoU    cost +- error  below  < 0.8':>44}" * len(sources))
    for row in table:
        cells = [row[source] for source in sources]
        print(f"{row['without']:22}" + "".join(f"{_cell(cell):>44}" for cell in cells))
    pooled = [f"+- {table[0][source]['pooled_error']:.4f}       " for source in sources]
    print(f"{'error of `below`':22}" + "".join(f"{text:>44}" for text in pooled))


def _cell(cell: dict[str, Any]) -> str:
    cost = f"{cell['cost']:+.4f} +- {cell['cost_error']:.4f}"
    return f"{cell['quad_iou_mean']:.4f} {cost} {cell['below_rows']:+.4f} {cell[TAIL]:6.1%}"


if __name__ == "__main__":
    main()
