"""The whole augmentation: pure, off means off, labels complete, at the network's size."""

import pickle

import numpy as np
import pytest

from data_generators.geometry import order_corners_image
from data_generators.sample import Sample, sample_with_corners
from data_generators.settings import SettingsError
from data_generators.transform.augment import Augmentation, AugmentSettings
from data_generators.transform.geometry import GeometrySettings
from data_generators.transform.input_spec import InputSpec, fit_sample

SPEC = InputSpec(size_hw=(48, 64))
TWO_QUADS = np.array(
    [[[0.2, 0.2], [0.45, 0.25], [0.4, 0.6], [0.2, 0.5]], [[0.5, 0.5], [0.8, 0.5], [0.75, 0.8], [0.55, 0.8]]], np.float32
)


def two_objects(channels: int = 3) -> Sample:
    image = np.random.default_rng(0).integers(0, 256, (70, 110, channels), dtype=np.uint8)
    sample = sample_with_corners(image, TWO_QUADS, group="g", origin="two objects")
    return sample.replace(mask=(image[..., 0] > 127).astype(np.uint8), has=frozenset({"boxes", "keypoints", "mask"}))


def assert_same(first: Sample, second: Sample) -> None:
    for name in ("image", "boxes", "labels", "ignore", "keypoints", "mask"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    assert first.has == second.has and first.group == second.group and first.origin == second.origin


@pytest.mark.parametrize("values", [{"enabled": False}, {"geometry": False, "photometric": False, "camera": "none"}])
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_off_is_the_fit_alone(values: dict[str, object], fit: str) -> None:
    spec = InputSpec(size_hw=(48, 64), fit=fit)
    moved = Augmentation(AugmentSettings.parse(values), spec, "image").apply(two_objects(), (0, 1, 2))
    assert_same(moved, fit_sample(two_objects(), spec))


def test_without_geometry_the_labels_are_those_of_the_fit() -> None:
    moved = Augmentation(AugmentSettings.parse({"geometry": None}), SPEC, "image").apply(two_objects(), (0, 0, 0))
    fitted = fit_sample(two_objects(), SPEC)
    assert not np.array_equal(moved.image, fitted.image)
    assert_same(moved.replace(image=fitted.image), fitted)


def test_same_seed_same_bytes_and_each_of_the_three_numbers_counts() -> None:
    augmentation = Augmentation(AugmentSettings(), SPEC, "image")
    copy = pickle.loads(pickle.dumps(augmentation))
    seeds = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    first = [augmentation.apply(two_objects(), seed) for seed in seeds]
    for seed, sample in zip(reversed(seeds), reversed(first), strict=True):
        assert_same(copy.apply(two_objects(), seed), sample)
    assert len({sample.image.tobytes() for sample in first}) == len(seeds)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("camera", ["phone", "openmv"])
def test_samples_come_at_the_networks_size(channels: int, fit: str, camera: str) -> None:
    spec = InputSpec(size_hw=(48, 64), channels=channels, fit=fit)
    augmentation = Augmentation(AugmentSettings.parse({"camera": camera}), spec, "image")
    for index in range(15):
        moved = augmentation.apply(two_objects(1 if index % 2 else 3), (0, 0, index))
        assert moved.image.shape == (48, 64, channels) and moved.mask.shape == (48, 64)
        assert len(moved.boxes) == len(moved.labels) == len(moved.keypoints)
        assert moved.boxes.min(initial=0) >= 0 and moved.boxes.max(initial=1) <= 1
        for quad in moved.keypoints:
            np.testing.assert_array_equal(quad, order_corners_image(quad))


@pytest.mark.parametrize("camera", ["phone", "openmv"])
def test_letterbox_bars_stay_black_whatever_the_camera(camera: str) -> None:
    spec = InputSpec(size_hw=(64, 64), fit="letterbox")
    augmentation = Augmentation(AugmentSettings.parse({"camera": camera, "geometry": {"turn90": 0}}), spec, "image")
    for index in range(20):
        image = augmentation.apply(two_objects(), (0, 0, index)).image
        assert not image[:11].any() and not image[53:].any() and image[20:40].any()


def test_the_source_sample_is_not_written_to() -> None:
    sample = two_objects()
    before = sample.image.copy()
    augmentation = Augmentation(AugmentSettings.parse({"camera": "openmv"}), InputSpec(size_hw=(70, 110)), "none")
    for index in range(10):
        augmentation.apply(sample, (0, 0, index))
    np.testing.assert_array_equal(sample.image, before)


def test_empty_samples_pass() -> None:
    empty = Sample(image=two_objects().image, has=frozenset({"keypoints"}))
    moved = Augmentation(AugmentSettings(), SPEC, "object").apply(empty, (0, 0, 5))
    assert len(moved.boxes) == 0 and moved.has == {"keypoints"} and moved.image.shape == (48, 64, 3)


def test_mirrors_are_refused_for_object_order() -> None:
    settings = AugmentSettings(geometry=GeometrySettings(mirror=0.5))
    with pytest.raises(ValueError, match=r"set geometry\.mirror to 0"):
        Augmentation(settings, SPEC, "object")
    Augmentation(settings, SPEC, "image")


def test_object_order_is_never_mirrored_by_default() -> None:
    augmentation = Augmentation(AugmentSettings(), SPEC, "object")
    for index in range(30):
        for quad in augmentation.apply(two_objects(), (0, 0, index)).keypoints:
            x, y = quad.T
            assert np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0


def test_settings_survive_a_round_trip_and_name_typing_errors() -> None:
    settings = AugmentSettings.parse({"camera": "webcam", "geometry": {"rotation_deg": 5}, "photometric": False})
    assert AugmentSettings.parse(settings.model_dump(mode="json")) == settings
    with pytest.raises(
        SettingsError, match=r"geometry.rotation: there is no such setting. Did you mean `rotation_deg`"
    ):
        AugmentSettings.parse({"geometry": {"rotation": 5}})
