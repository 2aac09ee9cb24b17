"""Errors in data, and the policy that says whether one of them stops the work: used by every reader and cache."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

logger = logging.getLogger(__name__)

OnError = Literal["raise", "skip"]


class DataError(ValueError):
    """A file, a line or a picture that cannot be used; the message names it and the cure.

    Args:
        where: the file, with a line or an index where there is one, e.g. `corners.csv:12`.
        problem: what was expected and what came.
        cure: what a person can do about it.
    """

    def __init__(self, where: str | Path, problem: str, cure: str) -> None:
        super().__init__(f"{where}: {problem} {cure}")
        self.where, self.problem, self.cure = str(where), problem, cure

    def __reduce__(self) -> tuple[type[DataError], tuple[str, str, str]]:
        return type(self), (self.where, self.problem, self.cure)  # it survives the way back from a worker process


@dataclass
class ErrorPolicy:
    """Raises data errors, or logs each one as a warning and counts it.

    Args:
        on_error: `raise` stops at the first error, `skip` leaves the sample out.
    """

    on_error: OnError = "raise"
    skipped: list[str] = field(default_factory=list)

    def handle(self, error: DataError) -> None:
        """Raises `error`, or records that its sample is skipped."""
        if self.on_error == "raise":
            raise error
        logger.warning("skipped %s", error)
        self.skipped.append(error.where)

    def summarise(self, what: str, total: int) -> None:
        """Logs one warning that counts the skipped samples of `what`, if there are any."""
        if self.skipped:
            logger.warning("%s: skipped %d of %d samples (on_error: skip)", what, len(self.skipped), total)
