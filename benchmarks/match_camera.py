"""True settings of a camera beside those that `detector match-camera` recovers from pictures degraded by them.

Run: python benchmarks/match_camera.py --clean images:my_pictures [--frames 20] [--shared] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.frames import make_frames
from data_generators.camera_matching.matching import imitate, match_camera
from data_generators.camera_matching.pixels import shrink
from data_generators.formats import open_source

_REFERENCE = 40
_SHARE = 0.8  # pictures are shrunk to it first: traces of their own JPEG must not help
GRID: tuple[dict[str, Any], ...] = (
    {},
    {"blur_px": 1.0},
    {"blur_px": 2.5},
    {"read_noise": 0.02},
    {"shot_noise": 0.04},
    {"read_noise": 0.015, "shot_noise": 0.03, "gamma": 0.7},
    {"jpeg": 30},
    {"jpeg": 75},
    {"resolution": 0.5},
    {"resolution": 0.7},
    {"red_gain": 1.2, "blue_gain": 0.8},
    {"gamma": 0.7},
    {"gamma": 1.4, "exposure": 0.8},
    {"saturation": 0.5},
    {"blur_px": 1.5, "read_noise": 0.02, "jpeg": 90},
    {"blur_px": 1.5, "read_noise": 0.02, "jpeg": 75},
    {"blur_px": 1.5, "read_noise": 0.02, "jpeg": 50},
    {"blur_px": 1.5, "read_noise": 0.02, "jpeg": 25},
    {"blur_px": 1.0, "read_noise": 0.02, "resolution": 0.5},
    {"blur_px": 1.0, "read_noise": 0.02, "resolution": 0.6, "jpeg": 90},
    {"blur_px": 1.0, "read_noise": 0.02, "resolution": 0.6, "jpeg": 60},
    {"red_gain": 1.15, "blue_gain": 0.85, "gamma": 0.8, "saturation": 0.7, "read_noise": 0.02, "jpeg": 80},
)
_SHOWN = tuple(dict.fromkeys(name for row in GRID for name in row))


def read_pictures(source: str, count: int) -> list[np.ndarray]:
    """Pictures of a source in random order, shrunk."""
    opened = open_source(source)
    order = np.random.default_rng(0).permutation(len(opened))[:count]
    return [shrink(opened.sample(int(index)).image, _SHARE) for index in order]


def recover(true: dict[str, Any], taken: list[np.ndarray], clean: list[np.ndarray]) -> dict[str, Any]:
    """What is found of a camera with these settings."""
    side = int(np.median([max(image.shape[:2]) for image in taken]))
    frames = imitate(taken, CameraEstimate(side_px=side, **true))
    found = match_camera(make_frames(frames, "degraded pictures"), clean)
    return {name: getattr(found, name) for name in _SHOWN}


def print_row(true: dict[str, Any], found: dict[str, Any]) -> None:
    """One line: `true > found` where a setting was changed, `found` alone elsewhere."""
    cells = []
    for name in _SHOWN:
        value = "-" if found[name] is None else f"{found[name]:.3g}"
        cells.append(f"{true[name]:g} > {value}" if name in true else value)
    print(" ".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    """Degrades, recovers, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clean", default="documents:", help="clean pictures, as FORMAT:PATH[#SPLIT]")
    parser.add_argument("--frames", type=int, default=20, help="pictures that are degraded")
    parser.add_argument("--shared", action="store_true", help="compare with the same pictures, not with others")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = read_pictures(options.clean, options.frames + _REFERENCE)
    taken = pictures[: options.frames]
    clean = taken if options.shared else pictures[options.frames :]
    print(" ".join(f"{name:>14}" for name in _SHOWN))
    rows = []
    for true in GRID:
        found = recover(true, taken, clean)
        print_row(true, found)
        rows.append({"true": true, "found": found})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
