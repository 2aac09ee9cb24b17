"""The verbs of the command line as functions: `from detector import api`, then `api.train("documents", "runs/mine")`.

Heavy modules are imported inside the verbs, so that this one is imported at once. Samples are drawn and decoded in
processes of their own: a script that trains wants its calls below `if __name__ == "__main__":`. A `config` is a
`Config`, a YAML file or the name of a preset; a `model` is a run folder, a `.keras` or `.tflite` file, or the name of
a shipped model.
"""

from __future__ import annotations

from detector.api.data import convert, generate, init, inspect, label, preview, pseudo_label
from detector.api.device import benchmark, bundle
from detector.api.networks import compare, cost, evaluate, export, fits, predict, train
from detector.api.resolving import AnyConfig
from detector.api.search import report, shrink, sweep

__all__ = [
    "AnyConfig",
    "benchmark",
    "bundle",
    "compare",
    "convert",
    "cost",
    "evaluate",
    "export",
    "fits",
    "generate",
    "init",
    "inspect",
    "label",
    "predict",
    "preview",
    "pseudo_label",
    "report",
    "shrink",
    "sweep",
    "train",
]
