"""The ladder's decisions, in a world where a formula stands in the place of training."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from detector.config import Config
from detector.search.ladder import pareto_front
from detector.search.ladder_record import Price
from detector.search.ladder_rungs import Rung
from detector.search.ladder_shapes import Shape
from tests.detector.search.ladder_world import World, capacity, make_config, make_ladder, price_of, weights_of


def by_capacity(rung: Rung) -> tuple[float, float]:
    """No gap: training and validation pictures are known as well."""
    score = capacity(rung.config)
    return score, score


def knows_by_heart_from(width: float, score: float = 0.9) -> World:
    """From a width on everything passes."""
    return World(lambda rung: (score, score) if rung.shape.width >= width else (0.3, 0.3))


def test_too_small_is_found_out_on_a_few_pictures() -> None:
    world = knows_by_heart_from(10)
    ladder = make_ladder(world)
    assert ladder.climb() == "found"
    tried = world.rungs("overfit")
    widths = [rung.shape.width for rung in tried]
    assert widths == sorted(widths) and widths[0] == 4 and widths[-2] < 10 <= widths[-1]
    sizes = [price_of(rung.config).costs["int8_bytes"] for rung in tried]
    assert all(above >= 1.4 * below for below, above in pairwise(sizes))
    assert min(rung.shape.width for rung in world.rungs("generalise")) >= 10
    first = tried[0].config
    assert [(entry.limit, entry.source) for entry in first.data.train] == [
        (48, "documents:#train"),
        (16, "negatives:rooms"),
    ]
    assert [entry.source for entry in first.data.validation] == [entry.source for entry in first.data.train]
    assert not first.augment.enabled and first.shrink is None


def test_nearly_learnt_by_heart_is_tried_for_longer_from_its_own_weights() -> None:
    world = World(lambda rung: (0.9, 0.9) if rung.epochs > 10 or rung.phase != "overfit" else (0.79, 0.79))
    make_ladder(world).climb()
    first, second = world.rungs("overfit")
    assert (first.shape, second.epochs, second.other) == (second.shape, 20, first.name)
    assert second.config.model.init_from == str(ladder_folder(first))


def test_what_still_learns_is_not_too_small_yet() -> None:
    world = World(
        lambda rung: (0.9, 0.9) if rung.epochs > 30 or rung.phase != "overfit" else (0.1, 0.1),
        curves=lambda _: (9.0, 8.0, 7.0, 6.0),
    )
    make_ladder(world).climb()
    tried = world.rungs("overfit")
    assert [rung.epochs for rung in tried] == [10, 20, 40]
    assert len({rung.shape for rung in tried}) == 1 and tried[2].other == tried[1].name


@pytest.mark.parametrize(("curve", "epochs"), [((9.0, 8.0, 7.5, 7.4), [10]), ((9.0, 8.0, 7.0, 6.0), [10, 20, 40, 80])])
def test_too_small_where_it_learns_no_more_or_has_had_its_time(curve: tuple[float, ...], epochs: list[int]) -> None:
    world = World(lambda _: (0.1, 0.1), curves=lambda _: curve)
    assert make_ladder(world).climb() == "nothing passes"
    tried = world.rungs("overfit")
    assert [rung.epochs for rung in tried if rung.shape == tried[0].shape] == epochs
    assert len({rung.shape for rung in tried}) > 2


def ladder_folder(rung: Rung) -> str:
    return f"search/rungs/{rung.name}"


def test_augmentation_comes_before_width_where_it_overfits() -> None:
    def scores(rung: Rung) -> tuple[float, float]:
        helped = 0.15 * ("augmentation" in rung.remedies) - 0.05 * ("data" in rung.remedies)
        return (0.9, 0.9) if rung.phase == "overfit" else (0.7 + helped, 0.95)

    world = World(scores)
    ladder = make_ladder(world)
    assert ladder.climb() == "found"
    tried = world.rungs("generalise")
    assert [rung.remedies for rung in tried] == [(), ("data",), ("augmentation",)]  # data did not help, and goes
    assert len({rung.shape for rung in tried}) == 1
    assert [remedy.name for remedy in ladder.kept] == ["augmentation"]
    assert [remedy.name for remedy in ladder.dropped] == ["data"]
    assert tried[1].config.data.train[0].options["count"] == 2000
    assert tried[2].config.augment.enabled and tried[2].other == tried[0].name
    assert all(rung.remedies == ("augmentation",) for rung in world.rungs("down"))


def test_width_comes_first_where_it_underfits() -> None:
    world = World(lambda rung: (0.9, 0.9) if rung.phase == "overfit" or rung.shape.width > 12 else (0.5, 0.55))
    ladder = make_ladder(world)
    assert ladder.climb() == "found"
    assert not ladder.kept and not ladder.dropped
    assert len({rung.shape for rung in world.rungs("generalise")}) > 2


def test_a_rung_that_nearly_passes_goes_on() -> None:
    def scores(rung: Rung) -> tuple[float, float]:
        score = 0.9 if rung.phase == "overfit" else 0.77 + 0.004 * rung.epochs
        return score, score

    world = World(scores)
    ladder = make_ladder(world)
    assert ladder.climb() == "found"
    assert [rung.epochs for rung in world.rungs("generalise")] == [2, 4, 8]
    assert len({rung.shape for rung in world.rungs("generalise")}) == 1


@pytest.mark.parametrize("goal", [0.6, 0.7, 0.8, 0.85])
def test_down_again_to_the_smallest_that_passes(goal: float) -> None:
    world = World(by_capacity)
    ladder = make_ladder(world, goal=goal)
    assert ladder.climb() == "found"
    best, up = ladder.record.best(), [each for each in ladder.record.passing() if each.rung.phase == "generalise"]
    assert best and best.size < up[0].size and best.rung.phase == "down" and best.value >= goal
    all_configs = [ladder.maker.full("down", shape, 2).config for shape in all_shapes(ladder.record.turns)]
    passing = [weights_of(config) for config in all_configs if capacity(config) >= goal]
    assert best.size[0] <= 1.1 * min(passing)
    assert len(world.rungs()) < 35 < len(passing)


def all_shapes(turns: list[float]) -> list[Shape]:
    depths = [(1, 2, 2), (1, 2, 1), (1, 1, 1)]
    return [Shape(width, depth, size) for width in turns for depth in depths for size in ((96, 128), (72, 96))]


def test_of_equal_bytes_the_smaller_input_wins() -> None:
    ladder = make_ladder(World(lambda _: (0.9, 0.9)))
    ladder.climb()
    best = ladder.record.best()
    assert best and best.rung.shape == Shape(4, (1, 1, 1), (48, 64))


def test_what_is_smaller_than_a_failure_is_not_tried() -> None:
    world = World(lambda rung: (0.9, 0.9) if rung.shape.depths == (1, 2, 2) and rung.shape.width > 8 else (0.3, 0.3))
    ladder = make_ladder(world, make_config(width=8.5))
    ladder.climb()
    failed = [rung.shape for rung in world.rungs("down") if rung.shape.depths != (1, 2, 2)]
    assert not any(one != other and one.is_within(other) for one in failed for other in failed)


def test_steps_down_begin_with_weights_of_the_rung_above() -> None:
    world = World(by_capacity)
    make_ladder(world, make_config(blocks=["separable"]), goal=0.7).climb()
    starts = {rung.start for rung in world.rungs("down")}
    assert starts == {"weights", "channels", "nothing"}
    for rung in world.rungs("down"):
        assert rung.config.model.prune == (rung.start == "channels")
        assert (rung.config.model.init_from is None) == (rung.start == "nothing")


def test_a_near_miss_learns_from_the_best() -> None:
    def scores(rung: Rung) -> tuple[float, float]:
        small = rung.shape.width < 8 and rung.phase != "overfit"
        return (0.79, 0.9) if small and rung.start != "teacher" else (0.9, 0.9)

    world = World(scores)
    ladder = make_ladder(world, make_config(distil=True, width=7.5, remedies=[], near=0.03), goal=0.8)
    assert ladder.climb() == "found"
    taught = [rung for rung in world.rungs() if rung.start == "teacher"]
    assert taught and all(rung.config.training.distil for rung in taught)
    best = ladder.record.best()
    assert best and best.rung in taught


@pytest.mark.parametrize("most", [0, 1, 3, 6])
def test_when_the_time_is_up_the_best_so_far_stays(most: int) -> None:
    whole, cut = World(by_capacity), World(by_capacity, most=most)
    make_ladder(whole, goal=0.7).climb()
    ladder = make_ladder(cut, goal=0.7)
    assert ladder.climb() == "out of time"
    assert cut.rungs() == whole.rungs()[:most]


def test_a_ladder_goes_the_same_way_again() -> None:
    one, other = World(by_capacity), World(by_capacity)
    make_ladder(one, goal=0.7).climb()
    make_ladder(other, goal=0.7).climb()
    assert one.rungs() == other.rungs()
    assert len({rung.name for rung in one.rungs()}) == len(one.rungs())


def test_two_jobs_find_the_same_in_fewer_rounds() -> None:
    one, two = World(by_capacity), World(by_capacity)
    single, double = make_ladder(one, goal=0.7), make_ladder(two, goal=0.7, jobs=2)
    single.climb()
    double.climb()
    assert max(map(len, two.trained)) == 2
    assert len(two.trained) < len(one.trained)
    best, other = single.record.best(), double.record.best()
    assert best and other and other.size[0] <= 1.1 * best.size[0]


@pytest.mark.parametrize("phase", ["overfit", "generalise"])
def test_where_nothing_passes_the_nearest_is_known(phase: str) -> None:
    def scores(rung: Rung) -> tuple[float, float]:
        score = rung.shape.width / 100
        return (score, score) if phase == "overfit" or rung.phase == "generalise" else (0.9, 0.9)

    ladder = make_ladder(World(scores))
    assert ladder.climb() == "nothing passes"
    nearest = ladder.record.nearest()
    assert ladder.record.best() is None and nearest and nearest.rung.phase == phase
    assert nearest.rung.shape.width == max(each.rung.shape.width for each in ladder.record.outcomes.values())
    assert nearest.rung.shape.width > 25


def test_budgets_end_the_ladder_and_choose_the_input() -> None:
    def price(config: Config) -> Price:
        known = price_of(config)
        return replace(known, problem="macs" if known.costs["macs"] > 1.2e8 else "")

    world = World(by_capacity)
    ladder = make_ladder(world, make_config(width=8), goal=0.68, price=price)
    ladder.climb()
    assert all(price_of(rung.config).costs["macs"] <= 1.2e8 for rung in world.rungs())
    assert world.rungs()
    tight = make_ladder(World(by_capacity), price=lambda config: replace(price_of(config), problem="too large"))
    assert tight.climb() == "nothing passes" and not tight.record.outcomes


def test_what_is_too_slow_is_asked_at_a_smaller_input() -> None:
    world = World(lambda _: (0.9, 0.9), milliseconds=lambda config: config.input.size_hw[0] / 10)
    ladder = make_ladder(world, over=lambda costs: "milliseconds" if costs["milliseconds"] > 8 else "")
    assert ladder.climb() == "found"
    best = ladder.record.best()
    assert best and best.rung.shape.size_hw < (96, 128)
    assert any(outcome.over for outcome in ladder.record.outcomes.values())


def test_the_front_holds_what_no_other_beats() -> None:
    ladder = make_ladder(World(by_capacity), goal=0.7)
    ladder.climb()
    tried = ladder.record.on_all_data()
    front = pareto_front(tried, more_is_better=True)
    assert [each.size for each in front] == sorted(each.size for each in front)
    for each in front:
        assert not any(other.size <= each.size and other.value > each.value for other in tried)
