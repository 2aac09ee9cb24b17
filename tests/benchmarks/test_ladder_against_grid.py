"""Grid and ladder share space, data and schedule; in a world without training the ladder keeps to its promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.search.certificate import Circumstances, make_certificate
from detector.search.ladder_rungs import Rung, RungMaker
from tests.detector.search.ladder_world import World, make_ladder, price_of


def sizes_and_scores(rung: Rung) -> tuple[float, float]:
    """More with channels, depth and input; the same on training pictures."""
    backbone, side = rung.config.model.backbone, rung.config.input.size_hw[0] / 96
    score = 1 - 0.1 * (100 / sum(backbone.stage_channels())) * (6 / sum(backbone.depths)) ** 0.5 / side**0.5
    return score, score


def seconds(rung: Rung) -> float:
    """Beginning, export and measuring take 15 s; a picture takes 1 ms for its augmentation, and for training 3.5 ms in
    the largest cell, in others as their MACs. On two cores 0.95 and 3.5 ms were measured of a network of 104 k
    parameters.
    """
    from ladder_against_grid import make_config, parse_options

    training, largest = rung.config.training, price_of(make_config(parse_options([])))
    pictures = training.epochs * (training.samples_per_epoch or 0)
    return 15 + pictures * (1e-3 + 3.5e-3 * price_of(rung.config).costs["macs"] / largest.costs["macs"])


@pytest.mark.parametrize("quantile", [0.3, 0.6, 0.8])
def test_the_ladder_finds_the_smallest_cell_in_a_third_of_the_time(quantile: float) -> None:
    from ladder_against_grid import METRIC, all_shapes, choose_goal, compare, make_config, parse_options

    options = parse_options([])
    config, world = make_config(options), World(sizes_and_scores, seconds=seconds)
    maker = RungMaker(config, Path("grid"))
    rungs = [maker.full("generalise", shape, options.epochs) for shape in all_shapes(config)]
    grid = list(zip(rungs, world.train(rungs), strict=True))
    assert len({rung.name for rung in rungs}) == 36
    goal = choose_goal(grid, quantile)
    assert goal.metric == METRIC
    ladder = make_ladder(World(sizes_and_scores, seconds=seconds), config, goal=goal.value)
    report = compare(grid, goal, make_certificate(ladder, ladder.climb(), Circumstances("", (), 1.0)))
    tried = [outcome.rung for outcome in ladder.record.outcomes.values()]
    assert {rung.phase for rung in tried} >= {"overfit", "generalise"}
    assert report["ladder: seconds"] == pytest.approx(sum(map(seconds, tried)), abs=0.1)
    assert report["seconds, ladder to grid"] <= 1 / 3
    assert report["int8 bytes, ladder to grid"] <= 1.25
    assert report["grid: cells, passing"][0] == 36


def test_the_grid_holds_the_shapes_that_the_ladder_may_take() -> None:
    from ladder_against_grid import WIDTHS, all_shapes, make_config, parse_options

    config = make_config(parse_options(["--pictures", "640", "--set", "seed=4"]))
    assert config.seed == 4 and config.training.samples_per_epoch == 640
    assert config.shrink and config.shrink.widths == WIDTHS
    maker = RungMaker(config, Path("grid"))
    costs = {price_of(maker.full("generalise", shape, 2).config).size for shape in all_shapes(config)}
    assert len(costs) == 36
