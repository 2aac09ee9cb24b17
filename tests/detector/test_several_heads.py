"""Several heads on one backbone, from sources with different labels: each learns from its own, in one training."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

from data_generators.images import write_image
from data_generators.sample import Sample
from detector.batches import encode_batch
from detector.card import read_keras_card
from detector.config import Config
from detector.data import training_sources
from detector.heads import HEADS
from detector.training import train
from detector.transfer import init_from
from tests.detector.small_run import draw_sheet, small_values, write_sheets
from tests.detector.tiny import random_network

HEADS_OF: dict[str, Any] = {
    "corners": {"channels": 8, "loss_weight": 2.0},
    "presence": {"loss_weight": 0.5},
    "box": {"of": ["cat"], "stride": 8, "channels": 8},
    "grid": {"scales": ["P2"], "channels": 8, "loss_weight": 0.3},
    "autoencoder": {"channels": 8, "loss_weight": 0.1},
}


def write_cats(folder: Path) -> Path:
    """A YOLO set in which somebody looked for cats alone; every fourth picture holds none."""
    for split, count in (("train", 12), ("val", 6)):
        for number in range(count):
            sheet = draw_sheet(number)
            write_image(folder / "images" / split / f"{number}.png", sheet.image)
            boxes = np.concatenate(
                [(sheet.boxes[:, :2] + sheet.boxes[:, 2:]) / 2, np.ptp(sheet.boxes.reshape(-1, 2, 2), 1)], 1
            )
            label = folder / "labels" / split / f"{number}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("".join(f"0 {' '.join(map(str, box))}\n" for box in boxes))
    (folder / "data.yaml").write_text(yaml.safe_dump({"names": ["cat"], "train": "images/train", "val": "images/val"}))
    return folder / "data.yaml"


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A config of five heads on documents with corners, cats with boxes, and pictures without labels."""
    folder = tmp_path_factory.mktemp("sets")
    sheets, cats = write_sheets(folder / "sheets"), write_cats(folder / "cats")
    for number in range(4):
        write_image(folder / "pictures" / f"{number}.png", draw_sheet(30 + number).image)
    values = small_values(sheets, epochs=1)
    values["data"]["train"] += [{"source": f"yolo:{cats}#train"}, {"source": f"images:{folder / 'pictures'}"}]
    values["data"]["validation"].append({"source": f"yolo:{cats}#val"})
    values["model"] |= {"heads": HEADS_OF, "classes": ["document", "cat"]}
    values["model"]["backbone"] |= {"depths": [1, 1, 1]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        yield values


def by_kind(config: Config) -> dict[str, list[Sample]]:
    """Samples of the mix at the network's input size, by what is labelled in them."""
    source, _ = training_sources(config)
    height, width = config.input.size_hw
    kinds: dict[str, list[Sample]] = {"document": [], "cat": [], "nothing": []}
    for index in range(len(source)):
        sample = source.sample(index)
        kind = "nothing" if not sample.has else "document" if "keypoints" in sample.has else "cat"
        kinds[kind].append(sample.replace(image=np.resize(sample.image, (height, width, 3))))
    return kinds


def test_a_source_teaches_only_the_heads_that_it_has_labels_for(values: dict[str, Any]) -> None:
    config = Config.parse(values)
    weights = {}
    for kind, samples in by_kind(config).items():
        _, _, arrays = encode_batch(samples, config.codecs())
        weights[kind] = {name for name, array in arrays.items() if array.any()}
    corners = {"corners_presence", "corners_heatmap"}
    box = {"box_presence", "box_heatmap", "box_offsets"}
    grid = {"grid_objectness", "grid_boxes", "grid_classes"}
    assert weights["document"] == corners | grid | {"presence_logit", "autoencoder_image"}
    assert weights["cat"] == box | grid | {"presence_logit", "autoencoder_image"}
    assert weights["nothing"] == {"autoencoder_image"}


@pytest.mark.parametrize(("head", "without"), [("corners", "cat"), ("box", "document"), ("grid", "nothing")])
def test_a_sample_without_a_label_for_a_head_leaves_its_loss_and_gradient_as_they_were(
    values: dict[str, Any], head: str, without: str
) -> None:
    config = Config.parse(values)
    kinds, network = by_kind(config), random_network(config)
    codec = config.codecs()[head]
    rows = HEADS[head].outputs(codec)

    def loss_and_gradient(samples: list[Sample]) -> tuple[float, list[np.ndarray]]:
        images, targets, weights = encode_batch(samples, {head: codec})
        with tf.GradientTape() as tape:
            outputs = network(images / np.float32(255), training=False)
            loss = sum(row.weight * row.loss(targets[n], outputs[n], weights[n]) for n, row in rows.items())
        gradient = tape.gradient(loss, network.trainable_variables)  # None for those of the other heads
        return float(loss), [np.asarray(g) for g in gradient if g is not None]

    with_labels = kinds["cat" if without == "document" else "document"][:4]
    before, after = loss_and_gradient(with_labels), loss_and_gradient([*with_labels, *kinds[without][:3]])
    assert before[0] > 0.01
    assert after[0] == pytest.approx(before[0], rel=1e-5)
    for one, other in zip(before[1], after[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_all_heads_train_together_and_are_all_scored(values: dict[str, Any], tmp_path: Path) -> None:
    run = train(Config.parse(values), tmp_path / "run")
    [row] = run.read_metrics()
    losses = {name: row[f"{name}_loss"] for name in keras.saving.load_model(run.best, compile=False).output}
    rows = {
        name: each
        for head, codec in Config.parse(values).codecs().items()
        for name, each in HEADS[head].outputs(codec).items()
    }
    assert row["loss"] == pytest.approx(sum(rows[name].weight * loss for name, loss in losses.items()), rel=1e-3)
    report = json.loads((run.directory / "report.json").read_text())
    for score in ("quad_iou_mean", "presence_roc_auc", "box_iou_mean", "map50", "reconstruction_psnr"):
        assert report[score] is not None, score
    thresholds = read_keras_card(run.best).thresholds
    assert set(thresholds) == {"corners_presence", "presence_logit", "box_presence", "grid_objectness"}

    swapped = Config.parse(values | {"model": values["model"] | {"heads": {"presence": {}}}})
    takeover = init_from(random_network(swapped), run.directory)
    assert takeover.left == []
    assert "presence_logit/kernel" in takeover.taken
