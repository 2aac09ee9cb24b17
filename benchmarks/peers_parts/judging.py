"""Scores of boxes that another program gave as JSON, by the same code as those of our own networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import Source
from detector.codecs.boxes import BoxesPrediction
from detector.scoring.boxes import score_boxes, score_boxes_sample

Answer = dict[str, Any]
FIGURES = ("map50", "map50_95", "map50_class_agnostic", "centroid_f1", "box_iou_mean")


def score_answers(source: Source, answers: Iterable[Answer], classes: Sequence[str]) -> dict[str, float | None]:
    """Judges a peer.

    Args:
        source: the labelled pictures, whose labels index `classes`.
        answers: a row a picture: `file`, and `objects`, of which each has `box_px` x0 y0 x1 y1 in pixels of the
            picture, `score` in [0, 1] and `class`.
        classes: names.

    Returns:
        `FIGURES`.

    Raises:
        ValueError: a labelled picture has no answer, or an answer names an unknown class.
    """
    by_file = {Path(answer["file"]).name: answer["objects"] for answer in answers}
    rows = []
    for index in range(len(source)):
        sample = source.sample(index)
        name = Path(sample.origin).name
        if name not in by_file:
            raise ValueError(f"{name} has no answer. Ask the peer about all pictures that are judged.")
        rows.append(score_boxes_sample(sample, read_prediction(by_file[name], sample, classes), "none"))
    scores = score_boxes(rows, classes)
    return {figure: scores[figure] for figure in FIGURES}


def score_floor(train: Source, source: Source, classes: Sequence[str]) -> dict[str, float | None]:
    """What somebody reaches who never looks: in every picture the median training box of each class, by frequency.

    Where objects are large and one a picture, that is much; a figure near it shows no learning.

    Args:
        train: the labelled pictures to take the boxes from.
        source: those to be judged on; the labels of both index `classes`.
        classes: names.
    """
    samples = [train.sample(index) for index in range(len(train))]
    labels = np.concatenate([sample.labels for sample in samples])
    boxes = np.concatenate([sample.boxes for sample in samples])
    guesses = [
        (np.median(boxes[labels == label], axis=0), float(np.mean(labels == label)), name)
        for label, name in enumerate(classes)
        if np.any(labels == label)
    ]
    answers = []
    for sample in map(source.sample, range(len(source))):
        size_px = np.array([sample.size_hw[1], sample.size_hw[0]] * 2)
        objects = [{"box_px": box * size_px, "score": share, "class": name} for box, share, name in guesses]
        answers.append({"file": sample.origin, "objects": objects})
    return score_answers(source, answers, classes)


def read_prediction(objects: Sequence[Mapping[str, Any]], sample: Sample, classes: Sequence[str]) -> BoxesPrediction:
    """The objects of an answer as a prediction of ours, best first.

    Raises:
        ValueError: an unknown class.
    """
    unknown = {each["class"] for each in objects} - set(classes)
    if unknown:
        raise ValueError(f"{sample.origin}: expected classes {', '.join(classes)}. Received {', '.join(unknown)}.")
    ranked = sorted(objects, key=lambda each: -each["score"])
    size_px = np.array([sample.size_hw[1], sample.size_hw[0]] * 2, np.float32)
    return BoxesPrediction(
        boxes=np.array([each["box_px"] for each in ranked], np.float32).reshape(-1, 4) / size_px,
        scores=np.array([each["score"] for each in ranked], np.float32),
        labels=np.array([list(classes).index(each["class"]) for each in ranked], np.int64),
        classes=tuple(classes),
    )
