"""How few labelled photos are enough? The shipped network, trained further on 20, 40 and 80 photos of printed puzzles.

    python benchmarks/fine_tune.py [--sizes 20 40 80] [--seeds 1] [--set training.epochs=20]

Preset `photos` on nested subsets of the split `train` of `corners_sudoku_pages` (of the folder DETECTOR_DATA), its int8
file measured on `test`. The n photos are all that is known: they also choose the checkpoint. The shipped network was
chosen by the pages of 40 of the set's photos (`benchmarks/real_pages`), 12 of them in `test`: the second row of a size
leaves these out. About 9 minutes a run on two cores. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import os
from itertools import product
from pathlib import Path

from real_pages import LABELS, PHOTOS
from trials.photos import group_of, read_rows, shuffled_groups, write_nested_subsets, write_subset
from trials.running import Trial, run_trials, spread

from detector.config import read_config
from detector.runs import write_json

NAMES = ("quad_iou_mean", "quad_iou_median", "quad_iou_min")


def main() -> None:
    """Trains what is missing, prints the table, writes fine_tune.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(os.environ.get("DETECTOR_DATA", ".")) / PHOTOS)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 80], help="photos to train on")
    parser.add_argument("--seeds", type=int, default=1, help="each draws other photos")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/fine_tune"))
    parser.add_argument("--set", action="append", default=[], help="change the preset: path=value")
    options = parser.parse_args()
    root = options.runs.absolute()
    trials = {
        (size, seed): trial
        for seed in range(1, options.seeds + 1)
        for size, trial in make_trials(options.photos, root, options.sizes, seed, options.set).items()
    }
    results = dict(zip(trials, run_trials(root, list(trials.values()), options.jobs), strict=True))
    print(f"\n{'photos':>6}{'test':>6}{'mean IoU':>10}{'+-':>8}{'median':>8}{'least':>8}")
    rows = []
    for size, test in product(options.sizes, test_sources(options.photos, root)):
        scores = [results[size, seed][test] for seed in range(1, options.seeds + 1)]
        row = {"photos": size, "test": scores[0]["samples"]} | {name: [each[name] for each in scores] for name in NAMES}
        (mean, error), (median, _) = spread(row[NAMES[0]]), spread(row[NAMES[1]])
        print(f"{size:6}{row['test']:6}{mean:10.4f}{error:8.4f}{median:8.4f}{min(row[NAMES[2]]):8.4f}")
        rows.append(row)
    write_json(options.runs / "fine_tune.json", rows)


def test_sources(photos: Path, root: Path) -> tuple[str, str]:
    """What is measured on: `test`, and `test` without the photos by whose pages the shipped network was chosen."""
    chosen_by = {row["image"] for row in read_rows(LABELS.parent)}
    test = [row for row in read_rows(photos) if row["split"] == "test"]
    others = {group_of(row) for row in test} - {group_of(row) for row in test if row["image"] in chosen_by}
    folder = write_subset(photos, root / "photos" / f"{photos.name}-test-others", others)
    return f"corners:{photos}#test", f"corners:{folder}"


def make_trials(photos: Path, root: Path, sizes: list[int], seed: int, changes: list[str]) -> dict[int, Trial]:
    """A trial for each number of photos; the smaller numbers are subsets of the greater ones."""
    pool = shuffled_groups((row for row in read_rows(photos) if row["split"] == "train"), seed)
    trials = {}
    for size, folder in write_nested_subsets(photos, root / "photos", sizes, pool, f"{photos.name}-{seed}").items():
        source = f'[{{source: "corners:{folder}"}}]'
        own = [f"seed={seed}", f"data.train={source}", f"data.validation={source}"]
        config = read_config("photos", [*own, *changes])
        trials[size] = Trial(f"{size} photos, seed {seed}", config, test_sources(photos, root))
    return trials


if __name__ == "__main__":
    main()
