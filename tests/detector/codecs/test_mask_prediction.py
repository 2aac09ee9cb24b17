"""Predicted masks: mapped without loss, blended without seams, and told to a person as shares of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.transform.input_spec import InputSpec, fit_sample
from data_generators.transform.tiling import TileSettings, crop_sample, tile_windows, window_box
from data_generators.transform.warp import WarpRules, warp_sample
from detector.codecs.mask_prediction import MaskPrediction
from detector.codecs.view_weights import even_weights, falling_weights
from detector.looks import CHANGES, WHOLE, SecondLook, look_at, merge_looks

SIZE_HW = (120, 200)
NAMES = ("cat", "dog")
WINDOWS = np.array([[0, 0, 0.6, 1], [0.4, 0, 1, 1]])


def two_objects() -> Sample:
    """An ellipse of a cat, and a dog that the right edge cuts off."""
    y, x = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]] + 0.5
    mask = np.zeros(SIZE_HW, np.uint8)
    mask[((x - 60) / 40) ** 2 + ((y - 50) / 28) ** 2 < 1] = 1
    mask[80:110, 140:] = 2
    return Sample(image=np.zeros((*SIZE_HW, 3), np.uint8), mask=mask, has=frozenset({"mask"}))


def perfect(mask: np.ndarray, stride: int = 2) -> MaskPrediction:
    """What a perfect network says of a mask uint8 (H, W): the share of each class in a cell."""
    shares = np.stack([mask == 1, mask == 2], axis=-1).astype(np.float32)
    height, width = mask.shape[0] // stride, mask.shape[1] // stride
    return MaskPrediction(shares.reshape(height, stride, width, stride, 2).mean(axis=(1, 3)), NAMES)


def agreement(prediction: MaskPrediction, mask: np.ndarray) -> float:
    found = prediction.class_map((mask.shape[0], mask.shape[1]))
    return float(np.sum((found == mask) & (mask > 0)) / np.sum((found > 0) | (mask > 0)))


def looks_of(sample: Sample, spec: InputSpec, tiles: TileSettings, tta: tuple[SecondLook, ...]) -> list[MaskPrediction]:
    """A perfect network's answers to all looks at a picture, in order."""
    answers = []
    for window in tile_windows(tiles, sample.size_hw):
        crop = crop_sample(sample, window)
        frames = [fit_sample(crop, spec)]
        frames += [warp_sample(crop, CHANGES[name], spec, crop.size_hw, WarpRules()) for name in tta]
        answers += [perfect(frame.mask) for frame in frames]
    return answers


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("tta", [(), ("mirror", "smaller", "larger")])
@pytest.mark.parametrize(
    "tiles", [WHOLE, TileSettings(rows=2, columns=2, whole=False), TileSettings(rows=1, columns=2)]
)
def test_every_look_is_mapped_to_where_it_was(fit: str, tta: tuple[SecondLook, ...], tiles: TileSettings) -> None:
    sample, spec = two_objects(), InputSpec(size_hw=(96, 96), fit=fit)
    answers = iter(looks_of(sample, spec, tiles, tta))
    merged = merge_looks(look_at(sample.image, spec, tiles, tta), answers)
    assert merged.window.tolist() == [0, 0, 1, 1]
    assert agreement(merged, sample.mask) > 0.95
    assert merged.probabilities.min() >= 0
    assert merged.probabilities.sum(axis=-1).max() <= 1 + 1e-5


def test_nothing_is_resampled_that_need_not_be() -> None:
    prediction = perfect(two_objects().mask)
    mirror, tile = CHANGES["mirror"], np.array([[0.5, 0, 0.5], [0, 0.25, 0.25], [0, 0, 1]])
    np.testing.assert_array_equal(prediction.mapped(np.eye(3)).probabilities, prediction.probabilities)
    np.testing.assert_array_equal(prediction.mapped(mirror).probabilities, prediction.probabilities[:, ::-1])
    mapped = prediction.mapped(tile)
    np.testing.assert_array_equal(mapped.probabilities, prediction.probabilities)
    np.testing.assert_allclose(mapped.window, [0.5, 0.25, 1, 0.5])
    np.testing.assert_array_equal(mapped.mapped(np.linalg.inv(tile)).probabilities, prediction.probabilities)


def test_a_raster_keeps_its_resolution_where_a_part_of_it_is_enlarged() -> None:
    larger = perfect(two_objects().mask).mapped(np.array([[2, 0, 0], [0, 4, -1], [0, 0, 1]]))
    assert larger.probabilities.shape == (15, 50, 2)
    np.testing.assert_array_equal(larger.probabilities, perfect(two_objects().mask).probabilities[15:30, :50])
    quarter_turn = perfect(two_objects().mask).mapped(np.array([[0, -1, 1], [1, 0, 0], [0, 0, 1.0]]))
    np.testing.assert_array_equal(
        quarter_turn.probabilities, np.rot90(perfect(two_objects().mask).probabilities, axes=(1, 0))
    )


def test_the_raster_of_tiles_is_as_fine_as_theirs() -> None:
    tiles = TileSettings(rows=2, columns=3, overlap=0.25)
    windows = np.stack([window_box(window, SIZE_HW) for window in tile_windows(tiles, SIZE_HW)])
    cells = np.random.default_rng(3).random((len(windows), 20, 30, 2)).astype(np.float32) / 2
    predictions = [MaskPrediction(each, NAMES, window) for each, window in zip(cells, windows, strict=True)]
    height, width = MaskPrediction.of_tiles(predictions, windows).probabilities.shape[:2]
    assert height / 20 >= SIZE_HW[0] / 69 - 0.01
    assert width / 30 >= SIZE_HW[1] / 80 - 0.01


@pytest.mark.parametrize("whole", [True, False])
def test_a_constant_stays_constant(whole: bool) -> None:
    tiles = TileSettings(rows=3, columns=2, overlap=0.3, whole=whole)
    windows = np.stack([window_box(window, SIZE_HW) for window in tile_windows(tiles, SIZE_HW)])
    predictions = [MaskPrediction(np.full((24, 40, 1), 0.3, np.float32), (), window) for window in windows]
    merged = MaskPrediction.of_tiles(predictions, windows).probabilities
    np.testing.assert_allclose(merged, 0.3, atol=1e-6)


def test_tiles_that_disagree_leave_no_seam() -> None:
    """Left all object, right all background: between them it falls over the whole overlap, in small steps."""
    predictions = [
        MaskPrediction(np.full((30, 60, 1), value, np.float32), (), window)
        for value, window in zip((1, 0), WINDOWS, strict=True)
    ]
    row = MaskPrediction.of_tiles(predictions, WINDOWS).probabilities[10, :, 0]
    x = (np.arange(len(row)) + 0.5) / len(row)
    np.testing.assert_allclose(row[x < 0.4], 1, atol=1e-6)
    np.testing.assert_allclose(row[x > 0.6], 0, atol=1e-6)
    assert np.diff(row).max() <= 0
    assert np.diff(row).min() > -0.12
    assert row[len(row) // 2] == pytest.approx(0.5, abs=0.1)


def test_the_picture_as_a_whole_counts_as_much_as_its_tiles() -> None:
    windows = np.concatenate([[[0, 0, 1, 1]], WINDOWS])
    predictions = [
        MaskPrediction(np.full((30, 60, 1), value, np.float32), (), window)
        for value, window in zip((1, 0, 0), windows, strict=True)
    ]
    np.testing.assert_allclose(MaskPrediction.of_tiles(predictions, windows).probabilities, 0.5, atol=1e-6)


def test_looks_count_only_where_they_show_the_picture() -> None:
    looks = [MaskPrediction(np.full((10, 20, 1), value, np.float32)) for value in (0.2, 0.8)]
    merged = MaskPrediction.of_looks(looks, np.array([[0, 0, 1, 1], [0.5, 0.5, 1, 1]])).probabilities[..., 0]
    np.testing.assert_allclose(merged[5:, 10:], 0.5)
    np.testing.assert_allclose(merged[:5], 0.2)
    np.testing.assert_allclose(merged[:, :10], 0.2)


def test_weights_of_views() -> None:
    size_hw = (20, 40)
    even, falling = even_weights(WINDOWS[0], size_hw)[..., 0], falling_weights(WINDOWS[0], size_hw)[..., 0]
    assert even.sum() == 20 * 24
    np.testing.assert_array_equal(falling > 0, even > 0)
    np.testing.assert_allclose(falling[:, :12], 1)
    assert np.all(np.diff(falling[0, 12:24]) < 0)
    assert falling_weights(np.array([0, 0, 1, 1]), size_hw).min() == 1


def test_the_class_of_a_pixel_is_the_likeliest_where_there_is_an_object() -> None:
    probabilities = np.array([[[0.3, 0.25], [0.1, 0.3]], [[0.0, 0.8], [0.0, 0.1]]], np.float32)
    prediction = MaskPrediction(probabilities, NAMES)
    assert prediction.class_map((2, 2)).tolist() == [[1, 0], [2, 0]]
    assert prediction.class_map((2, 2), 0.35).tolist() == [[1, 2], [2, 0]]
    assert prediction.class_map((50, 30)).dtype == np.uint8


def test_many_classes_at_the_size_of_the_picture() -> None:
    probabilities = np.zeros((6, 9, 7), np.float32)
    for label in range(7):
        probabilities[:, label, label] = 0.9
    found = MaskPrediction(probabilities).class_map((60, 90))
    assert found[:, 5:75:10].tolist() == [[1, 2, 3, 4, 5, 6, 7]] * 60
    assert not found[:, 75:].any()


def test_what_is_told() -> None:
    sample = two_objects()
    prediction = perfect(sample.mask)
    labels = prediction.to_sample(sample.image, {})
    assert np.mean(labels.mask != sample.mask) < 0.005
    np.testing.assert_allclose(
        labels.boxes, [[0.1, 22 / 120, 0.5, 78 / 120], [0.7, 80 / 120, 1, 110 / 120]], atol=0.015
    )
    assert labels.labels.tolist() == [0, 1]
    assert labels.has == {"boxes", "mask"}
    assert prediction.describe({}) == "cat 14.7 %, dog 7.5 %"
    told = prediction.to_json({})
    assert [each["class"] for each in told["objects"]] == ["cat", "dog"]
    assert told["objects"][0]["area"] == pytest.approx(np.mean(sample.mask == 1), abs=0.003)
    np.testing.assert_allclose([each["box"] for each in told["objects"]], labels.boxes, atol=0.01)
    assert told["present"] is True
    assert told["presence"] == pytest.approx(1)


def test_nothing_found_and_specks() -> None:
    speck = np.zeros((100, 100, 1), np.float32)
    speck[50, 40:45] = 0.9
    prediction = MaskPrediction(speck, ("cat",))
    assert not prediction.is_present({}), "half a thousandth of the picture"
    assert prediction.describe({}) == "nothing found, best 0.00"
    assert prediction.to_json({}) == {"present": False, "presence": 0.0, "objects": []}
    assert not prediction.to_sample(np.zeros((*SIZE_HW, 3), np.uint8), {}).mask.any()
    speck[51, 40:45] = 0.6
    assert MaskPrediction(speck).presence == pytest.approx(0.6)
    assert MaskPrediction(speck).is_present({"mask_logits": 0.6})
    assert not MaskPrediction(speck).is_present({"mask_logits": 0.7})
    assert MaskPrediction(speck).describe({}) == "object 0.1 %"
