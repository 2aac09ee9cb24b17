"""What all tests share: a small sample, and the folder with real data."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from data_generators.sample import Sample

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def sample() -> Sample:
    """A sample of 40 x 60 pixels with two objects, of which the second is cut off by the right edge."""
    image = np.random.default_rng(7).integers(0, 256, (40, 60, 3), np.uint8)
    quads = [[[0.1, 0.2], [0.4, 0.15], [0.45, 0.6], [0.12, 0.7]], [[0.6, 0.3], [1.1, 0.35], [1.05, 0.9], [0.65, 0.8]]]
    keypoints = np.array(quads, np.float32)
    return Sample(
        image=image,
        boxes=np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=-1),
        labels=np.array([0, 1], np.int64),
        ignore=np.zeros(2, bool),
        keypoints=keypoints,
        has=frozenset({"boxes", "keypoints"}),
        group="clip 1",
        origin="test sample",
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the public sets: DETECTOR_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("DETECTOR_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there; set DETECTOR_DATA to the folder with the public sets")
    return folder
