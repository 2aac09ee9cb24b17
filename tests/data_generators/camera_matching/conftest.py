"""Clean pictures, drawn, in two sets of the same kind."""

import numpy as np
import pytest

from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.matching import imitate
from data_generators.formats import open_source

SIZE_HW = (144, 200)


@pytest.fixture(scope="session")
def clean() -> list[np.ndarray]:
    """24 drawn scenes uint8 (144, 200, 3)."""
    scenes = open_source("documents:", count=24, size_hw=SIZE_HW, pages=8, seed=3)
    return [scenes.sample(index).image for index in range(len(scenes))]


def degrade(images: list[np.ndarray], **true: object) -> list[np.ndarray]:
    """The pictures as a camera with these settings would have taken them."""
    return imitate(images, CameraEstimate(side_px=max(SIZE_HW), **true))  # type: ignore[arg-type]
