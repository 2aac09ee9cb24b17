"""How many epochs fit into a budget of CPU seconds, from a short trial of the same network."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """What a training costs in CPU time.

    Args:
        pictures_per_cpu_second: of the training steps, augmentation included.
        start_cpu_seconds: before the first step: imports, caches, building.
        check_cpu_seconds: of the validation after an epoch.
    """

    pictures_per_cpu_second: float
    start_cpu_seconds: float
    check_cpu_seconds: float = 0.0

    def epochs_within(self, budget: float, pictures: int) -> int:
        """Whole epochs of so many pictures that end within the budget of CPU seconds; at least one."""
        return max(1, math.floor(self._epochs(budget, pictures)))

    def epochs_for(self, budget: float, pictures: int) -> int:
        """Whole epochs that take at least the budget; for a peer, who shall not be short of time."""
        return max(1, math.ceil(self._epochs(budget, pictures)))

    def _epochs(self, budget: float, pictures: int) -> float:
        epoch = pictures / self.pictures_per_cpu_second + self.check_cpu_seconds
        return (budget - self.start_cpu_seconds) / epoch
