"""Anchors of a grid that the config leaves to the training data: found before the network is built."""

from __future__ import annotations

import logging

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.input_spec import InputSpec, fit_homography
from detector.codecs.anchors import find_anchors, shape_iou
from detector.codecs.grid_settings import GridSettings
from detector.config import Config

logger = logging.getLogger(__name__)

MOST_SAMPLES = 5000  # of which the sizes are read


def with_found_anchors(config: Config, source: Source) -> Config:
    """The config with the anchors that its training data suggest, the same each time; itself where it asks for none.

    Args:
        config: the experiment.
        source: its training samples.

    Raises:
        ValueError: the data hold fewer different sizes of objects than anchors are asked for.
    """
    settings = config.model.heads.get("grid")
    if not isinstance(settings, GridSettings) or not isinstance(settings.anchors, int):
        return config
    indices = np.linspace(0, len(source) - 1, min(len(source), MOST_SAMPLES)).astype(int)
    named = bool(config.model.classes)
    sizes = np.concatenate([_sizes(source.sample(int(index)), config.input, named) for index in indices])
    anchors = np.round(find_anchors(sizes, settings.anchors), 4)
    near = shape_iou(sizes, anchors).max(axis=1).mean()
    logger.info("anchors %s: mean IoU %.3f with %d objects", anchors.tolist(), near, len(sizes))
    heads = config.model.heads | {"grid": settings.model_copy(update={"anchors": tuple(map(tuple, anchors.tolist()))})}
    return config.model_copy(update={"model": config.model.model_copy(update={"heads": heads})})


def _sizes(sample: Sample, spec: InputSpec, named: bool) -> np.ndarray:
    """Width and height of a sample's objects as shares of the network's frame: (N, 2)."""
    boxes = np.clip(sample.boxes, 0, 1)
    sizes = (boxes[:, 2:] - boxes[:, :2]) * np.diag(fit_homography(spec, sample.size_hw))[:2]
    wanted = ~sample.ignore & np.all(sizes > 0, axis=1) & ((sample.labels >= 0) | (not named))
    return sizes[wanted]
