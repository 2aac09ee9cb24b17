"""Weights of classes that the config leaves to the training data: found before the network is built."""

from __future__ import annotations

import logging

import numpy as np

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source
from detector.codecs.mask import MaskSettings, mask_names
from detector.config import Config

logger = logging.getLogger(__name__)

MOST_SAMPLES = 5000  # whose masks are read


def with_found_weights(config: Config, source: Source) -> Config:
    """The config with weights of a mask's classes by the inverse of their frequency; itself where it asks for none.

    Args:
        config: the experiment.
        source: its training samples.

    Raises:
        ValueError: the data hold no mask.
    """
    settings = config.model.heads.get("mask")
    if not isinstance(settings, MaskSettings) or "balanced" not in (settings.class_weights, settings.picture_weights):
        return config
    names = mask_names(config.model.classes)
    shares = _shares_of(source, len(names))  # (N, K + 1)
    shows = shares[:, 1:] > 0
    counts = {
        "class_weights": shares.sum(axis=0),
        "picture_weights": np.array([np.sum(~shows.any(axis=1)), *shows.sum(axis=0)], np.float64),
    }
    found = {
        field: dict(zip(names, balanced_weights(count).round(4).tolist(), strict=True))
        for field, count in counts.items()
        if getattr(settings, field) == "balanced"
    }
    logger.info("balanced over %d masks: %s", len(shares), found)
    heads = config.model.heads | {"mask": settings.model_copy(update=found)}
    return config.model_copy(update={"model": config.model.model_copy(update={"heads": heads})})


def balanced_weights(counts: np.ndarray) -> np.ndarray:
    """Weights (C,) with which all classes that occur count alike, and an element 1 on the mean: sum / (C * count).

    That of a class that does not occur is 1.
    """
    occur = counts > 0
    return np.where(occur, counts.sum() / np.maximum(occur.sum() * counts, 1e-9), 1.0)


def _shares_of(source: Source, count: int) -> np.ndarray:
    """Shares of the known pixels that are background, first class ..., of each sample with a mask: (N, count)."""
    indices = np.linspace(0, len(source) - 1, min(len(source), MOST_SAMPLES)).astype(int)
    shares = [_shares(source.sample(int(index)), count) for index in indices]
    known = [each for each in shares if each is not None]
    if not known:
        raise ValueError(
            "`balanced` weights of model.heads.mask are found in the masks of the training data, which holds none. "
            "Give weights by name, or add pictures with masks to data.train."
        )
    return np.stack(known)


def _shares(sample: Sample, count: int) -> np.ndarray | None:
    values = sample.mask[sample.mask != MASK_IGNORE]
    if "mask" not in sample.has or not values.size or sample.unlabelled:
        return None
    return np.bincount(np.minimum(values, count - 1), minlength=count) / values.size
