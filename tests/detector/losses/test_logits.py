"""Cross-entropies of single logits: the focal losses of the papers, and what their weights do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from detector.losses import DistanceIoULoss, ElementCrossEntropy, FocalCrossEntropy

LOGITS = np.array([[0.5, -2.0, 3.0]], np.float32)
TARGETS = np.array([[1.0, 0.0, 0.4]], np.float32)


def cross_entropy(target: float, logit: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def test_the_focal_losses_of_the_papers_over_the_number_of_positives() -> None:
    terms = []
    for target, logit, alpha in zip(TARGETS[0], LOGITS[0], (0.3, 0.7, 0.3), strict=True):
        p = 1 / (1 + math.exp(-logit))
        terms.append(alpha * abs(target - p) ** 1.5 * cross_entropy(target, logit))
    assert float(FocalCrossEntropy(1.5, 0.3)(TARGETS, LOGITS)) == pytest.approx(sum(terms) / 2, rel=1e-4)
    weights = np.array([[2, 0, 1]], np.float32)
    expected = (2 * terms[0] + terms[2]) / 2
    assert float(FocalCrossEntropy(1.5, 0.3)(TARGETS, LOGITS, weights)) == pytest.approx(expected, rel=1e-4)


def test_a_batch_without_positives_has_the_loss_of_its_negatives() -> None:
    loss = FocalCrossEntropy(gamma=0, alpha=0.25)(0 * TARGETS, LOGITS)
    assert float(loss) == pytest.approx(0.75 * sum(cross_entropy(0, logit) for logit in LOGITS[0]), rel=1e-4)


def test_each_logit_has_its_own_weight() -> None:
    weights = np.array([[1, 0, 3]], np.float32)
    terms = [cross_entropy(target, logit) for target, logit in zip(TARGETS[0], LOGITS[0], strict=True)]
    expected = (terms[0] + 3 * terms[2]) / 4
    assert float(ElementCrossEntropy()(TARGETS, LOGITS, weights)) == pytest.approx(expected, rel=1e-4)
    assert float(ElementCrossEntropy()(TARGETS, 1000 * LOGITS)) < 1e4, "it overflows nowhere"


def test_distances_are_boxes_as_seen_from_a_point() -> None:
    """Boxes of 4 x 3 and 4 x 2 around one point that share 2 x 2."""
    true, near = np.array([[[1.0, 1, 3, 2]]], np.float32), np.array([[[3.0, 1, 1, 1]]], np.float32)
    assert float(DistanceIoULoss("iou")(true, near)) == pytest.approx(1 - 4 / 16)
