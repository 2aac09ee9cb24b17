"""What a quantised file surely loses on few samples: the gate's question to kernels that are too slow for the set.

A score of few samples changes by chance. How much is told by drawing them anew, with replacement, and scoring both
files on each draw (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): a loss counts where it is
too large in nearly all draws. Both files see the same pictures, so that a hard one is hard for both.
"""

from __future__ import annotations

import numpy as np

from detector.evaluation import Evaluation
from detector.heads import HEADS
from detector.scoring.gate import Gate

DRAWS = 100  # boxes take a tenth of a second a draw and hundred samples; only what looks lost is drawn
CERTAINTY = 0.95


def find_sure_losses(before: Evaluation, after: Evaluation, max_loss: float) -> list[str]:
    """What is lost beyond what is allowed and beyond chance, a phrase with figures each.

    Pictures are drawn one by one, not by clip: rounding is another one in each picture.

    Args:
        before: of the float file.
        after: of the quantised file, on the same samples.
        max_loss: 0.01 allows one point; see `Gate`.
    """
    random, count = np.random.default_rng(0), len(before.groups)
    losses = []
    for name, gate in ((head, gate) for head in before.rows for gate in HEADS[head].gates):
        if not _loss(before, after, name, gate, np.arange(count)) > max_loss:
            continue  # nor where it has no value
        drawn = random.integers(count, size=(DRAWS, count))
        found = [loss for draw in drawn if np.isfinite(loss := _loss(before, after, name, gate, draw))]
        least = float(np.quantile(found, 1 - CERTAINTY)) if found else -np.inf
        if least > max_loss:
            losses.append(
                f"{least / abs(gate.worth):.4f} or more of {gate.score} in {CERTAINTY:.0%} of draws of these samples "
                f"({max_loss / abs(gate.worth):g} allowed)"
            )
    return losses


def _loss(before: Evaluation, after: Evaluation, head: str, gate: Gate, draw: np.ndarray) -> float:
    """What a draw, int64 (N,), loses of a head's score; NaN where it has no value."""
    reference, measured = (_score(each, head, gate, draw) for each in (before, after))
    return np.nan if reference is None or measured is None else gate.loss(reference, measured)


def _score(evaluation: Evaluation, head: str, gate: Gate, draw: np.ndarray) -> float | None:
    rows = [evaluation.rows[head][index] for index in draw]
    threshold = evaluation.thresholds.get(HEADS[head].threshold_of)
    return HEADS[head].score(rows, evaluation.class_names, threshold)[gate.score]
