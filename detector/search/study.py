"""The record of a sweep: trials, their values and their results, in an Optuna study that survives a kill.

The study folder:

study.yaml      `config`, the experiment that is varied, and `search`, its space and objectives, resolved
study.db        the Optuna study (SQLite), unless `--storage` names another place
trials/000/     a run folder a trial, see `runs`, with result.json (`TrialResult.to_json`) once it is complete, and
                log.txt, what the training printed
trials.json     {"objectives": {name: direction}, "trials": [row, ...]}, a row being {"number", "state": "running",
                "complete", "cut" or "failed", "values": {path: value}, "objectives": {name: value}, "result":
                that of result.json or {}, "reason": why it was cut or failed, "same_as": number of the trial with the
                same values that it takes its result from, or null, "on_front"}
front.json      the same, of the front alone
lock            held by the process that runs the sweep
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from data_generators.settings import SettingsError
from data_generators.sources import hash_content
from detector.config import Config
from detector.runs import RunError, atomic_path, write_json
from detector.search.objectives import objective_value
from detector.search.outcome import Outcome, State
from detector.search.space import suggest, to_values
from detector.settings.search import SearchSettings

if TYPE_CHECKING:
    import optuna

STALE_SECONDS = 600.0  # a driver on another machine that has not shown itself for so long is dead
SIGN_SECONDS, CONFIRM_SECONDS = 30.0, 2.0
GROWING = "trials"  # of a search: may differ when a sweep goes on


@dataclass(frozen=True)
class Row:
    """One trial of a study; see the module for each field."""

    number: int
    state: State
    values: dict[str, Any]
    objectives: dict[str, float]
    result: dict[str, Any]
    reason: str = ""
    same_as: int | None = None
    on_front: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data, as the study folder keeps it."""
        return asdict(self)


class Study:
    """A sweep's trials. One process at a time runs a folder; several folders, on several machines, may share a storage.

    Args:
        folder: the study folder; made where it is not there.
        config: the experiment, with its `search`.
        storage: a URL that Optuna knows, e.g. postgresql://HOST/DATABASE; None keeps study.db in the folder.

    Raises:
        SettingsError: optuna is not installed.
        RunError: the folder holds another sweep, or the storage cannot be opened.
    """

    def __init__(self, folder: str | Path, config: Config, storage: str | None = None) -> None:
        self.folder, self.search = Path(folder), search_of(config)
        self.trials_folder = self.folder / "trials"
        self._write_study(config)
        self._stale_seconds = STALE_SECONDS if storage else 0.0
        url = storage or f"sqlite:///{(self.folder / 'study.db').absolute()}"
        self._study = _open_study(url, hash_content(_identity(config)), self.search)
        self._me = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._mine: dict[int, optuna.Trial] = {}
        self._seen: dict[int, tuple[Any, float]] = {}
        self._shown, self._signs = time.monotonic(), 0

    def _write_study(self, config: Config) -> None:
        path, values = self.folder / "study.yaml", _identity(config)
        if path.exists():
            before = yaml.safe_load(path.read_text(encoding="utf-8"))
            before["search"].pop(GROWING)
            if before != values:
                raise RunError(
                    f"{self.folder} holds a sweep of another config or space; only search.{GROWING} may change. "
                    "Give the config it was begun with, or another --study."
                )
        kept = config.to_dict()
        search = kept.pop("search")
        with atomic_path(path) as temporary:
            temporary.write_text(yaml.safe_dump({"config": kept, "search": search}, sort_keys=False), encoding="utf-8")

    def begin_trial(self) -> int | None:
        """Takes the next number; None where another driver took the last one in the same moment."""
        trial = self._study.ask()
        if trial.number >= self.search.budget():
            trial.set_user_attr("owner", None)  # for whoever comes when there are to be more
            return None
        self._mine[trial.number] = trial
        self._sign(trial)
        return trial.number

    def _sign(self, trial: optuna.Trial, count: int = 0) -> None:
        """Leaves a sign in a trial, if there may be other drivers, that this one runs it."""
        if self._stale_seconds:
            trial.set_user_attr("owner", [self._me, count])

    def adopt(self) -> list[int]:
        """Takes over the trials that were running when the process that ran them stopped; returns their numbers."""
        import optuna

        left = [trial for trial in self._running() if trial.number not in self._mine and self._is_stale(trial)]
        found = {trial.number: optuna.Trial(self._study, trial._trial_id) for trial in left}
        for own in found.values():
            self._sign(own)
        if found and self._stale_seconds:  # another driver may have had the same thought: the last one to sign has it
            time.sleep(CONFIRM_SECONDS)
            signed = {trial.number: trial.user_attrs["owner"] for trial in self._running() if trial.number in found}
            found = {number: found[number] for number, owner in signed.items() if owner and owner[0] == self._me}
        self._mine |= found
        return sorted(found)

    def _is_stale(self, trial: optuna.trial.FrozenTrial) -> bool:
        if trial.user_attrs.get("owner", "unsigned") is None:  # released
            return True
        sign, now = trial.user_attrs.get("owner"), time.monotonic()
        before, since = self._seen.get(trial.number, (None, now))
        self._seen[trial.number] = (sign, since if before == sign else now)
        return now - self._seen[trial.number][1] >= self._stale_seconds

    def show_life(self) -> None:
        """Tells drivers on other machines that this one still runs its trials."""
        if time.monotonic() - self._shown < SIGN_SECONDS:
            return
        self._shown, self._signs = time.monotonic(), self._signs + 1
        for trial in self._mine.values():
            self._sign(trial, self._signs)

    def release(self) -> None:
        """Leaves one's own trials to whoever comes next, at once; for when nobody works on them any more."""
        for trial in self._mine.values():
            trial.set_user_attr("owner", None)
        self._mine.clear()

    def is_ready(self, number: int) -> bool:
        """Whether the trials that one of a number is chosen from have all ended."""
        return all(trial.number >= number - self.search.lag for trial in self._running())

    def choose_values(self, number: int) -> dict[str, Any]:
        """Path -> value of one's own trial; of an adopted one those that were chosen before."""
        trial = self._mine[number]
        params = {path: suggest(trial, path, parameter) for path, parameter in self.search.space.items()}
        return to_values(self.search.space, params)

    def end_trial(self, number: int, outcome: Outcome, same_as: int | None = None) -> Outcome:
        """Records how one's own trial ended; a score that the data cannot give makes it a failed one."""
        from optuna.trial import TrialState

        trial, values = self._mine.pop(number), {}
        if outcome.state == "complete":
            values = {name: objective_value(outcome.result, name) for name in self.search.objectives}
        missing = [name for name, value in values.items() if value is None]
        if missing:
            outcome = replace(outcome, state="failed", reason=f"the validation data give no {', '.join(missing)}")
        trial.set_user_attr("outcome", asdict(outcome) | {"same_as": same_as})
        states = {"complete": TrialState.COMPLETE, "cut": TrialState.PRUNED, "failed": TrialState.FAIL}
        told = [value for value in values.values() if value is not None] if outcome.state == "complete" else None
        self._study.tell(trial, told, state=states[outcome.state], skip_if_finished=True)
        return outcome

    def __len__(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def has_ended(self) -> bool:
        """Whether all trials have ended, and there are as many as there were to be."""
        return len(self) >= self.search.budget() and not self._running()

    def rows(self) -> list[Row]:
        """All trials, in order."""
        front = {trial.number for trial in self._study.best_trials}
        trials = sorted(self._study.get_trials(deepcopy=False), key=lambda trial: trial.number)
        counted = [trial for trial in trials if trial.state.is_finished() or self._counts(trial)]
        return [self._row(trial, trial.number in front) for trial in counted]

    def _row(self, trial: optuna.trial.FrozenTrial, on_front: bool) -> Row:
        names = {"COMPLETE": "complete", "PRUNED": "cut", "FAIL": "failed"}
        told = trial.values if trial.state.name == "COMPLETE" else []
        outcome = trial.user_attrs.get("outcome", {})
        return Row(
            number=trial.number,
            state=names.get(trial.state.name, "running"),  # type: ignore[arg-type]
            values=to_values(self.search.space, trial.params),
            objectives=dict(zip(self.search.objectives, told or [], strict=False)),
            result=outcome.get("result", {}),
            reason=outcome.get("reason", ""),
            same_as=outcome.get("same_as"),
            on_front=on_front,
        )

    def write_rows(self, rows: Sequence[Row]) -> None:
        """Writes trials.json and front.json."""
        for name, kept in (("trials", rows), ("front", [row for row in rows if row.on_front])):
            values = {"objectives": self.search.objectives, "trials": [row.to_json() for row in kept]}
            write_json(self.folder / f"{name}.json", values)

    def folder_of(self, number: int) -> Path:
        """The run folder of a trial."""
        return self.trials_folder / f"{number:03d}"

    def _running(self) -> list[optuna.trial.FrozenTrial]:
        trials = self._study.get_trials(deepcopy=False)
        return [trial for trial in trials if not trial.state.is_finished() and self._counts(trial)]

    def _counts(self, trial: optuna.trial.FrozenTrial) -> bool:
        """Whether it is to be run; one too many is there where two drivers took the last number, see `begin_trial`."""
        return trial.number < self.search.budget()


def search_of(config: Config) -> SearchSettings:
    """The search of a config.

    Raises:
        SettingsError: it has none.
    """
    if config.search is None:
        raise SettingsError(
            "there is nothing to search: the config has no section `search`. Write one (space, objectives), or give "
            "--space FILE."
        )
    return config.search


def _identity(config: Config) -> dict[str, Any]:
    """What makes a sweep the same sweep."""
    values = config.to_dict()
    search = {key: value for key, value in values.pop("search").items() if key != GROWING}
    return {"config": values, "search": search}


def _open_study(url: str, name: str, search: SearchSettings) -> optuna.Study:
    try:
        import optuna
    except ImportError:
        raise SettingsError("a sweep needs optuna. Install it: pip install 'detector[search]'") from None
    from sqlalchemy.exc import SQLAlchemyError

    from detector.search.past_sampler import PastSampler

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    directions = list(search.objectives.values())
    try:
        return optuna.create_study(
            storage=url, study_name=name, sampler=PastSampler(search), directions=directions, load_if_exists=True
        )
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise RunError(
            f"{url.split('@')[-1]} cannot be opened as a study: {error} Give --storage a URL as SQLAlchemy has them, "
            "and install the driver that it names."
        ) from error
