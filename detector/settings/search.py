"""The part of a config that says what `detector sweep` searches: a space of settings, objectives, and how."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from data_generators.settings import Settings

Direction = Literal["maximize", "minimize"]
Sampler = Literal["tpe", "nsga2", "random", "grid"]
ROUNDING = 1e-6  # of steps, in steps


class ParameterSettings(Settings):
    """The values that one setting may take: choices, or a range. A plain list stands for choices."""

    choices: tuple[Any, ...] = ()
    """Any values, e.g. [stride, max_pool] or [[1, 1, 1], [1, 2, 2]]."""
    low: int | float | None = None
    """The least value of a range. The range is of whole numbers where low, high and step are whole."""
    high: int | float | None = None
    """The greatest value of a range; it is in it."""
    step: int | float | None = None
    """Distance of neighbours in a range; null: 1 between whole numbers, else any value."""
    log: bool = False
    """Halving counts as much as doubling."""

    @model_validator(mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        return {"choices": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        ends = (self.low, self.high)
        if bool(self.choices) == any(end is not None for end in ends):
            raise ValueError("give either `choices` or the range `low` and `high`")
        if not self.choices:
            self._check_range()
        elif self.step is not None or self.log:
            raise ValueError("`step` and `log` belong to a range, and here are `choices`")
        return self

    def _check_range(self) -> None:
        low, high, step = self.low, self.high, self.step
        if low is None or high is None or not low < high:
            raise ValueError(f"a range needs `low` below `high`; received low {low}, high {high}")
        if self.log and (low <= 0 or step is not None):
            raise ValueError(f"with `log`, `low` must be above 0 and `step` left out; received {low} and {step}")
        if step is not None and (step <= 0 or abs((high - low) / step - round((high - low) / step)) > ROUNDING):
            raise ValueError(f"`step` must lead from `low` to `high`; received {step} between {low} and {high}")

    @property
    def whole(self) -> bool:
        """Whether this is a range of whole numbers."""
        return not self.choices and all(isinstance(each, int) for each in (self.low, self.high, self.step or 1))

    def grid(self) -> list[Any] | None:
        """All values, in order; None where there are endlessly many."""
        if self.choices:
            return list(self.choices)
        step = self.step or (1 if self.whole else None)
        if step is None or self.low is None or self.high is None:
            return None
        return [self.low + number * step for number in range(round((self.high - self.low) / step) + 1)]


class SearchSettings(Settings):
    """What `detector sweep` tries, what it looks for, and how it chooses the next trial."""

    space: dict[str, ParameterSettings] = Field(min_length=1)
    """Path of a setting, e.g. `model.backbone.width` -> the values that it may take; all others stay as they are."""
    objectives: dict[str, Direction] = Field(min_length=1)
    """What counts -> `maximize` or `minimize`: a score of `detector evaluate`, measured in int8, or one of int8_bytes,
    arena_bytes, macs, parameters and milliseconds. Of several there is a front: the trials that no other one beats in
    all of them. Milliseconds differ from run to run, and with them what `tpe` and `nsga2` try next."""
    sampler: Sampler = "tpe"
    """`tpe` learns from all trials before, `nsga2` crosses the best, `random` learns nothing, `grid` takes every
    combination once, which needs choices, whole numbers or steps."""
    trials: int = Field(50, ge=1)
    """How many; a sweep that is done goes on where this is raised."""
    seed: int = Field(1, ge=0)
    """Seeds the sampler. The same seed tries the same, whatever the number of workers."""
    lag: int = Field(8, ge=0)
    """A trial is chosen from what those before it have found, but for the last so many, which may still run then: the
    same trials come out whatever the number of workers. More workers than this would wait for each other."""
    population: int = Field(16, ge=2)
    """Trials of a generation of `nsga2`."""
    cut: bool = True
    """Cuts hopeless trials short: whose monitored metric, after a third of the epochs or more, is worse than that of
    the middle one of the finished trials that cost no more in any objective that is a cost."""

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        endless = [name for name, parameter in self.space.items() if parameter.grid() is None]
        if self.sampler == "grid" and endless:
            raise ValueError(f"a grid needs a `step` or `choices` for {', '.join(endless)}")
        return self

    def budget(self) -> int:
        """Trials that there will be; a grid has an end."""
        if self.sampler != "grid":
            return self.trials
        return min(self.trials, math.prod(len(parameter.grid() or ()) for parameter in self.space.values()))
