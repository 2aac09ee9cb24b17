"""Which way a score is better: read by whatever compares models."""

from __future__ import annotations

LESS_IS_BETTER = ("error", "false_alarms", "below")  # parts of the names of such scores


def more_is_better(score: str) -> bool:
    """Whether a score is the better the larger it is."""
    return not any(part in score for part in LESS_IS_BETTER)
