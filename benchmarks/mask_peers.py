"""Ours, a UNet on a ResNet50 and a small UNet of others, from scratch on the same pictures with the same CPU seconds.

    python benchmarks/mask_peers.py [NAME ...] --data $DETECTOR_DATA/masks_oxford_pets --python OTHER/bin/python

OTHER is an environment of its own with the peer in it:

    python -m venv OTHER
    OTHER/bin/pip install torch segmentation-models-pytorch timm  # a CPU build of torch will do

NAME, all by default, in this order: `ours`: the config, for --cpu-seconds or as long as it says. `resnet50`: the same
config with ResNet50 as its backbone and a decoder of the usual width, random weights; at least the CPU seconds that
ours took, in whole epochs. `smp`: the UNet of segmentation_models.pytorch on LCNet 0.35; as many CPU seconds of
training steps, its imports not counted. What is not installed is left out, with a word. Figures are kept in
`RUNS/mask_peers.json`; what was asked there in the same words is not done again.

All see pictures of `#train` at the config's input size, through our augmentation: the peer reads its batches from a
process of ours, whose CPU time counts for nobody, while ours augments within its own. Ours holds out a share of the
pictures (`data.validation_share`), which chooses its checkpoint; the peer trains on all, and its last weights count.
`#val` chooses nothing. Scores are ours for all: IoU of object against background at the picture's own size, at
probability 0.5, border ignored. Milliseconds are CPU time of the network alone, one thread, one picture: ours in
LiteRT, the peer's traced and frozen in PyTorch. The floor below the table is what the mean training mask scores.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from latency import make_invoke, median_ms
from peers_parts.budget import Pace
from peers_parts.mask_judging import score_floor, score_probabilities, score_rows
from peers_parts.mask_stream import open_stream
from peers_parts.mask_table import make_table
from peers_parts.processes import WorkerError, ask, is_installed, run

from data_generators.formats import open_source
from data_generators.sources import Source
from data_generators.transform.input_spec import fit_image
from detector.config import Config, read_config
from detector.evaluation import evaluate_sources
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json

RESNET50 = [
    "model.backbone={application: ResNet50}",
    "model.heads.mask={stride: 1, channels: 16, growth: 2, max_channels: 256, depth: 2}",
    "training.learning_rate=0.001",
    "training.samples_per_epoch=1600",  # its checkpoints are large: fewer of them
    "training.warmup_epochs=0.25",
]
TRIAL_STEPS = {"ours": 40, "resnet50": 6}
ROUNDS = 200

Result = dict[str, Any]


class Contest:
    """What the contestants share.

    Args:
        options: the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.runs = options, options.runs.absolute()
        self.data = f"trimaps:{options.data.absolute()}"
        self.report_path = self.runs / "mask_peers.json"
        self.report: Result = json.loads(self.report_path.read_text()) if self.report_path.exists() else {}
        self.overrides = [
            f'data.train=[{{source: "{self.data}#train"}}]',
            "data.validation=[]",  # what is judged on chooses no checkpoint
            *(
                "model.classes=[]",
                "model.init_from=null",
                "export.max_loss=1",
                f"seed={options.seed}",
                *options.overrides,
            ),
        ]

    @cached_property
    def validation(self) -> Source:
        """The pictures that all are judged on."""
        return open_source(f"{self.data}#val")

    def config(self, changes: list[str] | None = None) -> Config:
        """The config of ours, with changes."""
        return read_config(self.options.config, [*self.overrides, *(changes or [])])

    @property
    def budget(self) -> float:
        """CPU seconds that ours took.

        Raises:
            SystemExit: it has not been trained.
        """
        if "ours" not in self.report:
            raise SystemExit(f"{self.report_path} has no figures of `ours`, whose CPU seconds all get. Run it first.")
        return float(self.report["ours"]["figures"]["cpu_seconds"])

    def settle(self, name: str, asked: Result, work: Callable[[], Result]) -> Result:
        """The figures of a contestant, kept where the same was asked before."""
        kept = self.report.get(name, {})
        if kept.get("asked") != asked:
            kept = self.report[name] = {"asked": asked, "figures": work()}
            write_json(self.report_path, self.report)
        return dict(kept["figures"])


def compete_ours(contest: Contest) -> Result:
    """The config as it is, for the CPU seconds of the command line or for the epochs that it says."""
    asked = {"config": contest.config().to_dict(), "cpu_seconds": contest.options.cpu_seconds}
    return contest.settle("ours", asked, lambda: train_house(contest, "ours", [], contest.options.cpu_seconds))


def compete_resnet50(contest: Contest) -> Result:
    """The same on a ResNet50."""
    asked = {"config": contest.config(RESNET50).to_dict(), "cpu_seconds": contest.budget}
    return contest.settle(
        "resnet50", asked, lambda: train_house(contest, "resnet50", RESNET50, contest.budget, at_least=True)
    )


def train_house(
    contest: Contest, name: str, changes: list[str], budget: float | None, *, at_least: bool = False
) -> Result:
    """Trains and exports a config of ours in processes of their own, and measures it.

    Args:
        contest: what all share.
        name: of the run folder.
        changes: settings, `path.to.key=value`.
        budget: CPU seconds; None for the epochs that the config says.
        at_least: the last epoch ends after the budget, and not before it.
    """
    overrides, folder = [*contest.overrides, *changes], contest.runs / name
    request = {"verb": "pace", "config": contest.options.config, "overrides": overrides, "steps": TRIAL_STEPS[name]}
    pace, _ = ask("house", contest.runs, request)
    epochs = epochs_of(pace, budget, at_least=at_least) if budget else contest.config(changes).training.epochs
    shutil.rmtree(folder, ignore_errors=True)  # of a training that was interrupted nobody knows the CPU seconds
    words = [word for change in [*overrides, f"training.epochs={epochs}"] for word in ("--set", change)]
    verb = [sys.executable, "-m", "detector"]
    seconds = run([*verb, "train", contest.options.config, "--run", str(folder), *words], contest.runs / f"{name}.log")
    figures = {key: pace[key] for key in ("parameters", "macs", "pictures_per_cpu_second")}
    figures |= {"cpu_seconds": seconds, "pictures": epochs * pace["pictures"]}
    figures |= score_model(contest, Run(folder).best)
    try:
        run([*verb, "export", str(folder)], contest.runs / f"{name}-export.log")
    except WorkerError as error:
        return figures | {"error": f"the export failed. {error}"}
    return figures | measure_files(contest, Run(folder).exports)


def epochs_of(pace: Result, budget: float, *, at_least: bool) -> int:
    """Whole epochs within the budget, or for it."""
    found = Pace(pace["pictures_per_cpu_second"], pace["start_cpu_seconds"], pace["check_cpu_seconds"])
    return (found.epochs_for if at_least else found.epochs_within)(budget, pace["pictures"])


def score_model(contest: Contest, path: Path) -> Result:
    """The scores of a model file of ours."""
    import_keras_quietly()
    return score_rows(evaluate_sources(path, [contest.validation], worst=0).rows["mask"])


def measure_files(contest: Contest, exports: Path) -> Result:
    """Bytes and CPU milliseconds of the files of an export, and the scores of int8."""
    scores = {f"int8_{key}": value for key, value in score_model(contest, exports / "int8.tflite").items()}
    times = {}
    for kind in ("float", "int8"):
        path = exports / f"{kind}.tflite"
        times |= {f"{kind}_ms": median_ms(make_invoke(path), ROUNDS), f"{kind}_bytes": path.stat().st_size}
    return scores | times


def compete_smp(contest: Contest) -> Result:
    """The UNet of segmentation_models.pytorch, for the CPU seconds that ours took."""
    config = contest.config([f'data.validation=[{{source: "{contest.data}#val"}}]'])  # so that it trains on all others
    asked = {"config": config.to_dict(), "cpu_seconds": contest.budget}
    return contest.settle("smp", asked, lambda: train_smp(contest, config))


def train_smp(contest: Contest, config: Config) -> Result:
    """Trains the peer on a stream of our batches, asks it about the pictures, and judges its answers."""
    folder, python = contest.runs / "smp", contest.options.python
    folder.mkdir(parents=True, exist_ok=True)
    shape = {"size_hw": config.input.size_hw, "batch_size": config.training.batch_size}
    task = {"verb": "train", "cpu_seconds": contest.budget, "seed": config.seed, "weights": str(folder / "last.pt")}
    with open_stream(config, folder) as batches:
        trained, _ = ask("smp", folder, task | shape, python, stdin=batches)
    frames = [fit_image(contest.validation.sample(i).image, config.input) for i in range(len(contest.validation))]
    np.save(folder / "frames.npy", np.stack(frames))
    task = {"verb": "predict", "weights": task["weights"], "frames": str(folder / "frames.npy"), "rounds": ROUNDS}
    answered, _ = ask("smp", folder, task | {"answers": str(folder / "answers.npy")}, python)
    return trained | answered | score_probabilities(contest.validation, np.load(folder / "answers.npy"))


CONTESTANTS: dict[str, Callable[[Contest], Result]] = {
    "ours": compete_ours,
    "resnet50": compete_resnet50,
    "smp": compete_smp,
}


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(CONTESTANTS)}; all by default")
    parser.add_argument("--config", default="cat-mask", help="preset or YAML file; its data is replaced by --data")
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="a setting, path.to.key=value")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / "masks_oxford_pets")
    parser.add_argument("--python", help="interpreter of the environment with the peer; without it, it is left out")
    parser.add_argument("--cpu-seconds", type=float, help="budget of ours; by default the epochs of the config")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/mask_peers"))
    options = parser.parse_args(words)
    unknown = [name for name in options.names if name not in CONTESTANTS]
    if unknown:
        parser.error(f"unknown contestant {', '.join(unknown)}. There are {', '.join(CONTESTANTS)}.")
    return options


def main() -> None:
    """Lets the contestants train, prints the table."""
    options = parse_options()
    contest = Contest(options)
    figures = {}
    for name in options.names or CONTESTANTS:
        if name == "smp" and not (options.python and is_installed(options.python, "segmentation_models_pytorch")):
            print("No environment with segmentation_models_pytorch: name one with --python. The peer is left out.")
            continue
        figures[name] = CONTESTANTS[name](contest)
        print(f"{name}: done", flush=True)
    floor = score_floor(open_source(f"{contest.data}#train"), contest.validation)
    table = make_table(figures, floor)
    (contest.runs / "mask_peers.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
