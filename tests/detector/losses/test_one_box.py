"""The loss of one box: a weighted sum, whose weights and parts a config chooses."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from detector.losses import BoxIoULoss, BoxLoss

TRUE = np.array([[0.2, 0.1, 0.6, 0.3], [0.5, 0.5, 0.9, 0.9]], np.float32)


def test_it_is_the_sum_of_its_parts() -> None:
    predicted = TRUE + np.array([0.01, 0.02, 0.03, 0.1], np.float32)
    overlap = float(BoxIoULoss("ciou")(TRUE, predicted))
    assert float(BoxLoss("mae", "ciou", (3, 2))(TRUE, predicted)) == pytest.approx(3 * 0.04 + 2 * overlap, rel=1e-5)
    huber = np.mean([0.5 * 0.01**2 / 0.05, 0.5 * 0.02**2 / 0.05, 0.5 * 0.03**2 / 0.05, 0.1 - 0.025])
    assert float(BoxLoss("huber", "ciou", (1, 0))(TRUE, predicted)) == pytest.approx(huber, rel=1e-4)


@pytest.mark.parametrize("coordinates", ["mae", "huber"])
def test_perfect_is_better_than_near_and_near_than_far(coordinates: str) -> None:
    perfect, near, far = (float(BoxLoss(coordinates)(TRUE, TRUE + by)) for by in (0.0, 0.02, 0.5))
    assert perfect == pytest.approx(0, abs=1e-5)
    assert perfect < near < far


def test_every_cell_of_a_map_has_its_own_weight() -> None:
    true = np.tile(TRUE[:, None, None], (1, 2, 3, 1))  # (B, GH, GW, 4)
    predicted, weights = true.copy(), np.zeros((2, 2, 3), np.float32)
    predicted[0, 1, 2] += 0.05
    weights[0, 0] = 1
    assert float(BoxLoss()(true, predicted, weights)) == pytest.approx(0, abs=1e-5)
    weights[0, 1, 2] = 1
    assert float(BoxLoss()(true, predicted, weights)) == pytest.approx(float(BoxLoss()(TRUE, TRUE + 0.05)) / 4, rel=0.5)


def test_it_survives_saving() -> None:
    loss = BoxLoss("huber", "diou", (2.0, 0.5))
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert float(again(TRUE, TRUE + 0.1)) == float(loss(TRUE, TRUE + 0.1))
