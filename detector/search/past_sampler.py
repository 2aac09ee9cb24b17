"""A sampler for Optuna to which a trial is a function of the seed, its number and the trials that ended before it.

So the same trials come out whatever the number of workers, and after a kill.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from detector.search.space import grid_params, make_distributions
from detector.settings.search import SearchSettings


class PastSampler(BaseSampler):
    """Asks one of Optuna's samplers, newly seeded for every trial, in a study that holds the past of that trial alone:
    all trials but the last `lag` before it. They must have ended by then.

    Args:
        settings: the search.
    """

    def __init__(self, settings: SearchSettings) -> None:
        self.settings = settings
        self.distributions = make_distributions(settings.space)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
        return self.distributions

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        if self.settings.sampler == "grid":
            return grid_params(self.settings.space, trial.number)
        sampler = self._sampler(int(np.random.SeedSequence((self.settings.seed, trial.number)).generate_state(1)[0]))
        past = optuna.create_study(directions=study.directions, sampler=sampler)
        past.add_trials(past_of(study, trial.number, self.settings.lag))
        asked = past.ask(search_space)
        for key, value in past.trials[-1].system_attrs.items():  # nsga2 looks there for the generation of a trial
            study._storage.set_trial_system_attr(trial._trial_id, key, value)
        return asked.params

    def sample_independent(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:
        raise RuntimeError(f"{param_name} was not in the space when the sweep began. Begin another study.")

    def _sampler(self, seed: int) -> BaseSampler:
        match self.settings.sampler:
            case "tpe":
                return TPESampler(seed=seed)
            case "nsga2":
                return NSGAIISampler(population_size=self.settings.population, seed=seed)
            case _:
                return RandomSampler(seed=seed)


def past_of(study: optuna.Study, number: int, lag: int) -> list[FrozenTrial]:
    """The trials that the one of a number is chosen from, in order.

    Raises:
        RuntimeError: one of them has not ended.
    """
    past = sorted(study.get_trials(deepcopy=False), key=lambda trial: trial.number)[: max(0, number - lag)]
    running = [trial.number for trial in past if not trial.state.is_finished()]
    if running:
        raise RuntimeError(f"trial {number} was chosen before trial {running[0]} has ended")
    return past
