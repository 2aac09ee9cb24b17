"""How much each setting of a sweep's space matters to each objective, as Optuna tells it from the trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from detector.search.space import make_distributions
from detector.search.study import Row
from detector.settings.search import SearchSettings

FEWEST_TRIALS, FEWEST_A_SETTING = 12, 4
SEED = 1  # of the forest

Importances = dict[str, dict[str, float]]


def importances_of(rows: Sequence[Row], search: SearchSettings) -> tuple[Importances, str]:
    """Objective -> setting -> share of the objective's variance that the setting explains (fANOVA, Hutter et al. 2014).

    Args:
        rows: all trials.
        search: of the study.

    Returns:
        The importances, and why there are none: "" where there are.
    """
    known = [row for row in rows if row.state == "complete" and row.same_as is None]
    fewest = max(FEWEST_TRIALS, FEWEST_A_SETTING * len(search.space))
    if len(known) < fewest:
        return {}, (
            f"Too few trials: {len(known)} complete ones with different values, and {fewest} are the fewest that tell "
            f"the {len(search.space)} settings apart. Raise search.trials, and sweep on."
        )
    try:
        return {name: _importances(known, search, name) for name in search.objectives}, ""
    except ImportError:
        return {}, "Not known: optuna is not installed here. Install it: pip install 'detector[search]'."


def _importances(rows: Sequence[Row], search: SearchSettings, objective: str) -> dict[str, float]:
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    values = {row.objectives[objective] for row in rows}
    if len(values) == 1:  # nothing to explain
        return dict.fromkeys(search.space, 0.0)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study, distributions = optuna.create_study(), make_distributions(search.space)
    for row in rows:
        params = {path: _to_param(value) for path, value in row.values.items()}
        study.add_trial(
            optuna.create_trial(params=params, distributions=distributions, value=row.objectives[objective])
        )
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=SEED))


def _to_param(value: Any) -> str | int | float | bool | None:
    """As the engine stores it: JSON text of a list."""
    return value if isinstance(value, str | int | float | None) else json.dumps(value)
