"""Sources of a config, mixed: corner orders, weights, validation, and what must not be mixed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.cache import Progress
from data_generators.errors import DataError
from data_generators.geometry import order_corners_image
from data_generators.images import write_image
from data_generators.settings import SettingsError
from data_generators.sources import Source
from detector.config import Config
from detector.data import describe_data, open_entry, training_sources, training_view, validation_sources
from detector.settings.data import SourceSettings
from tests.detector.small_run import small_values, write_every_format

FORMATS = ("corners", "labelme", "negatives", "marked", "documents")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_every_format(tmp_path_factory.mktemp("formats"))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_CACHE", str(tmp_path_factory.getbasetemp() / "cache of test_data"))


def make_config(train: list[Any], validation: list[Any] | None = None, head: Any = None, **data: Any) -> Config:
    values = small_values(Path())
    entries = {"train": train, "validation": validation or []}
    values["data"] = data | {
        name: [{"source": each} if isinstance(each, str) else each for each in part] for name, part in entries.items()
    }
    values["model"]["heads"] = head or {"corners": {"channels": 8}}
    return Config.parse(values)


def origins_of(source: Source) -> set[str]:
    return {source.sample(index).origin for index in range(len(source))}


def quads_of(source: Source) -> list[np.ndarray]:
    return [quad for index in range(len(source)) for quad in source.sample(index).keypoints]


def test_all_formats_mix_in_image_order(sources: dict[str, str]) -> None:
    train, _ = training_sources(make_config([sources[name] for name in FORMATS]))
    assert train.corner_order == "image"
    quads = quads_of(train)
    assert len(quads) > 10
    for quad in quads:
        np.testing.assert_array_equal(quad, order_corners_image(quad))
    assert any(not len(train.sample(index).keypoints) for index in range(len(train)))


def test_a_single_source_in_object_order_is_brought_into_image_order(sources: dict[str, str]) -> None:
    config = make_config([sources["marked"]], [sources["marked"]])
    raw = open_entry(config.data.train[0], config)
    assert raw.corner_order == "object"
    assert any((quad != order_corners_image(quad)).any() for quad in quads_of(raw))
    for source in training_sources(config):
        assert all((quad == order_corners_image(quad)).all() for quad in quads_of(source))


def test_object_order_goes_with_negatives_and_stays(sources: dict[str, str]) -> None:
    head = {"corners": {"channels": 8, "order": "object"}}
    config = make_config(
        [sources["documents"], sources["negatives"], sources["marked"]], head=head, validation_share=0.3
    )
    train, _ = training_sources(config)
    assert train.corner_order == "object"
    assert any((quad != order_corners_image(quad)).any() for quad in quads_of(train))


@pytest.mark.parametrize("name", ["corners", "labelme"])
def test_image_order_where_object_order_is_wanted_is_refused_by_name(sources: dict[str, str], name: str) -> None:
    config = make_config([sources["documents"], sources[name]], head={"corners": {"channels": 8, "order": "object"}})
    message = rf"{name}:.*: the heads want corners that begin at the object's own top left.*corner_order: object"
    with pytest.raises(ValueError, match=message):
        training_sources(config)
    entry = {"source": sources[name], "options": {"corner_order": "object"}}
    train, _ = training_sources(make_config([sources["documents"], entry], head={"corners": {"order": "object"}}))
    assert train.corner_order == "object"


def test_a_head_without_corners_takes_any_order(sources: dict[str, str]) -> None:
    train, validation = training_sources(
        make_config([sources[n] for n in FORMATS], [sources["marked"]], {"presence": {}})
    )
    assert len(origins_of(train)) == 24 + 6 + 6 + 6 + 8
    assert len(train) == 5 * 24  # equal shares, until the largest was seen
    assert validation.corner_order == "object"


def test_training_is_mixed_by_weight_and_validation_takes_every_sample_once(sources: dict[str, str]) -> None:
    heavy = {"source": sources["negatives"], "weight": 3.0}
    train, validation = training_sources(make_config([sources["corners"], heavy], [sources["labelme"], heavy]))
    origins = Counter(train.sample(index).origin for index in range(len(train)))
    negatives = sum(count for origin, count in origins.items() if "negatives" in origin)
    assert abs(negatives - 0.75 * len(train)) <= 1
    once = Counter(validation.sample(index).origin for index in range(len(validation)))
    assert len(once) == 12
    assert set(once.values()) == {1}


def test_held_out_groups_are_not_trained_on(sources: dict[str, str]) -> None:
    train, validation = training_sources(make_config([sources["corners"], sources["documents"]], validation_share=0.3))
    assert not set(train.groups()) & set(validation.groups())
    assert len(origins_of(train)) + len(validation) == 24 + 8


def test_validation_on_training_samples_is_warned_of(sources: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        training_sources(make_config([sources["corners"]], [sources["negatives"]]))
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        training_sources(make_config([sources["corners"]], [sources["corners"].removesuffix("#train")]))
    assert "24 validation samples are training samples too, e.g. " in caplog.text


@pytest.fixture(scope="module")
def camel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One clip of 40 frames with masks."""
    folder = tmp_path_factory.mktemp("davis")
    for number in range(40):
        write_image(folder / f"JPEGImages/480p/camel/{number:05d}.png", np.full((24, 32, 3), number, np.uint8))
        write_image(folder / f"Annotations/480p/camel/{number:05d}.png", np.eye(24, 32, dtype=np.uint8)[..., None])
    return f"davis:{folder}"


def test_one_clip_is_held_out_by_time_or_by_frame(camel: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match=r"1 groups in 40 samples.* of one clip, split by time"):
        training_sources(make_config([camel]))
    by_time = {"split_by": "time", "split_gap": 4, "validation_share": 0.25}
    train, validation = training_sources(make_config([camel], **by_time))
    numbers = [
        sorted(int(part.sample(index).image.max()) for index in range(len(part))) for part in (train, validation)
    ]
    assert numbers == [list(range(27)), list(range(31, 40))]
    with caplog.at_level(logging.WARNING):
        _, validation = training_sources(make_config([camel], split_by="frame"))
    assert f"{len(validation)} of {len(validation)} samples of validation leak: train holds others" in caplog.text
    with pytest.raises(SettingsError, match="tiles are held out by group, not by time; name validation data"):
        make_config([camel], tiles={"rows": 2, "columns": 1}, **by_time)


def test_held_out_frames_that_nobody_grouped_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        write_image(tmp_path / f"image/frame_{number:02d}.png", np.full((24, 32, 3), number, np.uint8))
        write_image(tmp_path / f"labels/frame_{number:02d}.png", np.eye(24, 32, dtype=np.uint8)[..., None])
    with caplog.at_level(logging.WARNING):
        _, validation = training_sources(make_config([f"masks:{tmp_path}"], head={"mask": {}}, validation_share=0.2))
    [record] = caplog.records
    assert f"of {len(validation)} samples of val lie beside one of train" in record.getMessage()
    caplog.clear()
    one_clip = {"source": f"masks:{tmp_path}", "options": {"group_pattern": "^"}}
    with caplog.at_level(logging.WARNING):
        training_sources(make_config([one_clip], head={"mask": {}}, split_by="time", split_gap=2))
    assert not caplog.records


def test_named_frames_of_a_clip_that_is_trained_on_are_warned_of(camel: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        training_sources(make_config([f"{camel}#train"], [f"{camel}#val"]))
    assert "6 of 6 validation samples leak: training holds others of their group (clip or document), e.g. camel" in (
        caplog.text
    )


def test_on_error_of_the_config_reaches_every_source(sources: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    folder = Path(sources["negatives"].removeprefix("negatives:"))
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no picture")
    try:
        with pytest.raises(DataError, match=r"broken\.jpg: the file is not a picture"):
            training_sources(make_config([sources["negatives"]], [sources["labelme"]]))
        with caplog.at_level(logging.WARNING):
            train, _ = training_sources(make_config([sources["negatives"]], [sources["labelme"]], on_error="skip"))
    finally:
        broken.unlink()
    assert len(train) == 6
    assert "NegativesSource: skipped 1 of 7 samples" in caplog.text


def test_progress_names_the_source(sources: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_CACHE", str(tmp_path))
    calls: list[tuple[str, int, int]] = []

    @contextmanager
    def progress(description: str) -> Iterator[Progress]:
        yield lambda done, total: calls.append((description, done, total))

    training_sources(make_config([sources["labelme"]], [sources["negatives"]]), progress)
    assert calls[-1] == (sources["negatives"], 6, 6)
    assert {name for name, _, _ in calls} == {sources["labelme"], sources["negatives"]}


def test_the_description_changes_with_the_data(sources: dict[str, str]) -> None:
    first = describe_data(*training_sources(make_config([sources["corners"]], [sources["labelme"]])))
    other = describe_data(*training_sources(make_config([sources["corners"]], [sources["negatives"]])))
    assert first["train"] == other["train"] == {"samples": 24, "fingerprint": first["train"]["fingerprint"]}
    assert first["validation"] != other["validation"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_preview_shows_what_training_sees(sources: dict[str, str], name: str) -> None:
    config = make_config([sources[name]])
    source = open_entry(SourceSettings(source=sources[name]), config)
    view = training_view(config, source)
    assert view.corner_order == "image"
    for seed in range(4):
        for quad in view.apply(source.sample(0), (seed, 0, 0)).keypoints:
            assert np.isnan(quad).any() or (quad == order_corners_image(quad)).all()


def test_a_preview_for_a_head_without_corners_keeps_the_order_of_the_source(sources: dict[str, str]) -> None:
    config = make_config([sources["marked"]], head={"presence": {}})
    source = open_entry(config.data.train[0], config)
    assert training_view(config, source).corner_order == "object"


def drawn(split: str, count: int, weight: float = 1.0) -> dict[str, Any]:
    return {"source": f"documents:#{split}", "weight": weight, "options": {"count": count, "size_hw": [40, 56]}}


def test_one_pass_through_a_mix_shows_every_sample() -> None:
    config = make_config([drawn("train", 12, 3.0), drawn("test", 7, 1.0)], [drawn("val", 3)])
    train, _ = training_sources(config)
    assert len(origins_of(train)) == 19
    assert len(train) == 28  # the smaller weight sets the length: 7 * 4 / 1


def test_held_out_samples_of_a_mix_count_once() -> None:
    config = make_config([drawn("train", 40, 3.0), drawn("test", 20, 1.0)])
    train, validation = training_sources(config)
    held_out = [validation.sample(index).origin for index in range(len(validation))]
    assert len(set(held_out)) == len(held_out) and not origins_of(train) & set(held_out)
    assert len(origins_of(train)) + len(held_out) == 60


def test_on_error_is_no_option_of_a_source() -> None:
    config = make_config(["documents:#train"])
    entry = SourceSettings(source="documents:", options={"on_error": "skip"})
    with pytest.raises(SettingsError, match=r"documents:: `on_error` is no option of a source. Set data.on_error"):
        open_entry(entry, config)


def test_small_scenes_for_a_large_input_are_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    config = make_config(["documents:#train"])
    open_entry(SourceSettings(source="documents:", options={"size_hw": [24, 60]}), config)
    height, width = config.input.size_hw
    assert f"scenes of 24 x 60 pixels are enlarged to an input of {height} x {width}" in caplog.text


def test_large_pictures_are_cut_in_training_and_whole_in_what_is_scored(sources: dict[str, str]) -> None:
    tiles = {"rows": 1, "columns": 2}
    whole = {"source": sources["negatives"], "tiled": False}
    config = make_config([sources["corners"], whole], [sources["labelme"]], tiles=tiles)
    train, validation = training_sources(config)
    assert len(origins_of(train)) == 3 * 24 + 6
    assert len(validation) == 3 * 6
    [scored] = validation_sources(config, validation)
    assert len(scored) == 6


def test_held_out_tiles_are_scored_as_the_whole_pictures_that_they_are_of(sources: dict[str, str]) -> None:
    config = make_config(
        [sources["corners"], sources["documents"]], validation_share=0.3, tiles={"rows": 2, "columns": 1}
    )
    train, validation = training_sources(config)
    scored = validation_sources(config, validation)
    assert not set(train.groups()) & set(validation.groups())
    assert {group for source in scored for group in source.groups()} == set(validation.groups())
    assert len(validation) == 3 * sum(map(len, scored))
