"""Labels of a model as a source: those that were accepted, or others that are asked for; errors are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.pseudo_file import QUEUE_NAME, Kind, PseudoLabel, PseudoQueue, mask_path
from data_generators.sample import MASK_IGNORE

SIZE_HW = (40, 60)
QUAD = ((0.1, 0.2), (0.8, 0.1), (0.9, 0.9), (0.2, 0.7))
BOXES = ((0.1, 0.2, 0.5, 0.6), (0.4, 0.3, 1.0, 0.9))


def label(name: str, **values: Any) -> PseudoLabel:
    return PseudoLabel(**{"image": name, "size_hw": SIZE_HW, "disagreement": 0.2, "state": "accepted"} | values)


def write_queue(root: Path, kind: Kind, *labels: PseudoLabel, order: str = "none") -> str:
    """A folder with its pictures in `photos/` beside it; what reads it."""
    for index, each in enumerate(labels):
        if not (root / "photos" / each.image).exists():
            write_image(root / "photos" / each.image, np.full((*SIZE_HW, 3), 40 * index, np.uint8))
    header = {"model": "m", "model_hash": "1", "head": "h", "kind": kind, "corner_order": order, "images": "../photos"}
    queue = PseudoQueue(**header, class_names=("cat", "dog"), pictures=labels)  # type: ignore[arg-type]
    (root / "out").mkdir(exist_ok=True)
    (root / "out" / QUEUE_NAME).write_text(queue.model_dump_json())
    return f"pseudo:{root / 'out'}"


def test_boxes_of_accepted_pictures(tmp_path: Path) -> None:
    named = [label("a.png", boxes=BOXES, labels=(1, 0)), label("sub/b.png"), label("c.png", state="rejected")]
    source = open_source(write_queue(tmp_path, "boxes", *named, label("d.png", state="open")))
    assert source.groups() == ["a", "sub/b"] and source.class_names == ("cat", "dog")
    assert source.labelled_classes == {"cat", "dog"} and source.corner_order == "none"
    first, second = source.sample(0), source.sample(1)
    np.testing.assert_array_equal(first.boxes, np.array(BOXES, np.float32))
    assert first.labels.tolist() == [1, 0] and first.keypoints.shape == (2, 0, 2) and first.mask.size == 0
    assert len(second.boxes) == 0 and second.has == {"boxes"}  # accepted: there is nothing
    assert second.origin.endswith("photos/sub/b.png") and second.image[0, 0, 0] == 40


def test_corners_are_in_image_order(tmp_path: Path) -> None:
    turned = (*QUAD[2:], *QUAD[:2])
    text = write_queue(
        tmp_path, "corners", label("a.png", keypoints=(turned,), labels=(0,), boxes=BOXES[:1]), order="image"
    )
    sample = open_source(text).sample(0)
    np.testing.assert_allclose(sample.keypoints, [QUAD], atol=1e-6)
    assert sample.has == {"boxes", "keypoints"}


def test_corners_whose_sides_cross_are_named(tmp_path: Path) -> None:
    crossed = (QUAD[0], QUAD[2], QUAD[1], QUAD[3])
    text = write_queue(
        tmp_path, "corners", label("a.png", keypoints=(crossed,), labels=(0,), boxes=BOXES[:1]), order="image"
    )
    with pytest.raises(DataError, match=r"queue\.json a\.png: .*cross"):
        open_source(text).sample(0)


def test_masks(tmp_path: Path) -> None:
    text = write_queue(tmp_path, "mask", label("a.jpg", boxes=BOXES[:1], labels=(1,)))
    mask = np.zeros((*SIZE_HW, 1), np.uint8)
    mask[5:20, 10:30], mask[20:22, 10:30] = 2, MASK_IGNORE
    write_image(mask_path(tmp_path / "out", "a.jpg"), mask)
    source = open_source(text)
    sample = source.sample(0)
    np.testing.assert_array_equal(sample.mask, mask[..., 0])
    assert sample.has == {"boxes", "mask"}
    before = source.fingerprint()
    write_image(mask_path(tmp_path / "out", "a.jpg"), mask[:30])
    assert open_source(text).fingerprint() != before
    with pytest.raises(
        DataError, match=r"a\.jpg\.png: expected a mask of 60 x 40 pixels, as its picture has, got 60 x 30"
    ):
        open_source(text).sample(0)
    write_image(mask_path(tmp_path / "out", "a.jpg"), mask + 5)
    with pytest.raises(DataError, match=r"a\.jpg\.png: expected values up to 2, got 7"):
        open_source(text).sample(0)


def test_other_labels_are_taken_when_asked_for(tmp_path: Path) -> None:
    named = [label("a.png"), label("b.png", state="rejected"), label("c.png", state="open", disagreement=0.01)]
    text = write_queue(tmp_path, "boxes", *named, label("d.png", state="open", disagreement=0.5))
    assert open_source(text, states=["rejected"]).groups() == ["b"]
    assert open_source(text, states=["accepted", "open"], most_disagreement=0.2).groups() == ["a", "c"]


def test_nothing_accepted_is_told_with_its_cure(tmp_path: Path) -> None:
    text = write_queue(tmp_path, "boxes", label("a.png", state="open"))
    with pytest.raises(DataError, match=r"none of its 1 labels is accepted\. Look at them: detector label .*out$"):
        open_source(text)
    with pytest.raises(DataError, match=r"expected a folder with queue\.json, but it is not there"):
        open_source(f"pseudo:{tmp_path / 'elsewhere'}")


def test_another_picture_of_another_shape_is_named(tmp_path: Path) -> None:
    text = write_queue(tmp_path, "boxes", label("a.png"))
    write_image(tmp_path / "photos" / "a.png", np.zeros((60, 40, 3), np.uint8))
    with pytest.raises(DataError, match=r"queue\.json a\.png: labelled on a picture of 60 x 40 pixels"):
        open_source(text).sample(0)


def test_the_fingerprint_follows_what_was_said(tmp_path: Path) -> None:
    prints = [
        open_source(write_queue(tmp_path, "boxes", label("a.png", boxes=boxes, labels=(0,), says=says))).fingerprint()
        for boxes, says in ((BOXES[:1], "one"), (BOXES[1:], "one"), (BOXES[:1], "another"))
    ]
    assert prints[0] != prints[1] and prints[0] == prints[2]
