"""Is the arena predicted before training what TFLM allocates? All presets and random networks, and which fit a board.

    python benchmarks/arena.py [NAME ...] [--random 20] [--target openmv-h7] [--json arena.json]

NAME is a preset; all of them by default. Each network is built untrained, written as int8, and run in the interpreter
of the `tflite-micro` wheel (`pip install detector[tflm]`). "never under" and "within 5 %" are what the prediction
promises.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from detector.build import build_model, for_export
from detector.card import ModelCard
from detector.config import Config, read_config
from detector.export.litert import write_int8
from detector.fitting import fit
from detector.models.arena import foretell_arena
from detector.models.cost import measure_cost
from detector.models.foretelling import foretell_operators
from detector.presets import preset_names
from detector.runs import write_json
from detector.targets import Target, read_target
from detector.tflm import arena_of

HEADS: tuple[dict[str, Any], ...] = (
    {"corners": {"method": "heatmap"}},
    {"corners": {"method": "heatmap", "stride": 8, "margin": 2, "channels": 16}},
    {"corners": {"method": "simcc", "channels": 16}},
    {"corners": {"method": "dense", "loss": "wing"}},
    {"corners": {"method": "dense", "loss": "mae", "pooling": "gap", "hidden": [32]}},
    {"box": {"stride": 8, "channels": 16}},
    {"box": {"method": "dense", "hidden": [24]}},
    {"grid": {"scales": ["P3"], "channels": 24}},
    {"grid": {"scales": ["P2", "P3"], "channels": 16, "depth": 2, "anchors": [[0.1, 0.2], [0.5, 0.4]]}},
    {"grid": {"scales": ["P3"], "method": "centroids", "assignment": "static", "channels": 16}},
    {"mask": {"channels": 8}},
    {"mask": {"stride": 1, "upsampling": "transposed", "deep_supervision": 1}},
    {"mask": {"stride": 4, "depth": 2}},
    {"autoencoder": {"channels": 16}},
    {"presence": {}},
    {"corners": {"method": "heatmap", "channels": 16}, "presence": {}, "box": {"stride": 8}},
    {"mask": {"channels": 12}, "grid": {"scales": ["P3"], "channels": 16}},
)
BACKBONES: dict[str, tuple[Any, ...]] = {
    "block": ("conv", "separable", "inverted_residual", "residual"),
    "width": (8, 16, 24),
    "growth": (1.0, 1.4, 2.0),
    "depths": ((1, 1, 1), (1, 2, 1), (1, 1, 2, 1), (1, 2, 2, 2), (1, 1, 1, 1, 1)),
    "activation": ("relu", "relu6", "leaky_relu", "hard_swish"),
    "normalisation": ("batch", "batch", "none"),
    "downsample": ("stride", "stride", "max_pool"),
}

HEADER = ("predicted", "allocated", "over", "head", "file", "needed", "left")


def main() -> None:
    """Prints a line a network, writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", default=preset_names())
    parser.add_argument("--random", type=int, default=20, help="random networks beside the presets")
    parser.add_argument("--target", default="openmv-h7", help="for the last columns: what is needed and left there")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    target = read_target(options.target)
    configs = {name: read_config(name) for name in options.presets}
    configs |= {f"random {seed}": random_config(seed) for seed in range(options.random)}
    rows = {}
    print(f"{'bytes':18}" + "".join(f"{name:>11}" for name in HEADER) + f"  fits {target.name}", flush=True)
    for name, config in configs.items():
        rows[name] = row = measure(config, target)
        print(
            f"{name:18}{row['predicted']:11,}{row['allocated']:11,}{row['over_percent']:+10.2f}%{row['head_over']:+11,}"
            f"{row['file']:11,}{row['needed']:11,}{row['left']:11,}  {'yes' if row['fits'] else 'no'}",
            flush=True,
        )
    over = [row["over_percent"] for row in rows.values()]
    print(f"{len(rows)} networks; predicted over allocated: {min(over):+.2f} % to {max(over):+.2f} %")
    if options.json:
        write_json(options.json, rows)


def measure(config: Config, target: Target) -> dict[str, Any]:
    """The arena of a config's network, predicted and allocated, and how it lies in a target."""
    network = build_model(config)
    exported = for_export(network, config.model.heads)
    cost, foretold = measure_cost(network, exported), foretell_arena(foretell_operators(exported))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.tflite"
        write_int8(exported, ModelCard.of(config, cost.parameters), noise(config), path)
        allocated, size = arena_of(path), path.stat().st_size
    in_target = fit(cost, target, config.input)
    return {
        "predicted": foretold.total_bytes,
        "allocated": allocated.total_bytes,
        "over_percent": 100 * (foretold.total_bytes / allocated.total_bytes - 1),
        "head_over": foretold.head_bytes - allocated.head_bytes,
        "file": size,
        "needed": in_target.needed_bytes,
        "left": in_target.left_bytes or 0,
        "fits": in_target.fits,
        "problems": in_target.problems,
    }


def noise(config: Config) -> np.ndarray:
    """Two pictures that calibrate an untrained network; the arena does not depend on them."""
    shape = (2, *config.input.size_hw, config.input.channels)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def random_config(seed: int) -> Config:
    """The config of a network drawn from all heads, blocks and activations, for pictures that are not square."""
    rng = np.random.default_rng(seed)
    backbone = {name: choices[rng.integers(len(choices))] for name, choices in BACKBONES.items()}
    side = 2 ** len(backbone["depths"])
    values = {
        "input": {
            "size_hw": [int(side * rng.integers(48 // side + 1, 160 // side + 1)) for _ in range(2)],
            "channels": int(rng.choice([1, 3])),
        },
        "data": {"train": [{"source": "documents:"}]},
        "model": {"backbone": backbone, "heads": HEADS[seed % len(HEADS)], "classes": ["cat", "dog"]},
    }
    return Config.parse(values, f"random network {seed}")


if __name__ == "__main__":
    main()
