"""The arena of every preset and of 20 random networks: never under, and within 5 % of what TFLM allocates."""

from __future__ import annotations

import pytest

from detector.config import read_config
from detector.presets import preset_names
from detector.targets import read_target
from detector.tflm import tflm_is_there

NO_WHEEL = "tflite-micro is not installed: the arena is not checked (pip install 'detector[tflm]')"


def test_random_networks_are_the_same_each_time_and_not_square() -> None:
    from arena import random_config

    configs = [random_config(seed) for seed in range(20)]
    assert configs[3] == random_config(3)
    assert any(height != width for height, width in (config.input.size_hw for config in configs))
    assert len({tuple(config.model.heads) for config in configs}) > 5
    assert {config.model.backbone.block for config in configs} >= {"conv", "separable", "residual"}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*preset_names(), *map(str, range(20))])
def test_predicted_arenas(name: str) -> None:
    from arena import measure, random_config

    if not tflm_is_there():
        pytest.skip(NO_WHEEL)
    row = measure(random_config(int(name)) if name.isdigit() else read_config(name), read_target("openmv-h7"))
    assert row["head_over"] == 0
    assert 0 <= row["over_percent"] <= 5
