"""Ours and others from scratch on the same pictures with the same CPU seconds, measured by the same code.

    python benchmarks/peers.py [PART ...] --data $DETECTOR_DATA/boxes_dogcat --python OTHER/bin/python

OTHER is an environment of its own with the peer in it:

    python -m venv OTHER
    OTHER/bin/pip install torch ultralytics litert-torch  # a CPU build of torch will do

PART, all by default, in this order: `rate`: pictures per CPU second in training, both augmenting, parameters and MACs.
`train`: both on the training pictures, float scores on the validation pictures. `predict`: from a file to boxes
through the public API of each. `int8`: both int8 files in the same LiteRT, one thread, and their scores. `fomo`: a
FOMO-like net, which needs no installation. What is not installed is left out, with a word. Figures are kept in
`RUNS/peers.json`, and each part takes from there what the parts before it found.

Ours trains for --cpu-seconds (by default as long as its config says) in whole epochs; then the peer for at least the
CPU seconds that ours took, with its defaults for augmentation (its mosaic ends ten epochs before the end), batch size,
optimizer, schedule and threads. None of its time goes into validation: its last weights count. Ours holds out a share
of the training pictures (`data.validation_share`), which chooses its checkpoint; `val` chooses nothing. The peer's
MACs are those of the network as it is deployed, without its attention products. The floor below the table is what the
median training boxes score, given for every picture without looking: a figure near it shows no learning.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from latency import make_invoke, median_ms
from peers_parts.budget import Pace
from peers_parts.judging import FIGURES, score_answers, score_floor
from peers_parts.processes import WorkerError, ask, is_installed, run
from peers_parts.table import make_table

from data_generators.formats import open_source
from data_generators.sources import Source
from data_generators.vocabulary import in_vocabulary
from detector.config import Config, read_config
from detector.runs import Run, write_json

TRIAL_PICTURES = 480  # that the peer's pace is measured on
ROUNDS = 300

Result = dict[str, Any]


class Contest:
    """What the parts share.

    Args:
        options: the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.runs = options, options.runs.absolute()
        self.data = f"yolo:{options.data.absolute()}"
        self.report_path = self.runs / "peers.json"
        self.report: Result = json.loads(self.report_path.read_text()) if self.report_path.exists() else {}
        self.overrides = [
            f'data.train=[{{source: "{self.data}#train"}}]',
            "data.validation=[]",  # what is judged on chooses no checkpoint
            *("model.init_from=null", "export.max_loss=1", f"seed={options.seed}", *options.overrides),
        ]
        self.config: Config = read_config(options.config, self.overrides)
        self.side_px = self.config.input.size_hw[0]
        self.has_peer = bool(options.python) and is_installed(options.python, "ultralytics")

    @cached_property
    def validation(self) -> Source:
        """The pictures that all are judged on."""
        return self.open_split("val")

    def open_split(self, split: str) -> Source:
        """The pictures of a split, their labels in the classes of the config."""
        source = open_source(f"{self.data}#{split}", on_error=self.config.data.on_error)
        return in_vocabulary(source, self.config.model.classes)

    @cached_property
    def pictures(self) -> list[str]:
        """Their files."""
        return [self.validation.sample(index).origin for index in range(len(self.validation))]

    def score(self, answers: list[Result]) -> Result:
        """The scores of a peer's answers."""
        return score_answers(self.validation, answers, self.config.model.classes)

    def ask_house(self, verb: str, **arguments: Any) -> Result:
        """What the worker of ours answers."""
        return ask("house", self.runs, {"verb": verb} | arguments)[0]

    def ask_peer(self, verb: str, **arguments: Any) -> tuple[Result, float]:
        """What the peer's worker answers, and its CPU seconds."""
        return ask("ultralytics", self.runs, {"verb": verb} | arguments, self.options.python)

    def train_peer(self, **settings: Any) -> tuple[Result, float]:
        """Trains the peer, see `ultralytics_worker.train`."""
        task = {"model": f"{self.options.peer}.yaml", "data": str(self.peer_data()), "side_px": self.side_px}
        return self.ask_peer("train", **task, seed=self.options.seed, folder=str(self.runs / "peer"), **settings)

    def peer_data(self) -> Path:
        """A data.yaml of the same pictures; Ultralytics leaves its caches beside it, not in the data folder."""
        folder = self.runs / "data"
        given = yaml.safe_load((self.options.data / "data.yaml").read_text())
        for kind in ("images", "labels"):
            for split in ("train", "val"):
                link = folder / kind / split
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.exists():
                    link.symlink_to((self.options.data / kind / split).absolute())
        document = {"path": str(folder), "train": "images/train", "val": "images/val", "names": given["names"]}
        (folder / "data.yaml").write_text(yaml.safe_dump(document))
        return folder / "data.yaml"

    def write(self, part: str, figures: Result) -> None:
        """Keeps the figures of a part."""
        self.report[part] = figures
        write_json(self.report_path, self.report)

    def require(self, part: str) -> Result:
        """The figures of a part that was done before.

        Raises:
            SystemExit: it was not.
        """
        if part not in self.report:
            raise SystemExit(f"{self.report_path} has no figures of the part `{part}`. Run it first.")
        return self.report[part]


def measure_rate(contest: Contest) -> Result:
    """Pictures per CPU second of both, their parameters and MACs."""
    ours = contest.ask_house("pace", config=contest.options.config, overrides=contest.overrides)
    if not contest.has_peer:
        return {"ours": ours}
    fraction = min(1.0, TRIAL_PICTURES / len(contest.open_split("train")))
    shape = {"model": f"{contest.options.peer}.yaml", "side_px": contest.side_px}
    size, _ = contest.ask_peer("describe", classes=len(contest.config.model.classes), **shape)
    trial, seconds = contest.train_peer(epochs=1, fraction=fraction, close_mosaic=0)
    trial["start_cpu_seconds"] = seconds - trial["pictures"] / trial["pictures_per_cpu_second"]
    return {"ours": ours, "peer": size | trial}


def train_both(contest: Contest) -> Result:
    """Trains ours, then the peer for as many CPU seconds, and scores both in float."""
    pace = contest.require("rate")
    budget, epochs = contest.options.cpu_seconds, contest.config.training.epochs
    if budget:
        epochs = pace_of(pace["ours"]).epochs_within(budget, pace["ours"]["pictures"])
    folder = contest.runs / "ours"
    changes = [word for change in [*contest.overrides, f"training.epochs={epochs}"] for word in ("--set", change)]
    verb = [sys.executable, "-m", "detector"]
    train = [*verb, "train", contest.options.config, "--run", str(folder), *changes]
    seconds = run(train, contest.runs / "house-train.log")
    run([*verb, "export", str(folder)], contest.runs / "house-export.log")
    ours = {"cpu_seconds": seconds, "epochs": epochs} | house_scores(contest, Run(folder).best)
    train_set = contest.open_split("train")
    floor = score_floor(train_set, contest.validation, contest.config.model.classes)
    if not contest.has_peer:
        return {"ours": ours, "floor": floor}
    epochs = pace_of(pace["peer"]).epochs_for(seconds, len(train_set))
    trained, seconds = contest.train_peer(epochs=epochs)
    answers, _ = contest.ask_peer("predict", weights=trained["weights"], **asked(contest))
    trained |= {"cpu_seconds": seconds, "epochs": epochs}
    return {"ours": ours, "peer": trained | contest.score(answers["answers"]), "floor": floor}


def pace_of(figures: Result) -> Pace:
    """The pace that the part `rate` found."""
    rate, start = figures["pictures_per_cpu_second"], figures["start_cpu_seconds"]
    return Pace(rate, start, figures.get("check_cpu_seconds", 0.0))


def house_scores(contest: Contest, model: Path) -> Result:
    """The scores of a model file of ours on the pictures that all are judged on."""
    path = contest.runs / f"{model.stem}-scores.json"
    words = ["evaluate", str(model), "--data", f"{contest.data}#val", "--json", str(path)]
    run([sys.executable, "-m", "detector", *words], path.with_suffix(".log"))
    scores = json.loads(path.read_text())
    return {figure: scores[figure] for figure in FIGURES}


def asked(contest: Contest) -> Result:
    """The pictures, for the peer."""
    return {"pictures": contest.pictures, "side_px": contest.side_px}


def time_predictions(contest: Contest) -> Result:
    """Median milliseconds from file to boxes: ours in one call for all files, the peer's in the quicker of two ways."""
    answers = contest.ask_house("predict", model=str(contest.runs / "ours"), pictures=contest.pictures)
    ours = {key: statistics.median(answers[key]) for key in ("ms", "cpu_ms")}
    if not contest.has_peer:
        return {"ours": ours}
    answers, _ = contest.ask_peer("predict", weights=contest.require("train")["peer"]["weights"], **asked(contest))
    times = {key: statistics.median(values) for key, values in answers.items() if key.endswith("ms")}
    return {"ours": ours, "peer": times | {key: min(times[key], times[f"stream_{key}"]) for key in ("ms", "cpu_ms")}}


def time_int8(contest: Contest) -> Result:
    """Median CPU milliseconds of both int8 files, one thread, and their scores."""
    path = contest.runs / "ours" / "export" / "int8.tflite"
    figures = {"ours": time_file(path) | house_scores(contest, path)}
    if not contest.has_peer:
        return figures
    weights = contest.require("train")["peer"]["weights"]
    try:
        exported, _ = contest.ask_peer(
            "export", weights=weights, data=str(contest.peer_data()), side_px=contest.side_px
        )
        answers, _ = contest.ask_peer("predict", weights=exported["path"], **asked(contest))
    except WorkerError as error:
        return figures | {"error": f"the peer's export failed. {error}"}
    return figures | {"peer": time_file(Path(exported["path"])) | contest.score(answers["answers"])}


def time_file(path: Path) -> Result:
    """CPU milliseconds of the network alone, and the size of its file."""
    return {"cpu_ms": median_ms(make_invoke(path), ROUNDS), "bytes": path.stat().st_size}


def train_fomo(contest: Contest) -> Result:
    """A FOMO-like net for the CPU seconds that ours took; an object counts as found by its centre."""
    budget = contest.require("train")["ours"]["cpu_seconds"]
    request = {"config": contest.options.config, "overrides": contest.overrides, "data": f"{contest.data}#val"}
    answer, seconds = ask("fomo", contest.runs, {"verb": "train", "cpu_seconds": budget} | request)
    return {"cpu_seconds": seconds} | contest.score(answer.pop("answers")) | answer


PARTS: dict[str, Callable[[Contest], Result]] = {
    "rate": measure_rate,
    "train": train_both,
    "predict": time_predictions,
    "int8": time_int8,
    "fomo": train_fomo,
}


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--config", default="cats", help="preset or YAML file; its data is replaced by that of --data")
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="a setting, path.to.key=value")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / "boxes_dogcat")
    parser.add_argument("--python", help="interpreter of the environment with the peer; without it ours runs alone")
    parser.add_argument("--peer", default="yolo26n", help="a network of Ultralytics, by the name of its YAML file")
    parser.add_argument("--cpu-seconds", type=float, help="budget of a training; by default the config's epochs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/peers"))
    options = parser.parse_args(words)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {', '.join(unknown)}. There are {', '.join(PARTS)}.")
    return options


def main() -> None:
    """Runs the parts, prints the table."""
    options = parse_options()
    contest = Contest(options)
    if not contest.has_peer:
        print("No environment with ultralytics: name one with --python. The peer is left out.")
    for part in options.parts or PARTS:
        contest.write(part, PARTS[part](contest))
        print(f"{part}: done", flush=True)
    table = make_table(contest.report, options.peer)
    (contest.runs / "peers.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
