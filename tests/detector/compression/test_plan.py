"""How narrow: the channels of stages and heads for a share of the cost, and what both runs cost and score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from detector.build import build_model
from detector.codecs import CODECS
from detector.compression import plan as plan_module
from detector.compression.dials import HEAD_WIDTHS, Dial, find_dials, narrow
from detector.compression.plan import compare_runs, plan_pruning
from detector.compression.pruning import prune_from
from detector.config import Config, read_config
from detector.models.cost import Cost
from detector.runs import Run, RunError, write_json
from tests.detector.test_cli import Detector, detector  # noqa: F401
from tests.detector.tiny import HEADS, tiny_config

MASK = {"mask": {"channels": 16, "max_channels": 32}}


@pytest.fixture(scope="module")
def wide() -> Config:
    """A network whose second stage and whose decoder are wide."""
    return tiny_config({"corners": HEADS["corners heatmap"]["corners"] | {"channels": 16}}, channels=[8, 24, 8])


@pytest.fixture(scope="module")
def network(wide: Config) -> keras.Model:
    """Of its second stage, 12 channels matter little."""
    keras.utils.set_random_seed(1)
    network = build_model(wide)
    layer = network.get_layer("stage2_block1_conv")
    layer.kernel.assign(np.asarray(layer.kernel) * np.where(np.arange(24) % 2, 1, 0.01))
    return network


@pytest.fixture(scope="module")
def donor(wide: Config, network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of that network, as if it had been trained and exported."""
    run = Run.create(tmp_path_factory.mktemp("donor") / "run", wide)
    run.checkpoints.mkdir()
    network.save(run.best)
    run.exports.mkdir()
    scores = {"parameters": 5, "bytes": 7, "quad_iou_mean": 0.9}
    (run.exports / "report.json").write_text(json.dumps({"int8": scores}))
    return run


def test_dials_are_stages_and_heads_with_the_layers_that_they_govern(wide: Config, network: keras.Model) -> None:
    dials = find_dials(wide, network)
    assert {name: dial.width for name, dial in dials.items()} == {1: 8, 2: 24, 3: 8, "corners": 16}
    assert {name: dial.step for name, dial in dials.items()} == {1: 4, 2: 4, 3: 4, "corners": 8}
    assert [len(each) for each in dials[2].importance] == [24]
    assert {len(each) for each in dials["corners"].importance} == {16}, "not the maps and logits that leave the head"
    assert dials[2].importance[0].mean() == pytest.approx(1)


def test_a_dial_keeps_what_reaches_the_threshold_in_whole_steps_and_one_step_at_least() -> None:
    dial = Dial(16, 4, (np.repeat([0.5, 1.5], 8), np.repeat([0.5, 1.5], [4, 12])))
    assert [dial.width_at(threshold) for threshold in (0.5, 1.0, 2.0)] == [16, 8, 4]
    assert Dial(16, 8, ()).width_at(9.0) == 16


def test_a_mask_keeps_the_proportions_of_its_decoder() -> None:
    narrowed = narrow(tiny_config(MASK), {1: 8, 2: 4, 3: 8, "mask": 8}, "runs/wide")
    assert narrowed.model.heads["mask"].channels == 8
    assert narrowed.model.heads["mask"].max_channels == 16
    assert (narrowed.model.backbone.channels, narrowed.model.init_from) == ((8, 4, 8), "runs/wide")


def test_every_width_of_a_head_says_what_it_is_a_multiple_of() -> None:
    fields = [codec.settings_class.model_fields for codec in CODECS.values()]
    widths = [each[name] for each in fields for name in HEAD_WIDTHS if name in each]
    assert len(widths) >= 5
    assert all(any(hasattr(entry, "multiple_of") for entry in each.metadata) for each in widths)


def test_the_channels_that_matter_least_go_first(wide: Config, donor: Run) -> None:
    plan = plan_pruning(wide, donor.directory, {"parameters": 0.8})
    assert plan.config.model.backbone.channels[1] == 12
    assert plan.config.model.backbone.channels[0] == 8
    assert 0.5 * plan.before.parameters < plan.after.parameters <= 0.8 * plan.before.parameters
    narrow_network = build_model(plan.config)
    assert not prune_from(narrow_network, donor.directory).left
    kept = np.asarray(narrow_network.get_layer("stage2_block1_conv").kernel)
    expected = np.asarray(keras.saving.load_model(donor.best).get_layer("stage2_block1_conv").kernel)[..., 1::2]
    np.testing.assert_array_equal(kept, expected)


def test_of_several_goals_all_are_met_by_the_widest(wide: Config, donor: Run) -> None:
    goals = {"bytes": 0.9, "macs": 0.6}
    plan = plan_pruning(wide, donor.directory, goals)
    assert not plan.missed(goals)
    assert plan.missed({"macs": 0.1}) == [f"{plan.after.macs / plan.before.macs:.3f} of macs"]


@pytest.mark.parametrize(
    ("config", "goal", "message"),
    [
        ({}, 0.01, r"The narrowest network of this design keeps 0\.\d+ of parameters: allow that much"),
        ({"channels": [8, 16, 8]}, 0.5, r"The config is not that of .*: .*stage2.* differ\. Give the config"),
        ({"application": "MobileNetV2"}, 0.5, "application: MobileNetV2 has no widths to choose"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    wide: Config, donor: Run, config: dict[str, Any], goal: float, message: str
) -> None:
    backbone = wide.model.backbone.model_copy(update=config)
    changed = wide.model_copy(update={"model": wide.model.model_copy(update={"backbone": backbone})})
    with pytest.raises(RunError, match=message):
        plan_pruning(changed, donor.directory, {"parameters": goal})


def test_what_runs_cost_and_score_stands_side_by_side(donor: Run, wide: Config, tmp_path: Path) -> None:
    [(folder, figures)] = compare_runs([donor]).items()
    assert folder == str(donor.directory)
    assert figures["quad_iou_mean"] == 0.9
    assert figures["bytes"] == 7, "of the file, not predicted"
    assert figures["macs"] == plan_module._cost(wide).macs
    with pytest.raises(RunError, match=r"has no report\.json of an export\. Export it: detector export"):
        compare_runs([Run.create(tmp_path / "run", wide)])


@pytest.mark.parametrize("precision", ["int16x8", "dynamic"])
def test_a_run_of_another_precision_is_compared_too(wide: Config, tmp_path: Path, precision: str) -> None:
    run = Run.create(tmp_path / "run", wide)
    write_json(run.exports / "report.json", {"float": {"bytes": 9}, precision: {"bytes": 7}})
    assert compare_runs([run])[str(run.directory)]["bytes"] == 7
    write_json(run.exports / "report.json", {"float": {"bytes": 9}})
    with pytest.raises(RunError, match=r"report\.json has no scores of a quantised file\. Export again"):
        compare_runs([run])


def test_goals_are_figures_of_the_cost() -> None:
    assert set(plan_module.GOALS.values()) <= set(Cost.__dataclass_fields__)


def test_the_verb_writes_a_config_and_compares_runs(detector: Detector, donor: Run, tmp_path: Path) -> None:  # noqa: F811
    result = detector("prune", donor.directory, "--parameters", "0.7", "--json", tmp_path / "costs.json")
    assert result.code == 0, result.error
    assert "Train it: detector train pruned.yaml" in result.output
    config = read_config(tmp_path / "pruned.yaml")
    assert config.model.prune
    costs = json.loads((tmp_path / "costs.json").read_text())
    assert costs["after"]["parameters"] <= 0.7 * costs["before"]["parameters"]
    again = detector("prune", donor.directory, "--parameters", "0.7")
    assert "pruned.yaml is there already. Choose another --output" in again.error
    assert "Say how much to keep, e.g. --bytes 0.5" in detector("prune", donor.directory).error
    assert "Give it: --config FILE or PRESET" in detector("prune", donor.best, "--bytes", "0.5").error
    assert "quad_iou_mean" in detector("prune", donor.directory, "--result", donor.directory).output
