"""Does a backbone that has learnt to restore pictures need fewer labelled ones? The `box` head on a few raccoons.

    python benchmarks/pretraining.py [--sizes 20 40] [--seeds 3] [--epochs 60]

Pictures of `boxes_dogcat` (of the folder DETECTOR_DATA), without their labels, teach the `autoencoder` head; its
backbone then begins the training of a `box` head on a few pictures of `boxes_raccoon`, all others of which measure it.
Beside it the same from random weights, from the backbone of a `box` head trained with the labels of the cats and dogs,
and from each backbone frozen for a third of the epochs. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
from itertools import product
from pathlib import Path
from typing import Any

from trials.running import spread

from detector.config import Config
from detector.quiet import import_keras_quietly
from detector.runs import write_json

DATA = Path(os.environ.get("DETECTOR_DATA", "."))
RACCOONS = 200
BACKBONE = {"block": "conv", "width": 16, "growth": 1.4, "max_channels": 48, "depths": [1, 1, 2, 2, 2]}
AUGMENT = {"geometry": {"rotation_deg": 8, "scale": [0.7, 1.5], "shift": 0.15, "turn90": 0}, "camera": "none"}
SCORES = ("box_iou_mean", "map50")


def main() -> None:
    """Trains what is missing, prints the table, writes pretraining.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40], help="labelled pictures")
    parser.add_argument("--seeds", type=int, default=1, help="each draws other pictures")
    parser.add_argument("--pretraining-epochs", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=60, help="of 320 pictures each")
    parser.add_argument("--runs", type=Path, default=Path("runs/pretraining"))
    options = parser.parse_args()
    import_keras_quietly()
    donors = train_donors(options.runs, options.pretraining_epochs)
    rows = []
    print(f"\n{'pictures':>8}  {'backbone':16}{'frozen':>8}{'box IoU':>9}{'+-':>8}{'mAP50':>8}")
    for size, name, frozen in product(options.sizes, donors, (0, options.epochs // 3)):
        if frozen and not donors[name]:
            continue
        reports = []
        for seed in range(1, options.seeds + 1):
            config = raccoon_config(size, seed, options.epochs, donors[name], frozen)
            reports.append(read_report(trained(options.runs / f"{size}-{seed}-{name}-{frozen}", config)))
        row: dict[str, Any] = {"pictures": size, "backbone": name, "frozen_epochs": frozen}
        row |= {score: [report[score] for report in reports] for score in SCORES}
        (iou, error), (precision, _) = (spread(row[score]) for score in SCORES)
        print(f"{size:8}  {name:16}{frozen:8}{iou:9.4f}{error:8.4f}{precision:8.4f}", flush=True)
        rows.append(row)
    write_json(options.runs / "pretraining.json", rows)


def train_donors(runs: Path, epochs: int) -> dict[str, Path | None]:
    """Name -> run folder of the backbones to begin from; None for random weights."""
    restoring = trained(runs / "autoencoder", donor_config({"autoencoder": {}}, epochs, labelled=False))
    finding = trained(runs / "labels", donor_config({"box": {}}, epochs, labelled=True))
    return {"random": None, "autoencoder": restoring, "labels": finding}


def read_report(folder: Path) -> dict[str, Any]:
    """The scores of a run's best checkpoint on its validation data."""
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


def donor_config(heads: dict[str, Any], epochs: int, *, labelled: bool) -> Config:
    """A training on the cats and dogs, with or without their labels."""
    root = DATA / "boxes_dogcat"
    places = [f"yolo:{root}/data.yaml#{part}" for part in ("train", "val")]
    if not labelled:
        places = [f"images:{root}/images/{part}" for part in ("train", "val")]
    return make_config({"train": [{"source": places[0]}], "validation": [{"source": places[1]}]}, heads, epochs=epochs)


def raccoon_config(size: int, seed: int, epochs: int, donor: Path | None, frozen: int) -> Config:
    """A training on some of the raccoons, validated on all others."""
    data = {"train": [{"source": f"voc:{DATA}/boxes_raccoon"}], "validation_share": 1 - size / RACCOONS}
    training: dict[str, Any] = {"epochs": epochs, "samples_per_epoch": 320}
    if frozen:
        training["freeze"] = {"stages": "all", "epochs": frozen}
    return make_config(data, {"box": {}}, seed=seed, donor=donor, **training)


def make_config(
    data: dict[str, Any], heads: dict[str, Any], *, seed: int = 1, donor: Path | None = None, **training: Any
) -> Config:
    """A config at 128 pixels with the backbone that all share."""
    return Config.parse(
        {
            "seed": seed,
            "input": {"size_hw": [128, 128]},
            "data": data,
            "augment": AUGMENT,
            "model": {"backbone": BACKBONE, "heads": heads, "init_from": str(donor) if donor else None},
            "training": {"learning_rate": 3e-3, "picture_epochs": 1000} | training,
        }
    )


def trained(folder: Path, config: Config) -> Path:
    """The run folder of a config, trained where it is not; an interrupted training is taken up."""
    from detector.training import train

    if not (folder / "report.json").exists():
        train(config, folder, resume=(folder / "state.json").exists())
    return folder


if __name__ == "__main__":
    main()
