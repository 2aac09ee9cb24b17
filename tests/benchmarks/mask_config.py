"""A tiny config of the head `mask`, and a folder of trimaps, for the benchmarks of masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_generators.images import write_image

CONFIG = """
input: {size_hw: [32, 64]}
data:
  train: [{source: "trimaps:elsewhere"}]
  validation: [{source: "trimaps:elsewhere"}]
augment: {camera: none}
model: {backbone: {width: 8, growth: 1, depths: [1, 1, 1]}, heads: {mask: {channels: 4, losses: {dice: 2}}}}
training: {epochs: 1, batch_size: 2}
"""


def write_mask_config(folder: Path) -> Path:
    """Writes the config; its data are to be replaced."""
    path = folder / "tiny-mask.yaml"
    path.write_text(CONFIG)
    return path


def write_pets(folder: Path, count: int = 12) -> Path:
    """Pictures of 24 x 40 pixels, bright on the object, which lies on their left half inside a border of 2 pixels."""
    trimap = np.full((24, 40), 2, np.uint8)
    trimap[4:20, 4:22] = 3
    trimap[6:18, 6:20] = 1
    for number in range(count):
        image = np.where(trimap[..., None] == 1, 200, 10 * number % 90).astype(np.uint8).repeat(3, axis=2)
        write_image(folder / "images" / f"pet_{number}.png", image)
        write_image(folder / "trimaps" / f"pet_{number}.png", trimap[..., None])
    return folder
