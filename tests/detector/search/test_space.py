"""A search space: what it may say, the paths that it may name, and the config at a point."""

from __future__ import annotations

from typing import Any

import pytest

from data_generators.settings import SettingsError
from detector.config import Config
from detector.search.space import check_paths, check_precision, config_at, grid_params, make_distributions, to_values
from detector.settings.search import ParameterSettings, SearchSettings
from tests.detector.search.sweeping import sweep_config

OBJECTIVES = {"quad_iou_mean": "maximize"}


def search_of(space: dict[str, Any], **changes: Any) -> SearchSettings:
    return SearchSettings.parse({"space": space, "objectives": OBJECTIVES} | changes, "search")


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({}, "either `choices` or the range"),
        ([], "either `choices` or the range"),
        ({"choices": [1], "low": 2}, "either `choices` or the range"),
        ({"choices": [1], "log": True}, "`step` and `log` belong to a range"),
        ({"low": 2}, "a range needs `low` below `high`; received low 2, high None"),
        ({"low": 2, "high": 2}, "a range needs `low` below `high`"),
        ({"low": 0, "high": 2, "log": True}, "`low` must be above 0"),
        ({"low": 1, "high": 2, "log": True, "step": 1}, "`step` left out"),
        ({"low": 8, "high": 20, "step": 8}, "`step` must lead from `low` to `high`; received 8 between 8 and 20"),
        ({"low": 0.0, "high": 1.0, "step": -0.5}, "`step` must lead"),
        ({"lowest": 1}, "Did you mean `low`"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameter: Any, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        search_of({"model.backbone.width": parameter})


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ([8, [1, 2], None], [8, [1, 2], None]),
        ({"low": 8, "high": 24, "step": 8}, [8, 16, 24]),
        ({"low": 1, "high": 3}, [1, 2, 3]),
        ({"low": 1.0, "high": 1.3, "step": 0.1}, [1.0, 1.1, 1.2, 1.3]),
        ({"low": 1.0, "high": 1.3}, None),
    ],
)
def test_values_of_a_grid(parameter: Any, values: list[Any] | None) -> None:
    found = search_of({"model.backbone.width": parameter}).space["model.backbone.width"].grid()
    assert found == pytest.approx(values) if values and isinstance(values[0], float) else found == values


def test_a_grid_has_an_end_and_needs_steps() -> None:
    space = {"model.backbone.width": [8, 16, 24], "seed": {"low": 1, "high": 2}}
    assert search_of(space, sampler="grid").budget() == 6
    assert search_of(space, sampler="grid", trials=4).budget() == 4
    assert search_of(space).budget() == 50
    points = [grid_params(search_of(space).space, number) for number in range(6)]
    assert [tuple(point.values()) for point in points[:3]] == [(8, 1), (8, 2), (16, 1)]
    assert len({tuple(point.values()) for point in points}) == 6
    with pytest.raises(SettingsError, match=r"a grid needs a `step` or `choices` for training\.learning_rate"):
        search_of({"training.learning_rate": {"low": 1e-4, "high": 1e-2}}, sampler="grid")


def test_choices_that_the_engine_cannot_store_come_back_as_they_were() -> None:
    space = {
        "model.backbone.depths": ParameterSettings(choices=([1, 1], [1, 2])),
        "seed": ParameterSettings(low=1, high=9),
    }
    distributions = make_distributions(space)
    assert distributions["model.backbone.depths"].choices == ("[1, 1]", "[1, 2]")  # type: ignore[attr-defined]
    params = {"seed": 3, "model.backbone.depths": "[1, 2]"}
    assert list(to_values(space, params).items()) == [("model.backbone.depths", [1, 2]), ("seed", 3)]


@pytest.mark.parametrize(
    "path",
    [
        *("model.backbone.width", "model.heads.corners.channels", "data.train.0.weight", "seed", "model.backbone"),
        *("data.train.0.options.count", "training.freeze.epochs"),
    ],
)
def test_paths_of_settings(path: str) -> None:
    check_paths(sweep_config(), {path: ParameterSettings(choices=(1,))})


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("model.backbone.widht", r"Did you mean `model\.backbone\.width`"),
        ("width", r"Did you mean `model\.backbone\.width`"),
        ("data.train.1.weight", r"Did you mean `data\.train\.0\.weight`"),
        ("model.heads.grid.channels", r"Did you mean `model\.heads\.corners\.channels`"),
        ("seed.one", "Did you mean `seed`"),
        ("xyzzy", "`detector init` writes a config with all settings"),
    ],
)
def test_paths_that_lead_nowhere(path: str, hint: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"search\.space is not valid:\n  {path}: there is no such setting\. .*{hint}"
    ):
        check_paths(sweep_config(), {path: ParameterSettings(choices=(1,))})


@pytest.mark.parametrize(
    ("own", "space"),
    [
        ("int16x8", {"model.backbone.width": [8, 16]}),
        ("int8", {"export.precision": ["int8", "int16x8"]}),
        ("int8", {"export": [{}, {"precision": "int16x8"}]}),
    ],
)
def test_what_is_not_exported_to_int8_is_refused(own: str, space: dict[str, Any]) -> None:
    config = sweep_config()
    config = config.model_copy(update={"export": config.export.model_copy(update={"precision": own})})
    with pytest.raises(SettingsError, match=r"in int8, but here is int16x8\. .* export RUN --precision int16x8"):
        check_precision(config, search_of(space).space)
    check_precision(config, search_of({"export.precision": ["int8"]}).space)


def test_the_config_at_a_point() -> None:
    values = {
        "model.backbone.width": 24,
        "data.train.0.options.count": 77,
        "training.freeze.epochs": 3,
        "model.init_from": "documents",
    }
    config = config_at(sweep_config(), values)
    assert config.model.backbone.width == 24 and config.data.train[0].options == {"count": 77}
    assert config.training.freeze and config.training.freeze.epochs == 3
    assert config.search is None
    assert Config.parse(config.to_dict()) == config
    with pytest.raises(
        SettingsError, match=r"the config with model\.backbone\.width=12 is not valid:\n.*multiple of 8"
    ):
        config_at(sweep_config(), {"model.backbone.width": 12})
