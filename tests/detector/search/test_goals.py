"""Goals and budgets: what may be asked for, and what is refused with a cure."""

from __future__ import annotations

import math

import pytest

from detector.search.goals import Goal, GoalError, goal_of_scores, parse_budget, parse_goal

KNOWN = ("quad_iou_mean", "corner_error_percent_mean", "map50", "false_alarms_per_empty_picture")


def test_a_goal_knows_its_direction() -> None:
    more, less = parse_goal("quad_iou_mean>=0.95", KNOWN), parse_goal(" corner_error_percent_mean <= 2 ", KNOWN)
    assert (more, less) == (Goal("quad_iou_mean", 0.95), Goal("corner_error_percent_mean", 2.0))
    assert more.passes({"quad_iou_mean": 0.95}) and not more.passes({"quad_iou_mean": 0.9499})
    assert less.passes({"corner_error_percent_mean": 2.0}) and not less.passes({"corner_error_percent_mean": 2.01})
    assert more.shortfall({"quad_iou_mean": 0.76}) == pytest.approx(0.2)
    assert less.shortfall({"corner_error_percent_mean": 3.0}) == pytest.approx(0.5)
    assert (str(more), str(less)) == ("quad_iou_mean>=0.95", "corner_error_percent_mean<=2")
    assert str(parse_goal("false_alarms_per_empty_picture<=1", KNOWN)) == "false_alarms_per_empty_picture<=1"


@pytest.mark.parametrize("metrics", [{}, {"quad_iou_mean": None}])
def test_without_a_value_nothing_is_reached(metrics: dict[str, None]) -> None:
    goal = parse_goal("quad_iou_mean>=0.95", KNOWN)
    assert goal.shortfall(metrics) == math.inf and not goal.passes(metrics)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quad_iou_mean", "--until quad_iou_mean: expected a name, >= or <=, and a number"),
        ("quad_iou_mean>0.9", "expected a name, >= or <=, and a number"),
        ("quad_iou_mean>=a", "expected a name, >= or <=, and a number"),
        ("quad_iou_men>=0.9", "there is no metric quad_iou_men. Did you mean quad_iou_mean?"),
        ("quad_iou_mean<=0.9", "of quad_iou_mean, more is better: write >=."),
        ("corner_error_percent_mean>=2", "of corner_error_percent_mean, less is better: write <=."),
    ],
)
def test_no_goal(text: str, message: str) -> None:
    with pytest.raises(GoalError) as caught:
        parse_goal(text, KNOWN)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "within", "value"),
    [
        ("quad_iou_mean", "0", 0.8),
        ("quad_iou_mean", "1%", 0.792),
        ("quad_iou_mean", "0.05", 0.75),
        ("corner_error_percent_mean", "10%", 5.5),
    ],
)
def test_as_good_as_what_was_measured(metric: str, within: str, value: float) -> None:
    scores = {"quad_iou_mean": 0.8, "corner_error_percent_mean": 5.0, "map50": None}
    goal = goal_of_scores(scores, "runs/a", metric, within, KNOWN)
    assert goal.value == pytest.approx(value) and goal.of == "runs/a"
    with pytest.raises(
        GoalError, match=r"runs/a: there is no value of map50.*--until: quad_iou_mean, corner_error_percent_mean\."
    ):
        goal_of_scores(scores, "runs/a", "map50", within, KNOWN)


@pytest.mark.parametrize("within", ["a", "-1%", "%", "nan"])
def test_no_slack(within: str) -> None:
    with pytest.raises(GoalError, match=f"--within {within}: expected a share such as 1%"):
        goal_of_scores({"quad_iou_mean": 0.8}, "runs/a", "quad_iou_mean", within, KNOWN)


def test_a_budget_says_what_is_too_much() -> None:
    budget = parse_budget("int8_bytes<=6e4")
    assert budget({"int8_bytes": 60_000}) == "" and budget({}) == ""
    assert budget({"int8_bytes": 60_001}) == "int8_bytes 60,001 > 60,000"
    assert str(budget) == "int8_bytes<=60000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int8_bytes=60000", "--budget int8_bytes=60000: expected a name"),
        ("bytes<=60000", "there is no cost bytes. Did you mean int8_bytes?"),
        ("macs>=1000", "a budget is the most that may be spent: write macs<=NUMBER"),
        ("macs<=0", "write macs<=NUMBER, above 0"),
    ],
)
def test_no_budget(text: str, message: str) -> None:
    with pytest.raises(GoalError) as caught:
        parse_budget(text)
    assert message in str(caught.value)
