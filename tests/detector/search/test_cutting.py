"""Which trials are cut short: those worse than the middle one of the trials that cost no more."""

from __future__ import annotations

import pytest

from detector.search.cutting import CutError, CutHopeless, no_costlier
from detector.search.outcome import Rival

CURVES = [(0.9, 0.5, 0.30, 0.3, 0.2, 0.2), (0.8, 0.6, 0.40, 0.4, 0.3, 0.3), (0.7, 0.6, 0.50, 0.5, 0.4, 0.4)] * 2
RIVALS = [Rival({"macs": 100.0 * (number + 1)}, curve) for number, curve in enumerate(CURVES)]


def epochs_until_cut(curve: list[float], rivals: list[Rival] = RIVALS) -> int | None:
    callback = CutHopeless(rivals, "val_loss", len(curve))
    for epoch, value in enumerate(curve):
        try:
            callback.on_epoch_end(epoch, {"val_loss": value, "loss": 0.0})
        except CutError:
            return epoch + 1
    return None


def test_the_worse_half_is_cut_after_a_third_of_the_epochs() -> None:
    assert epochs_until_cut([0.9, 0.7, 0.6, 0.6, 0.5, 0.5]) == 2
    assert epochs_until_cut([0.9, 0.5, 0.41, 0.4, 0.5, 0.5]) == 3
    assert epochs_until_cut([0.9, 0.5, 0.4, 0.4, 0.3, 0.3]) is None
    assert epochs_until_cut([0.3, 0.9, 0.9, 0.9, 0.9, 0.9]) is None  # its best counts, as its best is kept
    assert epochs_until_cut([9.0, 0.5, 0.4, 0.4, 0.3, 9.0]) is None  # at the end there is nothing to save


def test_few_or_shorter_rivals_cut_nobody() -> None:
    assert epochs_until_cut([9.0] * 6, RIVALS[:3]) is None
    assert epochs_until_cut([9.0] * 7) is None


def test_a_cut_says_why() -> None:
    callback = CutHopeless(RIVALS, "val_loss", 6)
    with pytest.raises(
        CutError, match=r"after 3 of 6 epochs its val_loss was 0\.7, and 0\.4 that of the middle one of 6"
    ):
        callback.on_epoch_end(2, {"val_loss": 0.7})


def test_small_trials_are_measured_against_small_ones() -> None:
    assert no_costlier(RIVALS, {"macs": 250.0}) == RIVALS[:2]
    assert no_costlier(RIVALS, {"macs": 300.0}) == RIVALS[:3]
    both = [Rival({"macs": 1.0, "parameters": 9.0}, ()), Rival({"macs": 1.0, "parameters": 2.0}, ())]
    assert no_costlier(both, {"macs": 1.0, "parameters": 3.0}) == both[1:]
    assert no_costlier([Rival({}, (1.0,))], {}) == [Rival({}, (1.0,))]
