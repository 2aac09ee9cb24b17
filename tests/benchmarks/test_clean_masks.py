"""The figure of cleaning: false regions on a real painted clip, from files to files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from clean_masks import FalseRegions, mean_iou

from data_generators.cleaning.clips import clean_folder
from data_generators.cleaning.mask_files import find_mask_clips, read_mask_values
from data_generators.images import write_image

SIDE_PX = 427


def test_blobs_lie_beside_the_object_and_not_in_the_first_frame() -> None:
    truth = [np.zeros((90, 120), bool) for _ in range(3)]
    for index, mask in enumerate(truth):
        mask[30:60, 40 + index : 70 + index] = True
    painted = FalseRegions(truth, np.zeros((3, 2)), seed=0).paint("blobs")
    assert np.array_equal(painted[0], truth[0])
    for mask, true in zip(painted[1:], truth[1:], strict=True):
        assert (mask & true).sum() == true.sum() and (mask & ~true).any()


@pytest.mark.slow
def test_the_camel_is_clean_after_blobs_in_every_frame_but_the_first(real_data: Path, tmp_path: Path) -> None:
    _, [clip] = find_mask_clips(real_data / "video_camel")
    masks = [(read_mask_values(path) > 0).astype(np.uint8) for path in clip.masks]
    size_wh = SIDE_PX, round(SIDE_PX * masks[0].shape[0] / masks[0].shape[1])
    truth = [cv2.resize(mask, size_wh, interpolation=cv2.INTER_NEAREST) > 0 for mask in masks]
    painted = FalseRegions(truth, np.zeros((len(truth), 2)), seed=0).paint("blobs")
    for path, mask in zip(clip.masks, painted, strict=True):
        write_image(tmp_path / "painted" / path.name, mask[..., None].astype(np.uint8))
    folder, _ = clean_folder(tmp_path / "painted", [clip.masks[0].stem], tmp_path / "cleaned")
    cleaned = [read_mask_values(folder / path.name) > 0 for path in clip.masks]
    assert mean_iou(painted, truth, [0]) < 0.95
    assert mean_iou(cleaned, truth, [0]) >= 0.97
