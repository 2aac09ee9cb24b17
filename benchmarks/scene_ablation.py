"""Which ingredients of the drawn scenes pay? Leaves out one at a time, and measures on real photos what that costs.

    python benchmarks/scene_ablation.py --data corners:my_photos [--seeds 3] [--jobs 2] [--only shadows]

Trains a network of 34,661 parameters at 96 px on 8,000 scenes for each row and seed, about 2.5 minutes on one core,
and measures its int8 file. The table gives the loss of mean quad IoU (with everything, minus without) and its standard
error over the seeds: a cost below two standard errors is no finding. Judge by the first --data; `corners_paper_sheets`
(of the folder DETECTOR_DATA) and drawn validation scenes are reported beside it. What is done already is not done
again.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from trials.running import SCENE_SIDE_PX, SMALL, Scores, Trial, run_trials, short_name, spread

from detector.config import Config, read_config
from detector.runs import write_json

FULL = "everything"
SCENES = "data.train.0.options."
# What is left out -> overrides of the config. A row is one line.
ABLATIONS: dict[str, list[str]] = {
    # the page
    "layouts, but letters": [SCENES + "layouts=[letter]"],
    "many pages": [SCENES + "pages=20"],
    "folds": [SCENES + "lighting.folds=0"],
    "low contrast": [SCENES + "low_contrast_share=0"],
    # around it
    "clutter": [SCENES + "clutter=0"],
    "occluders": [SCENES + "occluder_share=0"],
    "negatives": [SCENES + "negative_share=0"],
    # how it lies
    "tilt": [SCENES + "placement.tilt_deg=[0, 0]"],
    "any rotation": [SCENES + "placement.any_rotation_share=0"],
    "cut off": [SCENES + "placement.cut_off_share=0"],
    "small and large": [SCENES + "placement.area=[0.3, 0.7]"],
    "squeezed aspect": [SCENES + "placement.photo_aspect=[1, 1]"],
    # light
    "shadows": [SCENES + "lighting.shadows=0"],
    "uneven light": [SCENES + "lighting.unevenness=0"],
    "colour cast": [SCENES + "lighting.colour_cast=0"],
    "exposure": [SCENES + "lighting.exposure=0"],
    # augmentation
    "camera": ["augment.camera=none"],
    "photometric": ["augment.photometric=false"],
    "geometry": ["augment.geometry=false"],
}
WITH_BACKGROUNDS = {"photos behind": [SCENES + "background_share=0"]}  # nothing to leave out without --backgrounds


def main() -> None:
    """Trains what is missing, prints the table, writes ablation.json."""
    options = parse_options()
    rows = chosen_rows(options.only, options.backgrounds is not None)
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
    parser.add_argument("--backgrounds", type=Path, help="folder of photos to lie behind the pages")
    parser.add_argument("--count", type=int, default=8000, help="scenes to train on")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--set", action="append", default=[], help="change every row: path=value of the config")
    return parser.parse_args()


def chosen_rows(only: list[str] | None, has_backgrounds: bool) -> dict[str, list[str]]:
    """The rows to train, the full one first.

    Raises:
        SystemExit: there is no such row.
    """
    rows = ABLATIONS | (WITH_BACKGROUNDS if has_backgrounds else {})
    unknown = [name for name in only or () if name not in rows]
    if unknown:
        raise SystemExit(f"There is no row {', '.join(unknown)}. The rows: {', '.join(rows)}.")
    return {FULL: []} | {name: changes for name, changes in rows.items() if not only or name in only}


def make_config(changes: list[str], seed: int, options: argparse.Namespace) -> Config:
    """The small network on scenes of a seed, with the changes of a row; all rows have the same validation scenes."""
    size = f"size_hw: [{SCENE_SIDE_PX}, {SCENE_SIDE_PX}]"
    scenes = f"count: {options.count}, pages: 1000, seed: {seed}, {size}"
    if options.backgrounds:
        scenes += f", backgrounds: '{options.backgrounds.absolute()}'"
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

    Costs are paired by seed: both networks of a pair had the same weights to begin with.
    """
    table = []
    for name in rows:
        row: dict[str, Any] = {"without": name}
        for source in scores[name, 1]:
            values = [scores[name, seed][source]["quad_iou_mean"] for seed in range(1, seeds + 1)]
            full = [scores[FULL, seed][source]["quad_iou_mean"] for seed in range(1, seeds + 1)]
            bad = [scores[name, seed][source].get("bad_share", float("nan")) for seed in range(1, seeds + 1)]
            cost, error = spread([one - other for one, other in zip(full, values, strict=True)])
            row[source] = {"quad_iou_mean": spread(values)[0], "cost": cost, "cost_error": error}
            row[source] |= {"bad_share": spread(bad)[0], "seeds": values}
        table.append(row)
    decisive = list(scores[FULL, 1])[1]  # the first is the drawn validation set
    return [table[0], *sorted(table[1:], key=lambda row: -row[decisive]["cost"])]


def print_table(table: list[dict[str, Any]]) -> None:
    """A line a row: for each source the mean quad IoU, the cost and its error, and the share of photos below 0.8."""
    sources = [key for key in table[0] if key != "without"]
    sources = [*sources[1:], sources[0]]
    print(f"\n{'without':22}" + "".join(f"{short_name(source):>36}" for source in sources))
    print(" " * 22 + f"{'mean IoU    cost +- error  < 0.8':>36}" * len(sources))
    for row in table:
        cells = [row[source] for source in sources]
        texts = [
            f"{c['quad_iou_mean']:.4f} {c['cost']:+.4f} +- {c['cost_error']:.4f} {c['bad_share']:6.1%}" for c in cells
        ]
        print(f"{row['without']:22}" + "".join(f"{text:>36}" for text in texts))


if __name__ == "__main__":
    main()
