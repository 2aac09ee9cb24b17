"""What pruning and distillation bring: a network of half the bytes, begun and taught in four ways.

    python benchmarks/compress.py documents [--bytes 0.5] [--epochs 6] [--seeds 1] [--jobs 1]

The shipped network of a task (`documents`, `cats`, `cat-mask`) is narrowed to a share of its int8 bytes. The narrow one
is trained from nothing; from the channels that matter most; from nothing with the shipped one as teacher; and both. All
see the same pictures as often. Beside them stands the shipped one as it is; it was trained for longer, and chose its
checkpoint on the validation data where those are the preset's own. Scores are those of int8 through LiteRT. `cats` and
`mask` need the folder DETECTOR_DATA. What is done already is not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.running import Trial, measure, run_trials, spread, trial_folder

from detector.config import Config, read_config
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json

COLUMNS = ("network", "parameters", "int8 bytes", "minutes")


@dataclass(frozen=True)
class Task:
    """A network to compress.

    Args:
        preset: its config.
        donor: the shipped network.
        score: what counts.
        epochs: of a training, by default.
        settings: changes of the preset, so that a training takes minutes.
        data: what is measured on besides the preset's validation data.
    """

    preset: str
    donor: str
    score: str
    epochs: int
    settings: tuple[str, ...]
    data: tuple[str, ...] = ()


SCENES = "size_hw: [240, 240], placement: {cut_off_share: 0.2, overhang: 0.12}"
TASKS = {
    "documents": Task(
        "documents",
        "documents",
        "quad_iou_mean",
        6,
        (
            f'data.train=[{{source: "documents:#train", options: {{count: 6000, pages: 1000, {SCENES}}}}}]',
            'data.validation=[{source: "documents:#val", options: {count: 400, size_hw: [240, 240]}}]',
        ),
        ("corners:$DETECTOR_DATA/corners_paper_sheets",),
    ),
    "cats": Task("cats-pets", "cats", "map50", 12, ("training.samples_per_epoch=3000",)),
    "mask": Task("cat-mask", "cat-mask", "iou_foreground", 25, ("training.samples_per_epoch=1440",)),
}


def main() -> None:
    """Trains what is missing, prints the table, writes TASK.json."""
    options = parse_options()
    import_keras_quietly()
    task, trials = TASKS[options.task], make_trials(options)
    results = run_trials(options.runs, [trial for _, _, trial in trials], options.jobs)
    rows: dict[str, list[dict[str, Any]]] = {f"shipped {task.donor}": [measure_shipped(task, options)]}
    for (name, _, trial), scores in zip(trials, results, strict=True):
        run = Run(trial_folder(options.runs, trial.config))
        minutes = sum(row["seconds"] for row in run.read_metrics()) / 60
        rows.setdefault(name, []).append(scores | {"minutes": minutes})
    write_json(options.runs / f"{options.task}.json", rows)
    print("\n" + format_table(rows, task))


def parse_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--bytes", type=float, default=0.5, help="share of the int8 file to keep")
    parser.add_argument("--epochs", type=int, help="of each training")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--weight", type=float, default=1.0, help="of what is lost against the teacher")
    parser.add_argument("--ways", nargs="+", default=["nothing", "pruned", "distilled", "both"])
    parser.add_argument("--runs", type=Path, default=Path("runs/compression"))
    parser.add_argument("--set", action="append", default=[], help="change the config: path=value")
    options = parser.parse_args(words)
    options.runs = options.runs.absolute()
    return options


def make_trials(options: argparse.Namespace) -> list[tuple[str, int, Trial]]:
    """(way, seed, trial) of every training."""
    from detector.compression.plan import plan_pruning

    task = TASKS[options.task]
    epochs = [f"training.epochs={options.epochs or task.epochs}", "training.picture_epochs=1000", "export.max_loss=1"]
    wide = read_config(task.preset, [*task.settings, *epochs, *options.set])
    narrow = plan_pruning(wide, task.donor, {"bytes": options.bytes}).config
    ways = {
        "nothing": ("from nothing", False, False),
        "pruned": ("pruned", True, False),
        "distilled": ("distilled", False, True),
        "both": ("pruned and distilled", True, True),
    }
    return [
        (ways[way][0], seed, make_trial(task, narrow, seed, ways[way], options.weight))
        for way in options.ways
        for seed in range(1, options.seeds + 1)
    ]


def make_trial(task: Task, narrow: Config, seed: int, way: tuple[str, bool, bool], weight: float) -> Trial:
    """A training of the narrow network in one of the ways: its name, whether pruned, whether distilled."""
    name, pruned, distilled = way
    values = narrow.to_dict() | {"seed": seed}
    if not pruned:
        values["model"] |= {"init_from": None, "prune": False}
    if distilled:
        values["training"]["distil"] = {"teacher": task.donor, "weight": weight}
    return Trial(f"{name}, seed {seed}", Config.parse(values), task.data, task.score)


def measure_shipped(task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """Scores of the shipped network's int8 file on the same data."""
    from data_generators.formats import open_source
    from detector.data import open_entry
    from detector.evaluation import evaluate_sources
    from detector.locate import find_model

    config = read_config(task.preset, [*task.settings, *options.set])
    model = find_model(task.donor)
    validation = evaluate_sources(model, [open_entry(entry, config) for entry in config.data.validation]).scores
    return {"validation": validation} | {text: measure(model, open_source(text)) for text in task.data}


def format_table(rows: dict[str, list[dict[str, Any]]], task: Task) -> str:
    """Markdown: a line a network; means over the seeds, with standard errors where there are several."""
    places = ("validation", *task.data)
    lines = [[*COLUMNS, *(f"{task.score} on {place.rpartition('/')[2]}" for place in places)]]
    lines.append(["---"] * len(lines[0]))
    for name, found in rows.items():
        first = found[0]["validation"]
        minutes = f"{spread([each['minutes'] for each in found])[0]:.1f}" if "minutes" in found[0] else "-"
        figures = [spread([each[place][task.score] for each in found]) for place in places]
        shown = [f"{mean:.4f}" + (f" +- {error:.4f}" if len(found) > 1 else "") for mean, error in figures]
        lines.append([name, f"{first['parameters']:,}", f"{first['bytes']:,}", minutes, *shown])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
