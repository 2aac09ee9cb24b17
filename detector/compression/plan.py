"""How narrow a trained network must become to cost a share of what it does, and what it cost before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from detector.build import build_model, for_export
from detector.compression.dials import Widths, find_dials, narrow
from detector.config import Config
from detector.locate import find_checkpoint
from detector.models.cost import Cost, measure_cost
from detector.runs import Run, RunError
from detector.settings.export import find_precision

GOALS = {"bytes": "file_bytes_int8", "macs": "macs", "arena": "arena_bytes_int8", "parameters": "parameters"}


@dataclass(frozen=True)
class PruningPlan:
    """A narrower network, as a config that takes over the channels that it keeps.

    Args:
        config: to train as any other.
        before: what the wider network costs.
        after: what the narrower one costs.
    """

    config: Config
    before: Cost
    after: Cost

    def missed(self, goals: Mapping[str, float]) -> list[str]:
        """The goals that are not met, in words."""
        shares = {name: getattr(self.after, GOALS[name]) / getattr(self.before, GOALS[name]) for name in goals}
        return [f"{share:.3f} of {name}" for name, share in shares.items() if share > goals[name]]


def plan_pruning(config: Config, source: str | Path, goals: Mapping[str, float]) -> PruningPlan:
    """The widest network within some shares of what another costs, narrowed where its channels matter least.

    One threshold holds for all layers: the L1 norm of a channel's folded filter over the mean of its layer, for layers
    differ in scale (Molchanov et al. 2017, section 2.2). Widths are what is left, in steps of 4 or what a head asks
    for.

    Args:
        config: of the wider network.
        source: its run folder, `.keras` file or shipped name; the narrower one begins from it.
        goals: some of `GOALS` -> share of the wider network's cost that may be kept.

    Raises:
        RunError: the backbone is none of ours, the config is of another network, or none of the design is so small.
    """
    if config.model.backbone.application:
        raise RunError(
            f"model.backbone.application: {config.model.backbone.application} has no widths to choose. Train a "
            "network with model.backbone.width, and prune that."
        )
    network = build_model(config)
    before = _cost(config, network)
    donor = keras.saving.load_model(find_checkpoint(source), compile=False)
    _check_same(network, donor, source)
    plans: dict[int, PruningPlan] = {}

    def missed(index: int) -> list[str]:
        narrowed = narrow(config, candidates[index], source)
        plans[index] = PruningPlan(narrowed, before, _cost(narrowed))
        return plans[index].missed(goals)

    candidates = _candidates(config, donor)
    low, high = 0, len(candidates) - 1
    too_much = missed(high)
    if too_much:
        raise RunError(f"The narrowest network of this design keeps {', '.join(too_much)}: allow that much, or more.")
    while low < high:
        middle = (low + high) // 2
        if missed(middle):
            low = middle + 1
        else:
            high = middle
    return plans[high]


def compare_runs(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """What runs cost and score, side by side: folder -> figure -> value, of the exported file where it can differ.

    Raises:
        RunError: a run is not exported.
    """
    return {str(run.directory): _figures(run) for run in runs}


def _figures(run: Run) -> dict[str, Any]:
    report = run.exports / "report.json"
    if not report.is_file():
        raise RunError(f"{run.directory} has no {report.name} of an export. Export it: detector export {run.directory}")
    columns = json.loads(report.read_text(encoding="utf-8"))
    precision = find_precision(columns)
    if precision is None:
        raise RunError(f"{report} has no scores of a quantised file. Export again: detector export {run.directory}")
    cost = _cost(run.config)
    return {"macs": cost.macs, "arena_bytes": cost.arena_bytes_int8} | columns[precision]


def _candidates(config: Config, donor: keras.Model) -> list[Widths]:
    """The widths of every threshold, from those that keep all to those that keep least."""
    dials = find_dials(config, donor)
    thresholds = np.unique(np.concatenate([each for dial in dials.values() for each in dial.importance]))
    widths = [{name: dial.width_at(threshold) for name, dial in dials.items()} for threshold in thresholds]
    return list({tuple(each.values()): each for each in widths}.values())


def _cost(config: Config, network: keras.Model | None = None) -> Cost:
    network = network or build_model(config)
    return measure_cost(network, for_export(network, config.model.heads))


def _check_same(network: keras.Model, donor: keras.Model, source: str | Path) -> None:
    ours, theirs = ({variable.path: tuple(variable.shape) for variable in each.weights} for each in (network, donor))
    differing = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    if differing:
        raise RunError(
            f"The config is not that of {source}: {', '.join(differing[:4])} differ. Give the config that it was "
            "trained with."
        )
