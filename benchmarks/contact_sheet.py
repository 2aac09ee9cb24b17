"""Drawn scenes next to real photos on one picture, and the statistics in which they differ.

Run: python benchmarks/contact_sheet.py documents: corners:PHOTOS [...] [--output sheet.png] [--count 24] [--size 128]
     [--shuffle]

The first source is shown on the left, the others beside it; `--shuffle` mixes them all, for whoever wants to guess.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from data_generators.formats import open_source
from data_generators.geometry import quad_signed_area
from data_generators.preview import contact_sheet, write_png
from data_generators.sample import Sample
from data_generators.transform.input_spec import match_channels, resize_image

QUANTILES = (0.1, 0.5, 0.9)


def draw_samples(text: str, count: int, seed: int) -> list[Sample]:
    """`count` samples of a source, at random, all of it where it is smaller."""
    source = open_source(text, on_error="skip")
    chosen = np.random.default_rng(seed).permutation(len(source))[:count]
    return [source.sample(int(index)) for index in chosen]


def as_seen(sample: Sample, size: int) -> np.ndarray:
    """The picture as the network gets it: stretched to a square, uint8 (size, size, 3)."""
    return match_channels(resize_image(np.asarray(sample.image), (size, size)), 3)


def measure(samples: list[Sample], size: int) -> dict[str, list[float]]:
    """Per picture: mean and spread of brightness, saturation, sharpness, area and elongation of the page."""
    figures: dict[str, list[float]] = {name: [] for name in ("brightness", "contrast", "saturation", "sharpness")}
    figures.update(page_area=[], page_brightness=[], ground_brightness=[])
    for sample in samples:
        image = as_seen(sample, size)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        figures["brightness"].append(float(grey.mean()))
        figures["contrast"].append(float(grey.std()))
        figures["saturation"].append(float((image.max(axis=2) - image.min(axis=2)).mean()))
        figures["sharpness"].append(float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()))
        for quad in sample.keypoints:
            page = np.zeros((size, size), np.uint8)
            cv2.fillConvexPoly(page, np.round(quad * size).astype(np.int32), 1)
            figures["page_area"].append(abs(quad_signed_area(quad)))
            if 0 < page.mean() < 1:
                figures["page_brightness"].append(float(grey[page == 1].mean()))
                figures["ground_brightness"].append(float(grey[page == 0].mean()))
    return figures


def arrange(shown: list[list[Sample]], size: int, shuffle: bool) -> np.ndarray:
    """The sheet: a block of six columns a source, or all samples mixed."""
    if shuffle:
        mixed = [as_seen(sample, size) for samples in shown for sample in samples]
        order = np.random.default_rng(0).permutation(len(mixed))
        return contact_sheet([mixed[index] for index in order], 12, size)
    blocks = [contact_sheet([as_seen(sample, size) for sample in samples], 6, size) for samples in shown]
    height = max(block.shape[0] for block in blocks)
    padded = [np.pad(block, ((0, height - block.shape[0]), (0, 12), (0, 0))) for block in blocks]
    return np.concatenate(padded, axis=1)


def main() -> None:
    """Draws the sheet and prints the quantiles of each figure by source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", help="FORMAT:PATH[#SPLIT], e.g. documents: corners:photos")
    parser.add_argument("--output", type=Path, default=Path("contact_sheet.png"), help="file of the picture")
    parser.add_argument("--count", type=int, default=24, help="pictures shown of each source")
    parser.add_argument("--measured", type=int, default=200, help="pictures measured of each source")
    parser.add_argument("--size", type=int, default=128, help="side of a picture in pixels")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of pictures")
    parser.add_argument("--shuffle", action="store_true", help="mix the sources")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    shown = []
    for text in options.sources:
        samples = draw_samples(text, max(options.count, options.measured), options.seed)
        print(text)
        for name, values in measure(samples, options.size).items():
            if values:
                low, middle, high = np.quantile(values, QUANTILES)
                print(f"  {name:18s} 10 % {low:8.3f}   median {middle:8.3f}   90 % {high:8.3f}")
        shown.append(samples[: options.count])
    write_png(options.output, arrange(shown, options.size, options.shuffle))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
