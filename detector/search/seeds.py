"""The front of a sweep once more, with other seeds: is a trial better, or was it lucky?

In the study folder: `seeds/NNN/`, a study folder for trial NNN of the front, whose trials differ in `seed` alone; and
seeds.json, {"objectives": {name: direction}, "front": [{"number", "values": {path: value}, "seeds": [int, ...],
"objectives": {name: [value of each seed]}}, ...]}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_generators.settings import SettingsError
from detector.config import Config
from detector.runs import write_json
from detector.search.space import config_at
from detector.search.study import Row, search_of

FOLDER, JSON_NAME = "seeds", "seeds.json"

MOST = 1000  # seeds; a study goes on when more are asked for, as long as its space stays what it was

RunStudy = Callable[[Path, Config], Sequence[Row]]


@dataclass(frozen=True)
class Repeated:
    """A trial of the front, and what it found with each seed.

    Args:
        row: the trial.
        seeds: that have ended, the trial's own first.
        objectives: name -> a value for each of them.
    """

    row: Row
    seeds: tuple[int, ...]
    objectives: dict[str, list[float]]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as seeds.json keeps it."""
        shown = {"seeds": list(self.seeds), "objectives": self.objectives}
        return {"number": self.row.number, "values": self.row.values} | shown


Show = Callable[[Repeated], None]


def check_seeds(config: Config, seeds: int) -> None:
    """Refuses a space that tries seeds already.

    Raises:
        SettingsError: `seed` is in the space, and more than one seed is asked for.
    """
    if seeds > 1 and config.search and "seed" in config.search.space:
        raise SettingsError("the space tries `seed` already. Leave --seeds out, or take `seed` out of search.space.")


def repeat_front(
    config: Config, folder: Path, rows: Sequence[Row], seeds: int, run: RunStudy, show: Show = lambda _: None
) -> list[Repeated]:
    """Trains each trial of a front with other seeds, and writes seeds.json.

    Args:
        config: that of the study, with its `search` and absolute paths.
        folder: the study folder.
        rows: all trials.
        seeds: how many each has in the end: those after its own.
        run: (study folder, config with a `search`) -> its trials, as far as the time went.
        show: called with each trial that has been repeated.
    """
    repeated, objectives = list[Repeated](), dict(search_of(config).objectives)
    for row in rows:
        if row.on_front and row.same_as is None:
            own = config_at(config, row.values)
            others = run(folder / FOLDER / f"{row.number:03d}", _with_seeds(own, objectives, seeds))
            repeated.append(_gather(row, own.seed, others))
            show(repeated[-1])
    write_json(folder / JSON_NAME, {"objectives": objectives, "front": [each.to_json() for each in repeated]})
    return repeated


def _with_seeds(own: Config, objectives: dict[str, Any], seeds: int) -> Config:
    """The config of a trial with a search over the seeds after its own."""
    space = {"seed": {"low": own.seed + 1, "high": own.seed + MOST}}
    search = {"space": space, "sampler": "grid", "trials": seeds - 1, "cut": False, "objectives": objectives}
    return Config.parse(own.to_dict() | {"search": search}, "the search over seeds")


def _gather(row: Row, seed: int, others: Sequence[Row]) -> Repeated:
    ended = [other for other in others if other.state == "complete"]
    found = {name: [value, *(other.objectives[name] for other in ended)] for name, value in row.objectives.items()}
    return Repeated(row, (seed, *(int(other.values["seed"]) for other in ended)), found)
