"""Networks small enough to be exported in a second, one a head and method, shared by the tests of `detector`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from data_generators.geometry import to_pixels
from data_generators.sample import Sample, sample_with_corners
from detector.build import build_model, for_export
from detector.card import ModelCard, write_keras_card
from detector.config import Config
from detector.export.litert import write_float, write_int8

SIZE_HW = (32, 48)
HEATMAP = {"method": "heatmap", "channels": 8}
SIMCC = {"method": "simcc", "channels": 8}
DENSE = {"method": "dense", "loss": "wing"}
ANCHORS = [[0.2, 0.2], [0.3, 0.3], [0.6, 0.3], [0.6, 0.8]]
GRID: dict[str, Any] = {"scales": ["P3"], "channels": 8}
HEADS: dict[str, dict[str, Any]] = {
    "corners heatmap": {"corners": HEATMAP},
    "corners simcc": {"corners": SIMCC},
    "corners dense flatten": {"corners": DENSE},
    "corners dense gap": {"corners": DENSE | {"pooling": "gap", "hidden": [16]}},
    "autoencoder": {"autoencoder": {"channels": 8, "patch_px": 8}},
    "grid": {"grid": GRID},
    "grid centroids": {"grid": GRID | {"method": "centroids", "centre_radius": 0.5}},
    "grid anchors": {"grid": GRID | {"scales": ["P2", "P3"], "anchors": ANCHORS, "assignment": "dynamic"}},
    "box map": {"box": {"stride": 8, "channels": 8}},
    "box dense": {"box": {"method": "dense", "coordinate_loss": "huber", "iou_loss": "ciou", "hidden": [16]}},
    "mask": {"mask": {"channels": 8}},
    "mask classes": {
        "mask": {
            "channels": 8,
            "stride": 1,
            "upsampling": "transposed",
            "class_weights": {"dog": 2.0},
            "deep_supervision": 1,
        }
    },
    "mask coarse": {"mask": {"channels": 8, "stride": 4, "losses": {"focal": 1.0, "jaccard": 1.0}}},
    "presence": {"presence": {}},
    "two heads": {"corners": HEATMAP | {"loss_weight": 2.0}, "presence": {"loss_weight": 0.5}},
}
OWN_LABELS = ("autoencoder",)  # cases of heads to which every picture is its own label, and no object one
QUAD = np.array([[0.2, 0.15], [0.8, 0.25], [0.75, 0.9], [0.1, 0.8]], np.float32)
CUT_OFF = QUAD + np.array([0.3, 0.0], np.float32)  # the right edge leaves the frame


def tiny_config(
    heads: dict[str, Any], size_hw: tuple[int, int] = SIZE_HW, fit: str = "stretch", **backbone: Any
) -> Config:
    """A config of a network of three stages, 8 channels wide; grids and masks with class weights know cats and dogs."""
    return Config.parse(
        {
            "input": {"size_hw": size_hw, "fit": fit},
            "data": {"train": [{"source": "documents:"}]},
            "model": {
                "backbone": {"width": 8, "depths": [1, 1, 1]} | backbone,
                "heads": heads,
                "classes": ["cat", "dog"] if "grid" in heads or "class_weights" in heads.get("mask", {}) else [],
            },
        }
    )


def random_network(config: Config, seed: int = 1) -> keras.Model:
    """A network whose biases and norms are not the zeros and ones that an untrained network has."""
    keras.utils.set_random_seed(seed)
    network, rng = build_model(config), np.random.default_rng(seed)
    for variable in network.weights:
        if variable.dtype == "float32":
            variable.assign(variable + rng.uniform(0.01, 0.1, variable.shape))
    if "mask" in config.model.heads:
        settle_norms(network, config.input.size_hw)
    return network


def settle_norms(network: keras.Model, size_hw: tuple[int, int]) -> None:
    """Gives norms the statistics of pictures: what a UNet joins has about the same range then, as after training."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(noise(16, size_hw) / np.float32(255), training=True)


def noise(count: int, size_hw: tuple[int, int] = SIZE_HW, seed: int = 2) -> np.ndarray:
    """Pictures uint8 (count, H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *size_hw, 3), np.uint8)


def labelled_samples() -> list[Sample]:
    """One object, two of which the first is larger, one cut off, none; with corners, boxes and masks."""
    small = QUAD * 0.3 + 0.6
    sets = ([QUAD], [QUAD, small], [CUT_OFF], [])
    images = noise(len(sets))
    samples = [
        sample_with_corners(image, np.array(quads, np.float32), group=str(number), origin=f"sample {number}")
        for number, (image, quads) in enumerate(zip(images, sets, strict=True))
    ]
    return [sample.replace(mask=mask_of(sample), has=sample.has | {"mask"}) for sample in samples]


def mask_of(sample: Sample) -> np.ndarray:
    """The quadrilaterals of a sample as a mask uint8 (H, W)."""
    mask = np.zeros(sample.size_hw, np.uint8)
    for quad, label in zip(sample.keypoints, sample.labels.tolist(), strict=True):
        cv2.fillPoly(mask, [np.round(to_pixels(quad, sample.size_hw)).astype(np.int32)], label + 1)
    return mask


@dataclass(frozen=True)
class Files:
    """A network with its config, card and the three files made of it."""

    config: Config
    network: keras.Model
    card: ModelCard
    keras: Path
    float: Path
    int8: Path


def write_files(config: Config, folder: Path) -> Files:
    """Writes `network.keras`, `float.tflite` and `int8.tflite` of a random network."""
    network = random_network(config)
    count = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    card = ModelCard.of(config, count)
    files = Files(config, network, card, *(folder / name for name in ("network.keras", "float.tflite", "int8.tflite")))
    network.save(files.keras)
    write_keras_card(files.keras, card)
    exported = for_export(network, card.heads)
    write_float(exported, card, files.float)
    write_int8(exported, card.with_changes(precision="int8"), noise(8, config.input.size_hw), files.int8)
    return files
