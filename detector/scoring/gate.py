"""What a score may lose when a network becomes an int8 file; the table of heads says which scores are guarded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """A score that int8 must keep.

    Args:
        score: its name in the report.
        worth: what a change by 1 counts; negative where less is better. Corner error, in percent of the diagonal, has
            -0.1: 0.1 % more of it is as bad as 1 point of IoU less.
    """

    score: str
    worth: float = 1.0

    def loss(self, before: float, after: float) -> float:
        """What was lost, in units in which 0.01 is one point; negative where the score became better."""
        return self.worth * (before - after)
