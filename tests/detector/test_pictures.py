"""Predictions drawn for a person: sheets of labels and answers, the worst pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_generators.drawing import LABEL_COLOUR, PREDICTION_COLOUR
from data_generators.images import read_image
from data_generators.sample import Sample
from detector.codecs.autoencoder import AutoencoderPrediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.evaluation import evaluate_sources
from detector.pictures import draw_answers, draw_worst
from detector.prediction import predict_images
from tests.detector.fake import FakeRuntime
from tests.detector.test_evaluation import Listed, page
from tests.detector.tiny import QUAD


def test_sheets_of_answers_and_of_the_worst(tmp_path: Path) -> None:
    samples = [page(QUAD), page(), page(QUAD * 0.5)]
    fake = FakeRuntime(QUAD, fit="stretch")
    sheet = draw_answers(samples, predict_images(fake, [sample.image for sample in samples]), {})
    assert sheet.dtype == np.uint8
    assert sheet.ndim == 3
    draw_worst(evaluate_sources(fake, [Listed(samples)]), tmp_path / "worst.png")
    assert read_image(tmp_path / "worst.png").shape[2] == 3
    draw_worst(evaluate_sources(fake, [Listed([])]), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_a_restored_picture_stands_beside_its_original() -> None:
    image = np.full((30, 40, 3), 200, np.uint8)
    restored = AutoencoderPrediction(np.full((15, 20, 3), 0.2, np.float32))
    sheet = draw_answers([Sample(image=image)], [{"autoencoder": restored}], {})
    assert (sheet == 200).all(axis=-1).sum() > 10_000
    assert (sheet == 51).all(axis=-1).sum() > 10_000


def test_a_predicted_mask_is_tinted_and_the_true_one_outlined() -> None:
    """Object below, prediction on the left, on grey; the outlines show also where they do not agree."""
    mask = np.zeros((180, 120), np.uint8)
    mask[90:] = 1
    sample = Sample(image=np.full((180, 120, 3), 100, np.uint8), mask=mask, has=frozenset({"mask"}))
    probabilities = np.zeros((18, 12, 1), np.float32)
    probabilities[:, :6] = 0.9
    sheet = draw_answers([sample], [{"mask": MaskPrediction(probabilities, ("cat",))}], {}, ("cat",)).astype(int)
    tinted = np.abs(sheet - (0.55 * 100 + 0.45 * np.array(PREDICTION_COLOUR))).max(axis=-1) < 3
    plain, true = (np.abs(sheet - colour).max(axis=-1) < 3 for colour in (100, np.array(LABEL_COLOUR)))
    assert tinted.sum() > 5_000
    assert 0.9 < tinted.sum() / plain.sum() < 1.1
    assert true.sum() > 100
