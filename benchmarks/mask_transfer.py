"""Does a backbone that knows animals need fewer painted masks? The head `mask` on 50, 100 and 360 pictures.

    python benchmarks/mask_transfer.py [--sizes 50 100 360] [--seeds 3] [--epochs 100] [--donors random cats]

Nested subsets of the split `train` of `masks_oxford_pets` (of the folder DETECTOR_DATA) train the config, its backbone
beginning with that of the shipped model `cats` or with random weights; its int8 file is measured on `val`. Every
training sees as many pictures, however few there are to choose from. The n pictures are all that is known: they also
choose the checkpoint. A donor is `random`, a shipped model, a run folder or a `.keras` file, with the stages of `cats`;
what was taken over stands in the log of each training. What is done already is not done again.

`cats` learnt from all pictures of `train`: boxes around their masks, and cut-outs along them. Its curve therefore tells
what a backbone brings to masks of animals that it has met, and not what it brings to strangers; `val` chose its
checkpoint, and taught it nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from trials.running import Trial, run_trials, spread

from data_generators.formats import open_source
from detector.config import read_config
from detector.runs import write_json

SET = "masks_oxford_pets"
PICTURES = 640  # an epoch, augmented
SCORES = ("iou_foreground", "boundary_iou_mean")
RANDOM = "random"

Curves = dict[str, dict[int, dict[str, list[float]]]]  # donor -> pictures -> score -> a value a seed


def main() -> None:
    """Trains what is missing, prints the table, writes mask_transfer.json and mask_transfer.png."""
    options = parse_options()
    trials = make_trials(options)
    results = dict(zip(trials, run_trials(options.runs, list(trials.values()), options.jobs), strict=True))
    test = test_source(options.photos)
    curves: Curves = {
        donor: {
            size: {
                score: [results[donor, size, seed][test][score] for seed in range(1, options.seeds + 1)]
                for score in SCORES
            }
            for size in options.sizes
        }
        for donor in options.donors
    }
    write_json(options.runs / "mask_transfer.json", {"pictures_seen": options.epochs * PICTURES, "curves": curves})
    draw_curves(curves, options.runs / "mask_transfer.png")
    print("\n" + format_table(curves))


def parse_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="cat-mask", help="preset or YAML file; its data and backbone are replaced")
    parser.add_argument("--photos", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / SET)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 360], help="pictures with masks")
    parser.add_argument("--donors", nargs="+", default=[RANDOM, "cats"], help="models to begin from")
    parser.add_argument("--seeds", type=int, default=3, help="each draws other pictures")
    parser.add_argument("--epochs", type=int, default=100, help=f"of {PICTURES} pictures each")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/mask_transfer"))
    parser.add_argument("--set", action="append", default=[], help="change the config: path=value")
    options = parser.parse_args(words)
    options.runs = options.runs.absolute()
    return options


def test_source(photos: Path) -> str:
    """What is measured on."""
    return f"trimaps:{photos}#val"


def make_trials(options: argparse.Namespace) -> dict[tuple[str, int, int], Trial]:
    """(donor, pictures, seed) -> trial; all donors of a size and seed have the same pictures."""
    backbone = json.dumps(read_config("cats-pets").model.backbone.model_dump(mode="json"))
    trials = {}
    for seed in range(1, options.seeds + 1):
        for size, folder in write_nested_subsets(options.photos, options.runs, options.sizes, seed).items():
            source = f'[{{source: "trimaps:{folder}"}}]'
            shared = [f"seed={seed}", f"data.train={source}", f"data.validation={source}", "export.max_loss=1"]
            shared += [f"training.epochs={options.epochs}", f"training.samples_per_epoch={PICTURES}"]
            shared += [f"model.backbone={backbone}", "model.classes=[]"]
            for donor in options.donors:
                own = f"model.init_from={'null' if donor == RANDOM else donor}"
                config = read_config(options.config, [*shared, own, *options.set])
                name = f"{size} pictures, {donor}, seed {seed}"
                trials[donor, size, seed] = Trial(name, config, (test_source(options.photos),), SCORES[0])
    return trials


def write_nested_subsets(photos: Path, root: Path, sizes: Sequence[int], seed: int) -> dict[int, Path]:
    """Size n -> folder with the first n pictures of the split `train`, in an order that depends on the seed alone.

    Raises:
        ValueError: a size is greater than the split.
    """
    names = sorted(open_source(f"trimaps:{photos}#train").groups())
    order = np.random.default_rng(seed).permutation(len(names))
    folders = {}
    for size in sizes:
        if size > len(names):
            raise ValueError(f"{photos} has {len(names)} pictures to train on. Asked for: {size}. Take fewer.")
        chosen = [names[index] for index in order[:size]]
        folders[size] = write_subset(photos, root / "pictures" / f"{seed}-{size}", chosen)
    return folders


def write_subset(photos: Path, folder: Path, names: Sequence[str]) -> Path:
    """Copies pictures and trimaps of some names into a folder of their own; one that is there stays."""
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for kind in ("images", "trimaps"):
        files = {path.stem: path for path in sorted((photos / kind).iterdir())}
        (unfinished / kind).mkdir(parents=True)
        for name in names:
            shutil.copy2(files[name], unfinished / kind)
    unfinished.rename(folder)
    return folder


def format_table(curves: Curves) -> str:
    """Markdown: a line a donor and score, a column a size; standard errors over the seeds."""
    sizes = list(next(iter(curves.values())))
    rows = [["backbone", "score", *(f"{size} pictures" for size in sizes)], ["---"] * (2 + len(sizes))]
    for donor, curve in curves.items():
        for score in SCORES:
            found = [spread(curve[size][score]) for size in sizes]
            rows.append([donor, score, *(f"{mean:.4f} +- {error:.4f}" for mean, error in found)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw_curves(curves: Curves, path: Path) -> None:
    """A line for each donor over the number of pictures; bars are standard errors, dots single seeds."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), dpi=120)
    for donor, curve in curves.items():
        sizes = sorted(curve)
        mean, error = np.array([spread(curve[size][SCORES[0]]) for size in sizes]).T
        label = "random weights" if donor == RANDOM else f"backbone of {Path(donor).name}"
        line = axes.errorbar(sizes, mean, np.nan_to_num(error), marker="o", capsize=3, label=label)
        for size in sizes:
            values = curve[size][SCORES[0]]
            axes.plot([size] * len(values), values, ".", color=line[0].get_color(), alpha=0.4)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="pictures with masks", ylabel="IoU of the animal on other pictures, int8", title="cats and dogs")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main()
