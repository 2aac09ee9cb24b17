"""How well does a model tell photos with a document from photos without one?

Run: python benchmarks/presence.py [--model documents] [--data DATA] [--json FILE]

Positives are the 42 photos of `corners_paper_sheets`. Negatives are, by sorted name, the first 300 pictures of
`masks_oxford_pets` (the last 150 are free for training), every second of the 600 in `boxes_dogcat` val (cats and dogs
both), and all `textures`, less those that hold paper: `presence_excluded.txt`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_generators.real.corner_csv import CornerCsvSource
from detector import api
from detector.scoring.presence import score_presence

EXCLUDED = Path(__file__).with_name("presence_excluded.txt")
POSITIVES = "corners_paper_sheets"
NEGATIVES = {
    "masks_oxford_pets": ("masks_oxford_pets/images", slice(0, 300)),
    "boxes_dogcat": ("boxes_dogcat/images/val", slice(0, 600, 2)),
    "textures": ("textures", slice(None)),
}
MOST_ALARMING = 20


def excluded_names() -> set[str]:
    """The pictures that hold paper: paths below the data folder, with `/`."""
    lines = EXCLUDED.read_text().splitlines()
    return {line.split("  ", 1)[0] for line in lines if line.strip() and not line.startswith("#")}


def negative_pictures(data: Path) -> dict[str, list[Path]]:
    """Name of each negative set -> its pictures.

    Args:
        data: the folder that holds the sets.

    Raises:
        SystemExit: a set is not there.
    """
    excluded, sets = excluded_names(), {}
    for name, (folder, chosen) in NEGATIVES.items():
        paths = sorted((data / folder).glob("*.jpg"))[chosen]
        if not paths:
            raise SystemExit(f"Expected pictures in {data / folder}, found none. Name the data folder with --data.")
        sets[name] = [path for path in paths if path.relative_to(data).as_posix() not in excluded]
    return sets


def ask(model: str, paths: Sequence[Path], *, true: bool) -> list[dict[str, Any]]:
    """One row a picture: its path, whether it holds a document, and the probability that the model gives."""
    answers = api.predict(model, [str(path) for path in paths])
    heads = (next(p for p in answer.predictions.values() if hasattr(p, "presence")) for answer in answers)
    return [
        {"path": path, "presence_true": true, "presence": float(head.presence)}
        for path, head in zip(paths, heads, strict=True)
    ]


def measure(model: str, data: Path) -> dict[str, Any]:
    """Scores for each negative set and for all together, and the negatives with the highest probability."""
    photos = CornerCsvSource(data / POSITIVES)
    positives = ask(model, [Path(photos.sample(index).origin) for index in range(len(photos))], true=True)
    by_set = {name: ask(model, paths, true=False) for name, paths in negative_pictures(data).items()}
    negatives = [row for rows in by_set.values() for row in rows]
    scores = {
        name: {"positives": len(positives), "negatives": len(rows), **score_presence(positives + rows)}
        for name, rows in {**by_set, "all": negatives}.items()
    }
    alarming = sorted(negatives, key=lambda row: -row["presence"])[:MOST_ALARMING]
    return {
        "model": model,
        "scores": scores,
        "lowest_positive": min(row["presence"] for row in positives),
        "most_alarming": [[row["path"].relative_to(data).as_posix(), round(row["presence"], 4)] for row in alarming],
    }


def main() -> None:
    """Measures, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="documents", help="run folder, file, or name of a shipped model")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DETECTOR_DATA", "data")))
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    figures = measure(options.model, options.data)
    print(f"{'negatives':18s} {'pictures':>8s} {'ROC-AUC':>8s} {'recall at 1 % false alarms':>27s}")
    for name, scores in figures["scores"].items():
        auc, recall = scores["presence_roc_auc"], scores["presence_recall_at_1pct_fpr"]
        print(f"{name:18s} {scores['negatives']:8d} {auc:8.4f} {recall:27.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
