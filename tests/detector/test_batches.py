"""Batches are a pure function of the index, whoever asks for them and when."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.real.corner_csv import CornerCsvSource
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.input_spec import fit_sample
from detector.batches import Batch, TrainingBatches, ValidationBatches, check_monitored, encode_batch
from detector.codecs.presence import PresenceCodec
from detector.config import Config
from detector.training import make_training_batches
from tests.detector.small_run import SIZE_HW, TRAIN, draw_sheet, small_config, write_sheets

BATCH = 5  # does not divide the 24 samples: batches straddle two passes


class Sheets(Source):
    """Some of the drawn sheets, without a file."""

    class_names, labelled_classes, corner_order = ("document",), frozenset({"document"}), "object"

    def __init__(self, *seeds: int) -> None:
        self.seeds = seeds

    def __len__(self) -> int:
        return len(self.seeds)

    def sample(self, index: int) -> Sample:
        return draw_sheet(self.seeds[index])

    def groups(self) -> list[str]:
        return [f"sheet {seed}" for seed in self.seeds]

    def content(self) -> list[int]:
        return list(self.seeds)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return small_config(write_sheets(tmp_path_factory.mktemp("sheets")), batch_size=BATCH)


@pytest.fixture(scope="module")
def source(config: Config) -> Source:
    path = config.data.train[0].source.removeprefix("corners:").removesuffix("#train")
    return CornerCsvSource(path, "train")


@pytest.fixture(scope="module")
def batches(config: Config, source: Source) -> TrainingBatches:
    return make_training_batches(config, source)


def flat(batch: Batch) -> bytes:
    images, targets, weights = batch
    return b"".join(array.tobytes() for array in (images, *targets.values(), *weights.values()))


def test_a_batch_holds_pixels_targets_and_weights(batches: TrainingBatches) -> None:
    images, targets, weights = batches[0]
    assert (images.dtype, images.shape) == (np.uint8, (BATCH, *SIZE_HW, 3))
    assert targets.keys() == weights.keys() == {"corners_presence", "corners_heatmap"}
    assert targets["corners_heatmap"].shape == (BATCH, 16, 20, 4)  # stride 4, a margin of 16 pixels on each side
    assert weights["corners_heatmap"].shape == (BATCH, 4)
    present = targets["corners_presence"][:, 0]
    assert 0 < sum(batches[index][1]["corners_presence"].sum() for index in range(5)) < 5 * BATCH
    assert (weights["corners_heatmap"].max(axis=1) <= present).all()
    assert all(array.dtype == np.float32 for array in (*targets.values(), *weights.values()))


def test_the_order_of_asking_changes_nothing(batches: TrainingBatches, config: Config, source: Source) -> None:
    forwards = [flat(batches[index]) for index in range(8)]
    again = make_training_batches(config, source)
    assert [flat(again[index]) for index in reversed(range(8))] == forwards[::-1]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda index: flat(batches[index]), range(8))) == forwards
    assert flat(pickle.loads(pickle.dumps(batches))[3]) == forwards[3]
    assert len(set(forwards)) == 8


@settings(max_examples=20, deadline=None)
@given(first=st.integers(0, 40), index=st.integers(0, 10))
def test_a_resumed_stream_goes_on_where_it_stopped(
    batches: TrainingBatches, config: Config, source: Source, first: int, index: int
) -> None:
    resumed = make_training_batches(config, source, first_step=first)
    assert resumed.positions(index) == batches.positions(first + index)
    assert flat(make_training_batches(config, source, first_step=3)[1]) == flat(batches[4])


def test_the_stream_is_one_permutation_after_the_other(batches: TrainingBatches) -> None:
    assert batches.num_batches is None
    positions = [position for index in range(3 * TRAIN) for position in batches.positions(index)]
    turns = [positions[start : start + TRAIN] for start in range(0, len(positions), TRAIN)]
    assert all({turn for turn, _ in part} == {number} for number, part in enumerate(turns))
    orders = [tuple(sample for _, sample in part) for part in turns]
    assert all(sorted(order) == list(range(TRAIN)) for order in orders)
    assert len(set(orders)) == len(orders)


def test_a_sample_is_augmented_anew_in_every_pass(batches: TrainingBatches) -> None:
    looks: dict[int, set[bytes]] = {}
    for index in range(3 * TRAIN // BATCH):
        for (_, sample), image in zip(batches.positions(index), batches[index][0], strict=True):
            looks.setdefault(sample, set()).add(image.tobytes())
    assert min(len(look) for look in looks.values()) >= 2


def test_another_seed_has_another_order_and_another_augmentation(
    batches: TrainingBatches, config: Config, source: Source
) -> None:
    other = make_training_batches(config.model_copy(update={"seed": config.seed + 1}), source)
    assert other.positions(0) != batches.positions(0)
    single = Sheets(0)
    assert flat(make_training_batches(config, single)[0]) != flat(
        make_training_batches(config.model_copy(update={"seed": config.seed + 1}), single)[0]
    )


def test_a_batch_larger_than_the_source_wraps_around(config: Config) -> None:
    batches = make_training_batches(config, Sheets(0, 1))
    assert sorted(sample for _, sample in batches.positions(0)) in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    assert batches[0][0].shape[0] == BATCH


def test_a_description_names_origins_and_what_is_no_number(
    batches: TrainingBatches, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [source.sample(sample).origin for _, sample in batches.positions(2)]
    assert batches.describe(2) == expected
    whole = TrainingBatches.__getitem__

    def broken(self: TrainingBatches, index: int) -> Batch:
        images, targets, weights = whole(self, index)
        targets["corners_heatmap"][1, 0, 0, 0] = np.inf
        targets["corners_presence"][1] = np.nan
        return images, targets, weights

    monkeypatch.setattr(TrainingBatches, "__getitem__", broken)
    expected[1] += " (its corners_presence, corners_heatmap holds NaN)"
    assert batches.describe(2) == expected


@pytest.mark.parametrize(("count", "sizes"), [(12, [5, 5, 2]), (10, [5, 5]), (1, [1])])
def test_validation_takes_every_sample_once_and_as_it_is(config: Config, count: int, sizes: list[int]) -> None:
    source = Sheets(*range(count))
    batches = ValidationBatches(source, config.input, config.codecs(), BATCH)
    assert len(batches) == len(sizes)
    images = [images for images, _, _ in batches]
    assert [len(part) for part in images] == sizes
    expected = [fit_sample(source.sample(index), config.input).image for index in range(count)]
    np.testing.assert_array_equal(np.concatenate(images), expected)
    assert flat(batches[0]) == flat(batches[0])


def test_two_heads_share_a_batch(sample: Sample) -> None:
    codecs = small_config(Path()).codecs() | {"presence": PresenceCodec(PresenceCodec.settings_class(), None)}
    small = fit_sample(sample, small_config(Path()).input)
    _, targets, weights = encode_batch([small, small.replace(has=frozenset())], codecs)
    assert targets.keys() == {"corners_presence", "corners_heatmap", "presence_logit"}
    assert weights["presence_logit"].tolist() == [1, 0]


@pytest.mark.parametrize("monitor", ["val_corners_heatmap_error_percent", "val_loss"])
def test_validation_must_label_what_is_monitored(config: Config, monitor: str) -> None:
    def batches_of(*seeds: int) -> ValidationBatches:
        return ValidationBatches(Sheets(*seeds), config.input, config.codecs(), 1)

    check_monitored(monitor, batches_of(3, 0))
    if monitor == "val_loss":
        check_monitored(monitor, batches_of(3, 7))
        return
    with pytest.raises(
        ValueError, match="labels nothing that val_corners_heatmap_error_percent could measure: it holds"
    ):
        check_monitored(monitor, batches_of(3, 7))
