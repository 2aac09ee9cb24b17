"""Scenes per CPU second on one thread, and the cost of drawing a page.

Run: python benchmarks/scene_rate.py [--size 128] [--scenes 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from data_generators.synthetic.documents import DocumentScenes, DocumentSettings
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


def measure_scenes(size: int, count: int) -> float:
    """Scenes per CPU second, pages drawn beforehand."""
    source = DocumentScenes(DocumentSettings(size_hw=(size, size), count=count, pages=100))
    for index in range(len(source)):
        source.sample(index)
    start = time.process_time()
    for index in range(len(source)):
        source.sample(index)
    return count / (time.process_time() - start)


def main() -> None:
    """Measures, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128, help="side of a scene in pixels")
    parser.add_argument("--scenes", type=int, default=1000, help="how many scenes to time")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pages = measure_pages(5)
    rate = measure_scenes(options.size, options.scenes)
    for name, cost in pages.items():
        print(f"page {name:13s} {cost:6.1f} CPU ms")
    print(f"{rate:.0f} scenes per CPU second at {options.size} px, one thread ({1000 / rate:.2f} CPU ms a scene)")
    if options.json:
        options.json.write_text(json.dumps({"size": options.size, "scenes_per_cpu_second": rate, "page_ms": pages}))


if __name__ == "__main__":
    main()
