"""The narrow networks of the benchmark are the same, see the same, and differ in how they begin and who teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def trials() -> dict[str, Any]:
    from compress import make_trials, parse_options

    options = parse_options(["documents", "--seeds", "2", "--epochs", "3", "--weight", "0.5", "--runs", "runs"])
    return {trial.name: trial.config for _, _, trial in make_trials(options)}


def test_the_ways_differ_in_beginning_and_teacher_alone(trials: dict[str, Any]) -> None:
    assert len(trials) == 8
    assert len({str(config.data) + str(config.model.backbone) for config in trials.values()}) == 1
    assert {config.training.epochs for config in trials.values()} == {3}
    found = {
        name: (config.model.init_from, config.model.prune, config.training.distil is not None, config.seed)
        for name, config in trials.items()
    }
    assert found["from nothing, seed 1"] == (None, False, False, 1)
    assert found["pruned, seed 2"] == ("documents", True, False, 2)
    assert found["distilled, seed 1"] == (None, False, True, 1)
    assert found["pruned and distilled, seed 2"] == ("documents", True, True, 2)
    assert trials["distilled, seed 1"].training.distil.weight == 0.5


def test_the_narrow_network_keeps_half_the_bytes(trials: dict[str, Any]) -> None:
    from detector import api

    bytes_kept = api.cost(trials["pruned, seed 1"]).file_bytes_int8 / api.cost("documents").file_bytes_int8
    assert 0.4 < bytes_kept <= 0.5


def test_the_table_has_means_over_the_seeds() -> None:
    from compress import TASKS, format_table

    scores = [{"minutes": 2.0, "validation": {"parameters": 5, "bytes": 1234, "map50": each}} for each in (0.5, 0.7)]
    table = format_table({"shipped": [{"validation": scores[0]["validation"]}], "pruned": scores}, TASKS["cats"])
    assert "| shipped | 5 | 1,234 | - | 0.5000 |" in table
    assert "| pruned | 5 | 1,234 | 2.0 | 0.6000 +- 0.1000 |" in table


def test_runs_lie_where_they_were_asked_for() -> None:
    from compress import parse_options

    assert parse_options(["mask", "--runs", "runs"]).runs == Path("runs").absolute()
