"""The objectives of a search: their names, and their values in a trial's result."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from data_generators.settings import SettingsError

# objective that is a cost -> what stands for it before the training, exactly the same in its result
COSTS = {
    "int8_bytes": "parameters",
    "arena_bytes": "arena_bytes",
    "macs": "macs",
    "parameters": "parameters",
    "milliseconds": "macs",
}


def check_objectives(names: Iterable[str]) -> None:
    """Refuses what no trial will have.

    Raises:
        SettingsError: names each, and the nearest that there is.
    """
    from detector.heads import score_names

    known = [*COSTS, *score_names()]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
            raise SettingsError(f"search.objectives: no trial has a {name}. {hint}")


def objective_value(result: Mapping[str, Any], name: str) -> float | None:
    """The value of an objective in a result as `TrialResult.to_json` gives it; None where the data have none."""
    value = result[name] if name in COSTS else result["metrics"].get(name)
    return None if value is None else float(value)
