"""How well does a model tell pictures with a cat from pictures with dogs, of textures, and of sheets of paper?

Run: python benchmarks/cat_presence.py MODEL [--data DATA] [--held-out] [--json FILE]

Positives are the pictures with a cat in `boxes_dogcat` val. Negatives are its pictures with dogs alone, all `textures`,
and the photos of `corners_paper_sheets`, each set for itself. A picture's score is that of the surest cat, 0 where
there is none; of a head without names of classes it is the presence. A run folder stands for its int8 file. The preset
`cats-fine` trains on half of the textures: `--held-out` measures on the other half.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_generators.formats import open_source
from data_generators.sample import Sample
from data_generators.sources import Source
from detector.codecs import Codec
from detector.codecs.boxes import BoxesPrediction
from detector.prediction import predict_images
from detector.runtime import Runtime, load_runtime
from detector.scoring.presence import score_presence

CAT = "cat"
PICTURES = "yolo:{data}/boxes_dogcat/data.yaml#val"
NEGATIVES = {"textures": "negatives:{data}/textures", "sheets": "negatives:{data}/corners_paper_sheets/images"}
TRAINED_SHARE = 0.5  # of the textures, in the preset `cats-fine`
WANTED = {"textures": 0.97, "sheets": 0.97}
MOST_TELLING = 20

Row = dict[str, Any]


def choose_head(codecs: dict[str, Codec]) -> str:
    """The head that is asked.

    Raises:
        SystemExit: no head says whether there is a cat.
    """
    for name, codec in codecs.items():
        counted = getattr(codec.settings, "of", ()) or codec.classes
        if name == "grid" and CAT in counted:
            return name
        if name in ("box", "presence") and tuple(counted) in ((), (CAT,)):
            return name
    told = ", ".join(f"{name} of {', '.join(codec.classes) or 'any object'}" for name, codec in codecs.items())
    raise SystemExit(f"Expected a head that says whether there is a {CAT}. Received {told}. Give another model.")


def score_picture(prediction: Any) -> float:
    """The probability that a picture shows a cat: the best score of its class, or the presence of the one object."""
    if isinstance(prediction, BoxesPrediction) and CAT in prediction.classes:
        return float(prediction.scores[prediction.labels == prediction.classes.index(CAT)].max(initial=0))
    return float(prediction.presence)


def shows_cat(sample: Sample, source: Source) -> bool:
    """Whether a picture's labels name a cat."""
    return CAT in {source.class_names[label] for label in sample.labels}


def ask(runtime: Runtime, head: str, codecs: dict[str, Codec], samples: Iterable[tuple[Sample, bool]]) -> list[Row]:
    """One row a picture: its file, whether it shows a cat, and the probability that the model gives."""
    rows = []
    for sample, true in samples:
        [answer] = predict_images(runtime, [sample.image], codecs)
        rows.append({"file": sample.origin, "presence_true": true, "presence": score_picture(answer[head])})
    return rows


def measure(runtime: Runtime, data: Path, *, held_out: bool = False) -> dict[str, Any]:
    """Scores for each set of negatives, and the pictures that were answered worst.

    Args:
        runtime: the model.
        data: the folder of the sets.
        held_out: of the textures those alone on which the preset `cats-fine` does not train.

    Raises:
        SystemExit: no head says whether there is a cat.
        DataError: a set is not there.
    """
    codecs = runtime.card.codecs()
    head = choose_head(codecs)
    pictures = open_source(PICTURES.format(data=data))
    samples = (pictures.sample(index) for index in range(len(pictures)))
    rows = ask(runtime, head, codecs, ((sample, shows_cat(sample, pictures)) for sample in samples))
    positives = [row for row in rows if row["presence_true"]]
    sets = {"dogs": [row for row in rows if not row["presence_true"]]}
    for name, text in NEGATIVES.items():
        source = open_negatives(text.format(data=data), held_out=held_out and name == "textures")
        sets[name] = ask(runtime, head, codecs, ((source.sample(index), False) for index in range(len(source))))
    scores = {
        name: {"positives": len(positives), "negatives": len(negatives), **score_presence(positives + negatives)}
        for name, negatives in sets.items()
    }
    worst = sorted(positives, key=lambda row: row["presence"])[:MOST_TELLING]
    alarms = {name: sorted(part, key=lambda row: -row["presence"])[:MOST_TELLING] for name, part in sets.items()}
    return {**runtime.describe(), "head": head, "scores": scores} | {
        "least_sure_cats": _told(worst, data),
        "most_alarming": {name: _told(part, data) for name, part in alarms.items()},
    }


def open_negatives(text: str, *, held_out: bool) -> Source:
    """Pictures without a cat: all of a folder, or those that training left out."""
    if held_out:
        return open_source(f"{text}#val", class_name=CAT, val_share=1 - TRAINED_SHARE)
    return open_source(text, class_name=CAT)


def _told(rows: list[Row], data: Path) -> list[list[Any]]:
    return [[os.path.relpath(row["file"], data), round(row["presence"], 4)] for row in rows]


def main() -> None:
    """Measures, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="run folder, file, or name of a shipped model")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DETECTOR_DATA", "data")))
    parser.add_argument("--held-out", action="store_true", help="of textures only those `cats-fine` has not seen")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    figures = measure(load_runtime(options.model), options.data, held_out=options.held_out)
    print(f"{figures['model']}: {figures['runtime']}, {figures['parameters']:,} parameters, {figures['bytes']:,} bytes")
    print("cats against    cats  others  ROC-AUC  wanted  recall at 1 % false alarms")
    for name, row in figures["scores"].items():
        auc, recall = row["presence_roc_auc"], row["presence_recall_at_1pct_fpr"]
        wanted = f"{WANTED[name]:.2f}" if name in WANTED else "-"
        print(f"{name:14s}{row['positives']:6d}{row['negatives']:8d}{auc:9.4f}{wanted:>8s}{recall:28.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
