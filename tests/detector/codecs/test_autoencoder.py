"""The picture as its own label, and back into the picture's coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.transform.input_spec import InputSpec, fit_homography, fit_image
from detector.codecs.autoencoder import AutoencoderCodec, AutoencoderPrediction, AutoencoderSettings
from detector.scoring.autoencoder import score_autoencoder, score_autoencoder_sample

SPEC = InputSpec(size_hw=(32, 48))


def halves(size_hw: tuple[int, int] = (40, 60), channels: int = 3) -> np.ndarray:
    """Black on the left, white on the right."""
    image = np.zeros((*size_hw, channels), np.uint8)
    image[:, size_hw[1] // 2 :] = 255
    return image


@pytest.mark.parametrize(("stride", "channels"), [(2, 3), (4, 1), (16, 3)])
def test_every_picture_is_its_own_label_at_the_stride(stride: int, channels: int) -> None:
    spec = SPEC.model_copy(update={"channels": channels})
    codec = AutoencoderCodec(AutoencoderSettings(stride=stride), spec)
    samples = [
        Sample(image=image) for image in (halves(SPEC.size_hw, channels), np.full((32, 48, channels), 51, np.uint8))
    ]
    targets, weights = codec.encode(samples)
    target = targets["autoencoder_image"]
    assert target.shape == (2, 32 // stride, 48 // stride, channels)
    assert (target[0, :, 0].max(), target[0, :, -1].min()) == (0, 1)
    np.testing.assert_allclose(target[1], 0.2)
    assert weights["autoencoder_image"].tolist() == [1, 1]
    for decoded, picture in zip(codec.decode({"autoencoder_image": 3 * target - 1}), target, strict=True):
        np.testing.assert_allclose(decoded.image, (3 * picture - 1).clip(0, 1))


def test_a_restored_frame_comes_back_without_the_bars_of_a_letterbox() -> None:
    spec = InputSpec(size_hw=(96, 48), fit="letterbox")
    image = halves((48, 48))
    [prediction] = AutoencoderCodec(AutoencoderSettings(stride=2), spec).decode(
        {"autoencoder_image": fit_image(image, spec)[None, ::2, ::2] / 255}
    )
    back = prediction.mapped(np.linalg.inv(fit_homography(spec, (48, 48))))
    assert back.image.shape == (48, 24, 3)
    assert back.image[2:-2, -3:].min() == 1
    row = score_autoencoder_sample(Sample(image=image, origin="halves"), back, "none")
    assert row["psnr"] > 15


def test_looks_are_averaged_where_they_show_the_picture() -> None:
    dark, light = (AutoencoderPrediction(np.full((2, 4, 3), value, np.float32)) for value in (0.2, 0.8))
    whole = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])
    np.testing.assert_allclose(AutoencoderPrediction.of_looks([dark, light], whole).image, 0.5)
    tiles = AutoencoderPrediction.of_tiles([dark, light], np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]]))
    np.testing.assert_allclose(tiles.image[:, :, 0], [[0.2, 0.2, 0.8, 0.8]] * 2)


def test_psnr_is_the_formula_and_the_worst_comes_first() -> None:
    sample = Sample(image=np.full((8, 12, 3), 102, np.uint8), origin="grey")
    near, far = (AutoencoderPrediction(np.full((4, 6, 3), 0.4 + by, np.float32)) for by in (0.01, 0.1))
    rows = [score_autoencoder_sample(sample, prediction, "none") for prediction in (near, far)]
    assert [row["psnr"] for row in rows] == pytest.approx([40, 20], abs=1e-3)  # 10 log10(1 / error^2)
    assert rows[1]["rank"] < rows[0]["rank"]
    assert score_autoencoder(rows)["reconstruction_psnr"] == pytest.approx(30, abs=1e-3)
    assert score_autoencoder([]) == {"reconstruction_psnr": None}
    perfect = AutoencoderPrediction(np.full((4, 6, 3), 0.4, np.float32))
    assert score_autoencoder_sample(sample, perfect, "none")["psnr"] == pytest.approx(100)


def test_a_restored_picture_is_drawn_in_the_place_of_the_picture_and_finds_nothing() -> None:
    prediction = AutoencoderPrediction(np.full((4, 6, 3), 0.4, np.float32))
    drawn = prediction.to_sample(np.zeros((8, 12, 3), np.uint8), {})
    assert drawn.image.tolist() == np.full((4, 6, 3), 102).tolist()
    assert not len(drawn.boxes)
    assert prediction.is_present({}) is False
    assert prediction.describe({}) == "restored, 6 x 4 px"
    assert prediction.to_json({}) == {"width": 6, "height": 4}
