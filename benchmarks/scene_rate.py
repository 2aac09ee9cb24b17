"""Scenes per CPU second on one thread, and the cost of drawing a page.

Run: python benchmarks/scene_rate.py [--source cutouts:cats.yaml#train] [--size 128] [--scenes 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.formats import open_source
from data_generators.synthetic.pages import LAYOUTS, draw_page


def measure_pages(repeats: int) -> dict[str, float]:
    """CPU milliseconds to draw a page, by layout."""
    costs = {}
    for name in LAYOUTS:
        start = time.process_time()
        for seed in range(repeats):
            draw_page(np.random.default_rng(seed), name)
        costs[name] = 1000 * (time.process_time() - start) / repeats
    return costs


def measure_scenes(source: str, size: int, count: int) -> float:
    """Scenes per CPU second of a drawn source, pages drawn and pictures decoded beforehand."""
    options: dict[str, Any] = {"pages": 100} if source.startswith("documents:") else {}
    scenes = open_source(source, size_hw=(size, size), count=count, **options)
    for index in range(len(scenes)):
        scenes.sample(index)
    start = time.process_time()
    for index in range(len(scenes)):
        scenes.sample(index)
    return count / (time.process_time() - start)


def main() -> None:
    """Measures, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="documents:", help="drawn scenes to time, as FORMAT:PATH[#SPLIT]")
    parser.add_argument("--size", type=int, default=128, help="side of a scene in pixels")
    parser.add_argument("--scenes", type=int, default=1000, help="how many scenes to time")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pages = measure_pages(5) if options.source.startswith("documents:") else {}
    rate = measure_scenes(options.source, options.size, options.scenes)
    for name, cost in pages.items():
        print(f"page {name:13s} {cost:6.1f} CPU ms")
    print(f"{rate:.0f} scenes per CPU second at {options.size} px, one thread ({1000 / rate:.2f} CPU ms a scene)")
    if options.json:
        options.json.write_text(json.dumps({"size": options.size, "scenes_per_cpu_second": rate, "page_ms": pages}))


if __name__ == "__main__":
    main()
