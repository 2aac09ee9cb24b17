"""What spoils the pictures of training, and how the decoder is built."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from detector.build import build_model, with_pixel_input
from detector.heads import make_spoilers
from detector.models.autoencoder import Spoiler
from tests.detector.tiny import noise, tiny_config

NONE: dict[str, Any] = {"masked": 0.0, "patch_px": 8, "noise": 0.0, "blur": 0.0, "grey": 0.0}
PICTURES = noise(6, (20, 28)) / np.float32(255)


def spoil(**how: float) -> np.ndarray:
    keras.utils.set_random_seed(3)
    return np.asarray(Spoiler(**(NONE | how))(PICTURES, training=True))


def test_pictures_are_spoilt_in_training_alone() -> None:
    spoiler = Spoiler(masked=0.5, patch_px=8, noise=0.2, blur=0.5, grey=0.5)
    np.testing.assert_array_equal(spoiler(PICTURES), PICTURES)
    np.testing.assert_array_equal(spoil(), PICTURES)
    spoilt = np.asarray(spoiler(PICTURES, training=True))
    assert spoilt.shape == PICTURES.shape
    assert (spoilt.min(), spoilt.max()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
    assert (spoilt != PICTURES).mean() > 0.5


def test_hidden_patches_are_grey_all_over_and_the_rest_is_as_it_was() -> None:
    spoilt = spoil(masked=0.5)
    hidden = (spoilt == 0.5).all(axis=-1)
    assert 0.3 < hidden.mean() < 0.7
    for y, x in np.ndindex(3, 4):  # the last row and column of patches are cut off
        patch = hidden[:, 8 * y : 8 * y + 8, 8 * x : 8 * x + 8]
        assert (patch.all(axis=(1, 2)) == patch.any(axis=(1, 2))).all()
    np.testing.assert_array_equal(spoilt[~hidden], PICTURES[~hidden])


def test_each_picture_gets_noise_of_its_own_strength() -> None:
    deviation = (spoil(noise=0.2) - PICTURES).std(axis=(1, 2, 3))
    assert deviation.max() < 0.2
    assert deviation.max() > 1.5 * deviation.min()


def test_a_share_of_the_pictures_loses_colour_or_sharpness() -> None:
    grey = spoil(grey=0.5)
    colourless = np.ptp(grey, axis=-1).max(axis=(1, 2)) < 1e-6
    assert 0 < colourless.sum() < 6
    np.testing.assert_array_equal(grey[~colourless], PICTURES[~colourless])
    np.testing.assert_allclose(grey.mean(axis=-1), PICTURES.mean(axis=-1), atol=1e-5)
    np.testing.assert_allclose(spoil(blur=1)[0, 10, 14], PICTURES[0, 8:13, 12:17].mean(axis=(0, 1)), atol=1e-5)


def test_the_spoiler_is_in_the_model_of_training_and_not_in_the_network() -> None:
    config = tiny_config({"autoencoder": {"channels": 8}, "presence": {}})
    network = build_model(config)
    model = with_pixel_input(network, make_spoilers(config.model.heads))
    assert "autoencoder_spoiler" in [layer.name for layer in model.layers]
    assert not any("spoiler" in layer.name for layer in network.layers)
    assert [variable.name for variable in model.variables].count("seed_generator_state") == 1
    again = keras.models.clone_model(model)
    assert again.get_layer("autoencoder_spoiler").get_config() == model.get_layer("autoencoder_spoiler").get_config()
    assert make_spoilers(tiny_config({"presence": {}}).model.heads) == []


def test_a_backbone_too_short_for_the_stride_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"`model\.heads\.autoencoder\.stride: 16` needs a backbone of 4 stages or more"
    ):
        build_model(tiny_config({"autoencoder": {"stride": 16}}))
