"""Does int8 keep what float scores, and do boards compute the same bytes?

    python benchmarks/parity.py MODEL ... --data SOURCE ... [--samples 100] [--json FILE]

A model is a run folder, a `.keras` file with the exported `.tflite` beside it, or the name of a shipped one; a source
is for all models, or written `MODEL=SOURCE` for one. Prints a Markdown table: the guarded scores of Keras, of int8 on
LiteRT's fast kernels (what `predict` runs), on its reference kernels and on TensorFlow Lite Micro, all of the same
samples; what int8 loses; whether the last two gave the same bytes; and the memory that TFLM takes. `--json` keeps all
figures.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data_generators.formats import open_source
from data_generators.sources import Source
from detector.data import silent
from detector.evaluation import evaluate_sources
from detector.export.gate import find_losses, measure_kernels, spread
from detector.heads import HEADS
from detector.locate import find_checkpoint, find_model
from detector.runs import write_json
from detector.runtime import load_runtime

TITLES = ("model", "data", "score", "keras", "int8", "int8-reference", "tflm", "loss", "bytes", "arena bytes")


def main() -> None:
    """Measures every model, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="shipped names, run folders or .keras files")
    parser.add_argument("--data", nargs="+", required=True, help="FORMAT:PATH[#SPLIT], or MODEL=FORMAT:PATH[#SPLIT]")
    parser.add_argument("--samples", type=int, default=100, help="of each source, spread evenly; 0: all")
    parser.add_argument("--max-loss", type=float, default=0.01)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    reports = []
    print(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    for model in arguments.models:
        for text in sources_of(model, arguments.data):
            source = open_source(text, on_error="skip")
            report = measure(model, spread([source], arguments.samples))
            reports.append({"model": model, "data": text} | report)
            for line in lines_of(model, text, report, arguments.max_loss):
                print(f"| {' | '.join(line)} |", flush=True)
    if arguments.json:
        write_json(arguments.json, reports)


def sources_of(model: str, texts: list[str]) -> list[str]:
    """The sources that are for a model."""
    pairs = [text.split("=", 1) if "=" in text else ("", text) for text in texts]
    return [source for name, source in pairs if name in ("", model)]


def measure(model: str, sources: list[Source]) -> dict[str, Any]:
    """Column -> scores; what the gate says of the bytes, and the heads."""
    checkpoint, found = find_checkpoint(model), find_model(model)
    quantised = load_runtime(found if found.suffix == ".tflite" else checkpoint.with_suffix(".tflite"))
    columns = {
        "keras": evaluate_sources(checkpoint, sources).scores,
        "int8": evaluate_sources(quantised, sources).scores,
    }
    kernels = measure_kernels(quantised.path, sources, silent)
    return columns | kernels.columns | {"parity": asdict(kernels.parity), "heads": list(quantised.card.heads)}


def lines_of(model: str, text: str, report: dict[str, Any], max_loss: float) -> list[list[str]]:
    """A line a guarded score that has a value."""
    lines = []
    lost = "; ".join(find_losses(report["keras"], report["int8"], report["heads"], max_loss))
    for gate in (gate for head in report["heads"] for gate in HEADS[head].gates):
        values = [report.get(column, {}).get(gate.score) for column in TITLES[3:7]]
        if values[0] is None:
            continue
        figures = ["-" if value is None else f"{value:.4f}" for value in values]
        loss = f"{gate.loss(values[0], values[1]):+.4f}{' FAILS' if gate.score in lost else ''}"
        arena = report.get("tflm", {}).get("arena_bytes")
        first = [Path(model).name, text.rsplit("/", 1)[-1], gate.score]
        lines.append([*first, *figures, loss, report["parity"]["status"], f"{arena:,}" if arena else "-"])
    return lines


if __name__ == "__main__":
    main()
