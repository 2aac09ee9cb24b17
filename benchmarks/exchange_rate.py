"""How many real photos is a drawn scene worth? Curves over n real photos, after k drawn scenes or from scratch.

    python benchmarks/exchange_rate.py [--set sudoku] [--set go] [--seeds 2] [--jobs 2]

A network of 34,661 parameters at 96 px is trained on k drawn documents, then on n labelled photos; with k = 0 it sees
the photos alone, four times as long. Its int8 file is measured on photos of other puzzles (`corners_sudoku_pages`,
split `test`) or other boards (`corners_go_boards`, a third of the groups), both of the folder DETECTOR_DATA. The n
photos are all that is known: they also choose the checkpoint. The rate: k scenes and n photos are as good as m photos
alone, read off the curve of k = 0. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from trials.photos import check_pool, read_rows, shuffled_groups, write_nested_subsets, write_subset
from trials.running import SCENE_SIDE_PX, SMALL, Scores, Trial, run_trials, spread, trial_folder

from detector.config import Config, read_config
from detector.runs import write_json

SETS = {"sudoku": "corners_sudoku_pages", "go": "corners_go_boards"}
TEST_SEED = 0  # of the groups that are measured on where a set has no splits, the same for every seed of training
PHOTOS = "augment.geometry={rotation_deg: 15, scale: [0.8, 1.25]}"  # as in the preset `photos`

Curves = dict[int, dict[int, list[float]]]  # k -> n -> mean quad IoU of each seed


def main() -> None:
    """Trains what is missing, prints the tables, writes exchange_rate.json and exchange_rate-SET.png."""
    options = parse_options()
    report, names = {}, options.set or ["sudoku"]
    for photos in map(folder_of, names):  # before anything is trained
        check_pool(photos, options.photos, divide(photos, options.runs / "photos")[1])
    drawn = train_on_scenes(options)
    for name in names:
        curves = learn_curves(name, drawn, options)
        rates = exchange_rates(curves)
        print_tables(name, curves, rates)
        draw_curves(name, curves, options.runs / f"exchange_rate-{name}.png")
        report[name] = {"quad_iou_mean": curves, "worth_photos": rates}
    write_json(options.runs / "exchange_rate.json", report)


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", choices=SETS, help="photos; sudoku by default")
    parser.add_argument("--scenes", type=int, nargs="*", default=[1000, 4000, 16000], help="k, besides 0")
    parser.add_argument("--photos", type=int, nargs="+", default=[10, 20, 40, 80], help="n, besides 0")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/exchange_rate"))
    parser.add_argument("--pictures", type=int, default=8000, help="pictures of a fine-tuning, augmented photos")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the drawn scenes")
    options = parser.parse_args()
    options.runs = options.runs.absolute()
    return options


def folder_of(name: str) -> Path:
    """The photos of a set."""
    return Path(os.environ.get("DETECTOR_DATA", ".")) / SETS[name]


def train_on_scenes(options: argparse.Namespace) -> dict[tuple[int, int], Trial]:
    """(k, seed) -> the trial on k drawn scenes, trained; more scenes begin with the fewer ones."""
    trials = {
        (count, seed): Trial(f"{count} scenes, seed {seed}", scene_config(count, seed, options.epochs), ())
        for count in options.scenes
        for seed in range(1, options.seeds + 1)
    }
    run_trials(options.runs, list(trials.values()), options.jobs)
    return trials


def scene_config(count: int, seed: int, epochs: int) -> Config:
    """The small network on drawn scenes; few scenes are seen more often, up to the steps of 4,000."""
    size = f"size_hw: [{SCENE_SIDE_PX}, {SCENE_SIDE_PX}], negative_share: 0"
    overrides = [
        f"seed={seed}",
        f'data.train=[{{source: "documents:#train", options: {{count: {count}, seed: {seed}, {size}}}}}]',
        f'data.validation=[{{source: "documents:#val", options: {{count: 200, {size}}}}}]',
        f"training={{epochs: {epochs}, samples_per_epoch: {max(count, 4000)}, learning_rate: 0.003}}",
    ]
    return read_config("documents", [*SMALL, *overrides])


def learn_curves(name: str, drawn: dict[tuple[int, int], Trial], options: argparse.Namespace) -> Curves:
    """Trains on the photos of a set from every beginning, and measures; see `Curves`."""
    photos = folder_of(name)
    test, pool = divide(photos, options.runs / "photos")
    trials: dict[tuple[int, int, int], Trial] = {}
    for seed in range(1, options.seeds + 1):
        groups = [pool[index] for index in np.random.default_rng(seed).permutation(len(pool))]
        prefix = f"{photos.name}-{seed}"
        folders = write_nested_subsets(photos, options.runs / "photos", options.photos, groups, prefix)
        for count in (0, *options.scenes):
            donor = drawn[count, seed].config if count else None
            start = trial_folder(options.runs, donor) if donor else None
            for size, folder in folders.items():
                config = photo_config(folder, seed, start, options.pictures)
                trials[count, size, seed] = Trial(f"{name}: {count} scenes, {size} photos", config, (test,))
            if donor:
                trials[count, 0, seed] = Trial(f"{name}: {count} scenes, no photo", donor, (test,))
    scores = dict(zip(trials, run_trials(options.runs, list(trials.values()), options.jobs), strict=True))
    return gather_curves(scores, test)


def divide(photos: Path, root: Path) -> tuple[str, list[str]]:
    """The source to measure on, and the groups that may be trained on: by split, else a third and two thirds."""
    rows = read_rows(photos)
    if any(row["split"] for row in rows):
        return f"corners:{photos}#test", shuffled_groups((row for row in rows if row["split"] == "train"), TEST_SEED)
    groups = shuffled_groups(rows, TEST_SEED)
    third = len(groups) // 3
    folder = write_subset(photos, root / f"{photos.name}-test", set(groups[:third]))
    return f"corners:{folder}", groups[third:]


def photo_config(folder: Path, seed: int, start: Path | None, pictures: int) -> Config:
    """The small network on photos, from the weights of a run or from scratch."""
    source = f'[{{source: "corners:{folder}"}}]'
    epochs = 8 if start else 32
    overrides = [
        *(f"seed={seed}", f"data.train={source}", f"data.validation={source}", PHOTOS),
        f"training={{epochs: {epochs}, samples_per_epoch: {pictures // 8}, learning_rate: 0.002}}",
        *([f"model.init_from={start}"] if start else []),
    ]
    return read_config("documents", [*SMALL, *overrides])


def gather_curves(scores: dict[tuple[int, int, int], dict[str, Scores]], test: str) -> Curves:
    """(k, n, seed) -> scores, to curves."""
    curves: Curves = {}
    for (count, size, _), found in sorted(scores.items()):
        curves.setdefault(count, {}).setdefault(size, []).append(found[test]["quad_iou_mean"])
    return curves


def exchange_rates(curves: Curves) -> dict[int, dict[int, float]]:
    """k -> n -> the number of photos m that would do as well from scratch.

    The curve from scratch is made to rise, and interpolated linearly in log m; m is infinite where it never gets there,
    and 0 below its first point.
    """
    scratch = curves[0]
    sizes = sorted(scratch)
    heights = np.maximum.accumulate([np.mean(scratch[size]) for size in sizes])
    return {
        count: {size: worth(float(np.mean(values)), sizes, heights) for size, values in curve.items()}
        for count, curve in curves.items()
        if count
    }


def worth(score: float, sizes: list[int], heights: np.ndarray) -> float:
    """Where a rising curve reaches a score; see `exchange_rates`."""
    if score > heights[-1]:
        return float("inf")
    if score < heights[0]:
        return 0.0
    upper = int(np.searchsorted(heights, score))  # the first point that reaches it
    return float(np.exp(np.interp(score, heights[: upper + 1], np.log(sizes[: upper + 1]))))


def print_tables(name: str, curves: Curves, rates: dict[int, dict[int, float]]) -> None:
    """The scores with their standard errors over the seeds, and what they are worth in photos."""
    sizes = sorted({size for curve in curves.values() for size in curve})
    most = max(curves[0])
    print(f"\n{SETS[name]}: mean quad IoU, int8 (as many photos from scratch)\n{'photos':>14}", end="")
    print("".join(f"{size:>24}" for size in sizes))
    for count, curve in curves.items():
        cells = [cell(curve.get(size), rates.get(count, {}).get(size), (min(curves[0]), most)) for size in sizes]
        print(f"{count:7} scenes" + "".join(f"{text:>24}" for text in cells))


def cell(values: list[float] | None, photos: float | None, limits: tuple[int, int]) -> str:
    """`0.9312 +- 0.0021 (34)` of the table; a curve that does not reach says `> 80` or `< 10`."""
    if values is None:
        return "-"
    mean, error = spread(values)
    text = f"{mean:.4f} +- {error:.4f}" if len(values) > 1 else f"{mean:.4f}"
    if photos is None:
        return text
    rate = f"> {limits[1]}" if photos == float("inf") else f"< {limits[0]}" if photos == 0 else f"{photos:.0f}"
    return f"{text} ({rate})"


def draw_curves(name: str, curves: Curves, path: Path) -> None:
    """A line for each k over the number of photos; bars are standard errors over the seeds."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), dpi=120)
    for count, curve in curves.items():
        points: list[Any] = [(size, *spread(values)) for size, values in sorted(curve.items())]
        x, y, error = np.array(points, float).T
        label = f"{count:,} drawn scenes first" if count else "photos alone, from scratch"
        axes.errorbar(x, y, np.nan_to_num(error), marker="o", capsize=3, label=label, ls="-" if count else "--")
    axes.set_xscale("symlog", linthresh=10, linscale=0.4)
    sizes = sorted({size for curve in curves.values() for size in curve})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="labelled photos", ylabel="mean quad IoU on other photos, int8", title=SETS[name])
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main()
