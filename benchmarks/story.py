"""The story: 52 M parameters, 0.1 M, and a heatmap of under 50 k on the same drawn certificates, from one command.

    python benchmarks/story.py [--runs runs/story] [--epochs 15] [--only heatmap]

Prints for each network: trainable parameters, bytes of the weights, of the checkpoint (with the optimizer's state) and
of the int8 file, training time, corner error, quad IoU in float and int8, and CPU milliseconds a picture on one thread.
A run that is there already is measured again, not trained again. `dense-52m` wants about 4 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from detector.config import Config, read_config
from detector.export.run import GateError, export
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json
from detector.runtime import LiteRTRuntime
from detector.training import train

NETWORKS: dict[str, list[str]] = {
    # conv-BN-ReLU-pool as it was, and a flatten of 16 x 16 x 64 into 3,168 units: 51.9 M of the 52 M weights
    "dense-52m": [
        "model.backbone={block: conv, width: 32, growth: 1.4, depths: [1, 1, 1], downsample: max_pool}",
        "model.heads.corners={method: dense, loss: mae, pooling: flatten, hidden: [3168]}",
        "training.learning_rate=0.0003",
    ],
    "dense-0.1m": [
        "model.backbone={block: conv, width: 8, growth: 1.5, depths: [1, 1, 2, 2, 1]}",
        "model.heads.corners={method: dense, loss: wing, pooling: flatten, hidden: [96]}",
    ],
    "heatmap": [],
}
MILLISECONDS = {"float": "float.tflite", "int8": "int8.tflite"}


def main() -> None:
    """Trains what is missing, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/story"))
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--only", choices=NETWORKS, action="append", help="train and measure only these")
    arguments = parser.parse_args()
    import_keras_quietly()
    rows = {}
    for name in arguments.only or NETWORKS:
        config = read_config("certificates", [*NETWORKS[name], f"training.epochs={arguments.epochs}"])
        rows[name] = measure(arguments.runs / name, config)
    write_json(arguments.runs / "story.json", rows)
    print_table(rows)


def measure(folder: Path, config: Config) -> dict[str, Any]:
    """Trains, exports and measures one network."""
    if not (folder / "report.json").exists():
        train(config, folder, resume=(folder / "config.yaml").exists())
    run = Run.open(folder)
    if not (run.exports / "report.json").exists():
        try:
            export(folder)
        except GateError as error:
            print(error)
    report = json.loads((run.exports / "report.json").read_text())
    last = next(run.checkpoints.glob("last-*.keras"))
    seconds = sum(row["seconds"] for row in run.read_metrics())
    return {
        "parameters": report["keras"]["parameters"],
        "weights_bytes": 4 * report["keras"]["parameters"],
        "checkpoint_bytes": last.stat().st_size,
        "int8_bytes": report["int8"]["bytes"],
        "training_minutes": seconds / 60,
        "corner_error_percent_mean": report["keras"]["corner_error_percent_mean"],
        "corner_error_px_at_128": report["keras"]["corner_error_percent_mean"] / 100 * 128 * 2**0.5,
        "quad_iou_mean_float": report["float"]["quad_iou_mean"],
        "quad_iou_mean_int8": report["int8"]["quad_iou_mean"],
        "int8_loss": report["float"]["quad_iou_mean"] - report["int8"]["quad_iou_mean"],
        **{f"ms_{kind}": milliseconds(run.exports / file) for kind, file in MILLISECONDS.items()},
    }


def milliseconds(path: Path) -> float:
    """Median CPU milliseconds of one picture through LiteRT, one thread."""
    runtime = LiteRTRuntime(path)
    picture = np.random.default_rng(0).integers(0, 256, (1, *runtime.card.input.size_hw, 3), dtype=np.uint8)
    times = []
    for _ in range(60):
        begun = time.process_time()
        runtime.run(picture)
        times.append(1000 * (time.process_time() - begun))
    return float(np.median(times[10:]))


def print_table(rows: dict[str, dict[str, Any]]) -> None:
    """One column a network."""
    print(f"{'':28}" + "".join(f"{name:>14}" for name in rows))
    for key in next(iter(rows.values())):
        values = [row[key] for row in rows.values()]
        print(f"{key:28}" + "".join(f"{v:>14,}" if isinstance(v, int) else f"{v:>14.4f}" for v in values))


if __name__ == "__main__":
    main()
