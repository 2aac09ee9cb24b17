"""How small can a UNet be? Networks down to 5 k parameters, trained for the same number of epochs on the same pictures.

    python benchmarks/mask_sizes.py [NAME ...] [--config cat-mask] [--epochs 400] [--jobs 1]

NAME, all by default: `config`, the config as it is, or one of `SIZES`, which replaces its backbone and the shape of its
head. Float and int8 are measured on the split `val` of `masks_oxford_pets` (of the folder DETECTOR_DATA), which in the
preset `cat-mask` chooses checkpoint and threshold too, for all sizes alike. Milliseconds are CPU time
of the network alone in LiteRT, one thread. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latency import make_invoke, median_ms
from trials.running import Scores, Trial, measure, run_trials, trial_folder

from data_generators.formats import open_source
from detector import api
from detector.config import Config, read_config
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json

SET = "masks_oxford_pets"
SCORES = ("iou_foreground", "boundary_iou_mean")
ROUNDS = 300
CONFIG = "config"
SIZES = {  # backbone and head
    "50k": (
        "{block: conv, width: 8, growth: 1.5, max_channels: 32, depths: [1, 1, 2, 2, 2]}",
        {"channels": 12, "growth": 1.3, "max_channels": 20},
    ),
    "20k": (
        "{block: conv, width: 8, growth: 1.2, max_channels: 16, depths: [1, 1, 1, 2, 2]}",
        {"channels": 8, "growth": 1.3, "max_channels": 12},
    ),
    "20k-separable": (
        "{stage_blocks: [conv, conv, separable, separable, separable], width: 8, growth: 1.6, max_channels: 48, "
        "depths: [1, 1, 2, 2, 2]}",
        {"channels": 12, "growth": 1.5, "max_channels": 32},
    ),
    "5k": (
        "{block: conv, width: 8, growth: 1, max_channels: 8, depths: [1, 1, 1, 1, 1]}",
        {"channels": 4, "growth": 1, "max_channels": 4},
    ),
}

Row = dict[str, Any]


def main() -> None:
    """Trains what is missing, prints the table, writes mask_sizes.json."""
    options = parse_options()
    trials = [make_trial(name, options) for name in options.names or [CONFIG, *SIZES]]
    all_scores = run_trials(options.runs, trials, options.jobs)
    import_keras_quietly()
    rows = [make_row(options.runs, trial, scores) for trial, scores in zip(trials, all_scores, strict=True)]
    write_json(options.runs / "mask_sizes.json", rows)
    print("\n" + format_table(rows))


def parse_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{CONFIG}, {', '.join(SIZES)}; all by default")
    parser.add_argument("--config", default="cat-mask", help="preset or YAML file; its training data serves all sizes")
    parser.add_argument(
        "--photos", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / SET, help="to measure"
    )
    parser.add_argument("--epochs", type=int, help="by default those of the config")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/mask_sizes"))
    parser.add_argument("--set", action="append", default=[], help="change all configs: path=value")
    options = parser.parse_args(words)
    options.runs = options.runs.absolute()
    unknown = sorted(set(options.names) - {CONFIG, *SIZES})
    if unknown:
        parser.error(f"unknown size {', '.join(unknown)}. There are {CONFIG}, {', '.join(SIZES)}.")
    return options


def make_trial(name: str, options: argparse.Namespace) -> Trial:
    """The training of a size."""
    return Trial(name, make_config(name, options), (f"trimaps:{options.photos}#val",), SCORES[0])


def make_config(name: str, options: argparse.Namespace) -> Config:
    """The config of a size; all see the same pictures."""
    changes = [
        "export.max_loss=1",
        *([f"training.epochs={options.epochs}"] if options.epochs else []),
    ]
    if name != CONFIG:
        backbone, head = SIZES[name]
        changes += ["model.init_from=null", f"model.backbone={backbone}"]
        changes += [f"model.heads.mask.{key}={value}" for key, value in head.items()]
    return read_config(options.config, [*changes, *options.set])


def make_row(root: Path, trial: Trial, scores: dict[str, Scores]) -> Row:
    """The figures of a trial, as JSON."""
    exports, cost = Run(trial_folder(root, trial.config)).exports, api.cost(trial.config)
    row: Row = {"name": trial.name, "parameters": cost.parameters, "macs": cost.macs}
    for kind in ("float", "int8"):
        path = exports / f"{kind}.tflite"
        found = scores[trial.data[0]] if kind == "int8" else measure(path, open_source(trial.data[0]))
        row |= {f"{kind}_bytes": path.stat().st_size, f"{kind}_ms": median_ms(make_invoke(path), ROUNDS)}
        row |= {f"{kind}_{score}": found[score] for score in SCORES}
    return row


def format_table(rows: Sequence[Row]) -> str:
    """One line a network, in Markdown; the ratio is that of the int8 IoU to the first line's."""
    titles = [
        "network",
        "parameters",
        "MACs",
        "int8 bytes",
        "int8 ms",
        "IoU float",
        "IoU int8",
        "ratio",
        "boundary IoU",
    ]
    lines = [titles, ["---"] * len(titles)]
    for row in rows:
        sizes = [f"{row[key]:,}" for key in ("parameters", "macs", "int8_bytes")]
        ious = [row["float_iou_foreground"], row["int8_iou_foreground"]]
        ratio = ious[1] / rows[0]["int8_iou_foreground"]
        figures = [f"{value:.4f}" for value in (*ious, ratio, row["int8_boundary_iou_mean"])]
        lines.append([row["name"], *sizes, f"{row['int8_ms']:.2f}", *figures])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
