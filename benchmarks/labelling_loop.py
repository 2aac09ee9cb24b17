"""How many labels does worst-first save? Rounds of labelling pets, the pictures chosen by disagreement or at random.

    python benchmarks/labelling_loop.py [--seeds 1 2 3] [--epochs 100] [--set training.learning_rate=0.002]

50 labelled pictures of `masks_oxford_pets` (of the folder DETECTOR_DATA, split `train`) train a network, and 310 wait
without labels. In each of three rounds 50 of them are labelled: those on which the looks of the network disagree most,
as `detector pseudo-label` says, or others at random; and a network is trained from nothing on all that is labelled.
What is measured is the IoU of the animal in the split `val`, which chooses no checkpoint. Seeds draw other first
pictures and other weights. Every training sees the same number of pictures. What is done already is not done again:
processes may share the seeds, and a last call prints the table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from trials.running import spread, trial_folder

from data_generators.formats import open_source
from data_generators.images import list_images
from data_generators.real.index_picture import read_index_picture
from data_generators.real.pseudo_file import mask_path
from data_generators.real.trimaps import TrimapSource
from data_generators.sources import hash_content
from detector.config import Config, read_config
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json

SET = "masks_oxford_pets"
ARMS = ("random", "worst first")
SCORES_NAME, CHOICE_NAME = "loop_scores.json", "choice.json"
SAMPLES_PER_EPOCH = 320

Scores = dict[str, Any]


def main() -> None:
    """Trains what is missing, prints the table, writes labelling_loop.json."""
    options = parse_options()
    import_keras_quietly()
    source = open_source(f"trimaps:{options.pets}#train")
    curves = {
        arm: [run_arm(options, [*map(str, source.groups())], seed, arm) for seed in options.seeds] for arm in ARMS
    }
    labels = [options.first + options.step * turn for turn in range(options.rounds + 1)]
    table = summarise(labels, curves)
    print_table(table)
    write_json(options.runs / "labelling_loop.json", table | {"seeds": options.seeds, "curves": curves})


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pets", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / SET)
    parser.add_argument("--config", default="cat-mask", help="preset or file: network, augmentation, training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=100, help=f"of {SAMPLES_PER_EPOCH} pictures each")
    parser.add_argument("--first", type=int, default=50, help="pictures that are labelled at first")
    parser.add_argument("--step", type=int, default=50, help="pictures that are labelled a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=Path, default=Path("runs/labelling_loop"))
    parser.add_argument("--set", action="append", default=[], help="change the config: path=value")
    return parser.parse_args()


def run_arm(options: argparse.Namespace, names: list[str], seed: int, arm: str) -> list[Scores]:
    """The scores after each round of one arm, the first with the pictures that both arms begin with."""
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    labelled, scores = order[: options.first], list[Scores]()
    for turn in range(options.rounds + 1):
        folder = trained(options, labelled, seed)
        scores.append({"labels": len(labelled)} | score(folder, options.pets))
        print(f"seed {seed}, {arm}: {len(labelled)} labels, IoU {scores[-1]['iou_foreground']:.4f}", flush=True)
        rest = [name for name in order if name not in set(labelled)]
        if turn == options.rounds:
            break
        if arm == "random":
            labelled = labelled + rest[: options.step]
        else:
            choice = choose_worst(options, folder, rest)
            scores[-1]["waiting"] = {name: choice[name] for name in ("chosen_iou", "others_iou")}
            labelled = labelled + choice["chosen"]
    return scores


def write_subset(pets: Path, root: Path, names: Sequence[str]) -> Path:
    """A trimap folder of links to some of the pictures, called by what is in it."""
    folder = root / hash_content(sorted(names))
    for kind in ("images", "trimaps"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for path in list_images(pets.absolute() / kind):
            link = folder / kind / path.name
            if path.stem in names and not link.is_symlink():
                link.symlink_to(path)
    return folder


def make_config(options: argparse.Namespace, subset: Path, seed: int) -> Config:
    """The config of a training on a subset, which also chooses its checkpoint."""
    data = f'[{{source: "trimaps:{subset}"}}]'
    own = [f"seed={seed}", f"data.train={data}", f"data.validation={data}", f"training.epochs={options.epochs}"]
    own += [f"training.samples_per_epoch={SAMPLES_PER_EPOCH}", "training.picture_epochs=1000"]
    return read_config(options.config, [*own, *options.set])


def trained(options: argparse.Namespace, names: Sequence[str], seed: int) -> Path:
    """The run folder of a training on some pictures, which is done where it is not; what is said goes to log.txt."""
    import keras

    from detector.training import train

    root = options.runs.absolute()
    config = make_config(options, write_subset(options.pets, root / "subsets", names), seed)
    folder = trial_folder(root, config)
    if not (folder / "report.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.txt").open("a") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            train(config, folder, resume=(folder / "state.json").exists())
        keras.backend.clear_session()  # else the graphs of all trainings stay in memory
    return folder


def score(folder: Path, pets: Path) -> Scores:
    """The scores of a run's checkpoint on the pictures that nobody learns from."""
    from detector.evaluation import evaluate

    path = folder / SCORES_NAME
    if not path.exists():
        found = evaluate(Run(folder).best, [f"trimaps:{pets}#val"], worst=0).scores
        write_json(path, {name: found[name] for name in ("iou_foreground", "dice_foreground")})
    scores: Scores = json.loads(path.read_text())
    return scores


def choose_worst(options: argparse.Namespace, folder: Path, waiting: Sequence[str]) -> Scores:
    """The pictures on which the looks disagree most: `chosen`, and the mean IoU of the network's labels for these and
    for the others."""
    from detector.pseudo_labels.asking import LabelModel, label_pictures
    from detector.runtime import load_runtime

    path = folder / CHOICE_NAME
    if not path.exists():
        subset = write_subset(options.pets, options.runs.absolute() / "subsets", waiting)
        queue = label_pictures(LabelModel(load_runtime(Run(folder).best)), subset / "images", folder / "pseudo-labels")
        names = [Path(label.image).stem for label in queue.worst_first()]
        ious = picture_ious(subset, queue.root)
        parts = {"chosen_iou": names[: options.step], "others_iou": names[options.step :]}
        means = {part: float(np.mean([ious[name] for name in of_part])) for part, of_part in parts.items()}
        write_json(path, {"chosen": names[: options.step]} | means)
    choice: Scores = json.loads(path.read_text())
    return choice


def picture_ious(subset: Path, labels: Path) -> dict[str, float]:
    """Picture -> IoU of its label by the network with its trimap, border left out."""
    source, ious = TrimapSource(subset), {}
    for index, name in enumerate(source.groups()):
        sample = source.sample(index)
        said = read_index_picture(mask_path(labels, Path(sample.origin).name)) == 1
        told, thing = sample.mask != 255, sample.mask == 1
        ious[name] = float((said & thing).sum() / max(1, ((said & told) | thing).sum()))
    return ious


def labels_to_reach(labels: Sequence[float], scores: Sequence[float], wanted: float) -> float | None:
    """Labels at which the line through the scores first reaches what is wanted; None where it never does."""
    if scores[0] >= wanted:
        return float(labels[0])
    for (one, low), (other, high) in pairwise(zip(labels, scores, strict=True)):
        if low < wanted <= high:
            return float(one + (other - one) * (wanted - low) / (high - low))
    return None


def summarise(labels: Sequence[int], curves: dict[str, list[list[Scores]]]) -> Scores:
    """Mean and standard error over the seeds after each round, and for each round of worst-first how many labels more
    the random ones would have needed for the same mean (`labels_saved`; None: more than were given)."""
    of_arm = {arm: np.array([[row["iou_foreground"] for row in curve] for curve in curves[arm]]) for arm in ARMS}
    rounds = []
    random = of_arm["random"].mean(axis=0).tolist()
    for turn, count in enumerate(labels):
        row: Scores = {"labels": count}
        for arm in ARMS:
            row[arm], row[f"{arm} error"] = spread(of_arm[arm][:, turn].tolist())
        needed = labels_to_reach(labels, random, row["worst first"])
        rounds.append(row | {"labels_saved": None if needed is None else needed - count})
    worst = of_arm["worst first"].mean(axis=0).tolist()
    needed = {arm: labels_to_reach(labels, means, random[-1]) for arm, means in zip(ARMS, (random, worst), strict=True)}
    return {"rounds": rounds, "labels_for_the_last_random_score": needed}


def print_table(table: Scores) -> None:
    """The curves, and what is saved."""
    print(f"\n{'labels':>6}{'random':>9}{'+-':>8}{'worst first':>13}{'+-':>8}{'saved':>8}")
    for row in table["rounds"]:
        values = [row[name] for arm in ARMS for name in (arm, f"{arm} error")]
        saved = "more" if row["labels_saved"] is None else f"{row['labels_saved']:.0f}"
        print(f"{row['labels']:6}{values[0]:9.4f}{values[1]:8.4f}{values[2]:13.4f}{values[3]:8.4f}{saved:>8}")
    needed, last = table["labels_for_the_last_random_score"], table["rounds"][-1]["labels"]
    for arm in ARMS:
        reached = "is not reached" if needed[arm] is None else f"is first reached with {needed[arm]:.0f}"
        print(f"\nThe score of {last} random labels {reached} labels, chosen {arm}.")


if __name__ == "__main__":
    main()
