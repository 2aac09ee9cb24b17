"""Light and colour: same seed, same bytes; a user's own pipeline is taken in, a geometric one refused by name."""

import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

from data_generators.settings import SettingsError
from data_generators.transform.photometric import Photometric, PhotometricSettings, _albumentations

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
IMAGE.flags.writeable = False
SURE = PhotometricSettings(brightness_contrast=1, gamma=1, tone_curve=1, hue_saturation=1, colour_temperature=1)


def outputs(photometric: Photometric, image: np.ndarray = IMAGE, count: int = 12) -> list[np.ndarray]:
    return [photometric(image, np.random.default_rng([3, 1, index])) for index in range(count)]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_same_seed_same_bytes_also_in_another_process_and_other_seeds_differ() -> None:
    photometric = Photometric(SURE, 3)
    first = outputs(photometric)
    assert same(first, outputs(photometric)[:]) and same(first, outputs(pickle.loads(pickle.dumps(photometric))))
    assert not np.array_equal(first[0], first[1])


def test_threads_do_not_disturb_each_other() -> None:
    photometric = Photometric(SURE, 3)
    expected, results = outputs(photometric), {}

    def work(name: int) -> None:
        results[name] = outputs(photometric)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(expected, result) for result in results.values()) and len(results) == 4


def test_strength_zero_changes_nothing_and_more_strength_changes_more() -> None:
    def change(strength: float) -> float:
        settings = SURE.model_copy(update={"strength": strength})
        return float(np.mean([np.abs(out.astype(int) - IMAGE) for out in outputs(Photometric(settings, 3))]))

    assert change(0) == 0 < change(0.2) < change(1.0)


def test_every_strength_is_valid() -> None:
    for strength in (0.1, 1.7, 3.0):
        assert outputs(Photometric(SURE.model_copy(update={"strength": strength}), 3))[0].dtype == np.uint8


def test_grey_pictures_keep_one_channel() -> None:
    settings = SURE.model_copy(update={"to_grey": 1.0, "channel_shuffle": 1.0})
    assert all(out.shape == (20, 30, 1) for out in outputs(Photometric(settings, 1), IMAGE[..., :1].copy()))


@pytest.mark.parametrize("name", ["own.yaml", "own.json"])
def test_a_pipeline_from_a_file_or_an_object_is_the_same(name: str, tmp_path: Path) -> None:
    albumentations = _albumentations()
    own = albumentations.Compose(
        [albumentations.OneOf([albumentations.InvertImg(p=1), albumentations.Solarize(p=1)], p=1)]
    )
    albumentations.save(own, tmp_path / name, data_format=name.split(".")[1])
    of_file = PhotometricSettings.parse({"compose": str(tmp_path / name)})
    of_object = PhotometricSettings(compose=own)
    again = PhotometricSettings.parse(of_file.model_dump())
    results = [outputs(Photometric(settings, 3)) for settings in (of_file, of_object, again)]
    assert same(results[0], results[1]) and same(results[0], results[2])
    assert any(np.array_equal(out, 255 - IMAGE) for out in results[0])


def test_geometric_transforms_are_refused_by_name_however_deep() -> None:
    albumentations = _albumentations()
    deep = albumentations.Sequential(
        [albumentations.OneOf([albumentations.HorizontalFlip(), albumentations.InvertImg()])]
    )
    with pytest.raises(SettingsError, match=r"Received Affine, HorizontalFlip, which may move pixels.*`geometry`"):
        PhotometricSettings.parse({"compose": albumentations.Compose([deep, albumentations.Affine()])})


@pytest.mark.parametrize("value", [{"a": 1}, 5, [1]])
def test_what_is_no_pipeline_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match=r"expected an albumentations pipeline.*Write it with albumentations\.save"):
        PhotometricSettings.parse({"compose": value})


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: expected a pipeline.*Give a YAML or JSON file"):
        PhotometricSettings.parse({"compose": "nowhere.yaml"})


def test_a_pipeline_that_changes_the_type_is_refused() -> None:
    albumentations = _albumentations()
    photometric = Photometric(PhotometricSettings(compose=albumentations.Compose([albumentations.Normalize()])), 3)
    with pytest.raises(ValueError, match=r"must return uint8 \(20, 30, 3\). Received float32.*Normalize"):
        photometric(IMAGE, np.random.default_rng(0))
