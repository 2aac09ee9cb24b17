"""What drawn scenes are worth is read off the curve from scratch; test photos are never trained on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from data_generators.formats import open_source


def test_worth_is_interpolated_on_the_curve_from_scratch() -> None:
    from exchange_rate import exchange_rates

    scratch = {10: [0.5, 0.5], 40: [0.7, 0.7], 20: [0.6, 0.6]}
    drawn = {0: [0.3, 0.5], 10: [0.6, 0.7], 20: [0.7, 0.7], 40: [0.9, 0.9]}
    rates = exchange_rates({0: scratch, 500: drawn})
    assert rates[500] == pytest.approx({0: 0, 10: 20 * math.sqrt(2), 20: 40, 40: math.inf})
    assert 0 not in rates


def test_a_curve_that_falls_is_made_to_rise() -> None:
    from exchange_rate import exchange_rates

    scratch = {10: [0.5], 20: [0.7], 40: [0.6], 80: [0.8]}
    rates = exchange_rates({0: scratch, 100: {10: [0.7], 20: [0.75]}})
    assert rates[100] == pytest.approx({10: 20, 20: 40 * math.sqrt(2)})


def test_cells_say_what_lies_beyond_the_curve() -> None:
    from exchange_rate import cell

    limits = (10, 80)
    assert cell(None, None, limits) == "-"
    assert cell([0.9], None, limits) == "0.9000"
    assert cell([0.8, 0.9], 33.3, limits) == "0.8500 +- 0.0500 (33)"
    assert cell([0.9], math.inf, limits) == "0.9000 (> 80)"
    assert cell([0.1], 0.0, limits) == "0.1000 (< 10)"


def test_a_set_without_splits_is_divided_by_group(boards: Path, tmp_path: Path) -> None:
    from exchange_rate import divide

    test, pool = divide(boards, tmp_path)
    groups = set(open_source(test).groups())
    assert len(groups) == 2 and len(pool) == 4
    assert groups | set(pool) == {f"board{number}" for number in range(6)}
    assert divide(boards, tmp_path / "again")[1] == pool


def test_too_few_photos_are_told_before_anything_is_trained(
    boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import exchange_rate

    def train(_: object) -> None:
        raise AssertionError("trained")

    monkeypatch.setattr(exchange_rate, "folder_of", lambda _: boards)
    monkeypatch.setattr(exchange_rate, "train_on_scenes", train)
    monkeypatch.setattr("sys.argv", ["exchange_rate.py", "--photos", "1", "5", "--runs", str(tmp_path)])
    with pytest.raises(ValueError, match=r"has 4 photos to train on. Asked for: 5. Take fewer"):
        exchange_rate.main()


def test_a_set_with_splits_keeps_them(boards: Path, tmp_path: Path) -> None:
    from exchange_rate import divide

    header, *lines = (boards / "corners.csv").read_text().splitlines()
    rows = [line.replace(",,", f",{'train' if 'board1' in line else 'test'},", 1) for line in lines]
    (boards / "corners.csv").write_text("\n".join([header, *rows]) + "\n")
    test, pool = divide(boards, tmp_path)
    assert pool == ["board1"] and len(open_source(test)) == 10


def test_from_scratch_sees_four_times_as_many_pictures(boards: Path) -> None:
    from exchange_rate import photo_config

    scratch, tuned = (photo_config(boards, 1, start, 800).training for start in (None, Path("documents")))
    assert scratch.epochs == 4 * tuned.epochs and scratch.samples_per_epoch == tuned.samples_per_epoch == 100


def test_curves_are_gathered_and_drawn(tmp_path: Path) -> None:
    from exchange_rate import draw_curves, gather_curves

    scores = {
        (count, size, seed): {"corners:x": {"quad_iou_mean": 0.01 * size + 0.0001 * count + 0.02 * seed}}
        for count in (0, 1000)
        for size in (0, 10, 20)
        for seed in (1, 2)
        if count or size
    }
    curves = gather_curves(scores, "corners:x")
    assert list(curves[0]) == [10, 20] and list(curves[1000]) == [0, 10, 20]
    assert np.allclose(curves[1000][10], [0.22, 0.24])
    draw_curves("go", curves, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
