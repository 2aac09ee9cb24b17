import numpy as np
import pytest

from data_generators.sample import Sample, sample_with_corners

IMAGE = np.zeros((40, 60, 3), np.uint8)


def test_size_is_height_and_width(sample):
    assert sample.size_hw == (40, 60)


def test_empty_sample_has_empty_labels_and_no_none():
    sample = Sample(IMAGE)
    assert sample.boxes.shape == (0, 4)
    assert sample.keypoints.shape == (0, 0, 2)
    assert sample.mask.shape == (0, 0)
    assert sample.has == frozenset()


def test_two_samples_share_no_arrays():
    assert Sample(IMAGE).boxes is not Sample(IMAGE).boxes


def test_arrays_are_read_only(sample):
    with pytest.raises(ValueError, match="read-only"):
        sample.image[0, 0] = 0


def test_the_callers_array_stays_writeable():
    image = IMAGE.copy()
    Sample(image)
    image[0, 0] = 1
    assert image[0, 0, 0] == 1


@pytest.mark.parametrize("image", [IMAGE.astype(np.float32), IMAGE[..., 0], IMAGE[..., :2], IMAGE[:0]])
def test_image_of_another_kind_is_refused(image):
    with pytest.raises(ValueError, match=r"photo 1: `image` must be uint8 \(H, W, 1 or 3\)\. Received .* Convert it"):
        Sample(image, origin="photo 1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boxes": np.zeros((2, 5), np.float32)}, r"`boxes` must be float32 \(2, 4\). Received float32 \(2, 5\)"),
        ({"boxes": np.zeros((2, 4))}, r"`boxes` must be float32 .* Received float64"),
        ({"labels": np.zeros(3, np.int64)}, r"`labels` must be int64 \(2,\). Received int64 \(3,\)"),
        ({"ignore": np.zeros(2, np.int64)}, r"`ignore` must be bool"),
        ({"keypoints": np.zeros((4, 2), np.float32)}, r"`keypoints` must be .* Add a leading object axis"),
        ({"mask": np.zeros((60, 40), np.uint8)}, r"`mask` must be uint8 \(40, 60\). Received uint8 \(60, 40\)"),
        ({"has": frozenset({"corners"})}, r"`has` must be a subset of .* Received \['corners'\]"),
    ],
)
def test_wrong_labels_are_refused_by_name(sample, changes, message):
    with pytest.raises(ValueError, match=message):
        sample.replace(**changes)


def test_corners_give_bounding_boxes(sample):
    made = sample_with_corners(IMAGE, sample.keypoints, group="a", origin="b")
    np.testing.assert_array_equal(made.boxes, sample.boxes)
    assert made.has == {"boxes", "keypoints"}
    assert made.labels.tolist() == [0, 0]


def test_no_corners_say_that_there_is_nothing():
    made = sample_with_corners(IMAGE, np.zeros((0, 4, 2)), group="a", origin="b")
    assert made.keypoints.shape == (0, 4, 2)
    assert made.boxes.shape == (0, 4)
    assert "keypoints" in made.has
