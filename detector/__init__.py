"""Small Keras networks for corners, boxes and masks, from labelled pictures or drawn scenes to the device.

The Python API has the verbs of the command line: `detector.train(config, ...)`, `detector.evaluate(...)` and so on.
They are imported on first use, for importing keras takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_VERBS = {
    "read_config": "detector.config",
    "build_model": "detector.build",
    "measure_cost": "detector.models.cost",
    "train": "detector.training",
    "evaluate": "detector.evaluation",
    "predict": "detector.prediction",
    "load_runtime": "detector.runtime",
    "export": "detector.export.run",
}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'detector' has no attribute {name!r}; the verbs are {', '.join(sorted(_VERBS))}")
