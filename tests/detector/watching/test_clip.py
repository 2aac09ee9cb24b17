"""A clip that is watched from end to end with a mask model, and its labels as masks."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from data_generators.images import write_image
from detector.card import ModelCard
from detector.commands.watch import app
from detector.config import read_config
from detector.watching.clip import watch_clip
from detector.watching.smoothing import WatchSettings
from tests.detector.pseudo_labels.bright import PHOTO_HW, BrightRuntime, bright_photo

FRAMES, SHOWN = 24, range(8, 16)
AT_ONCE = WatchSettings(newest=1.0, seen_frames=1, lost_frames=1)


@pytest.fixture
def runtime(tmp_path: Path) -> BrightRuntime:
    return BrightRuntime(tmp_path / "bright.model")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A folder with `images/`, in which a thing and a bright speck are seen from frame 8 to 15, and `masks/`."""
    for frame in range(FRAMES):
        image = bright_photo(int(frame in SHOWN))
        mask = image.max(axis=2, keepdims=True) > 128
        if frame in SHOWN:
            image[0:4, 60:64] = 220
        write_image(tmp_path / "clip" / "images" / f"frame_{frame:03d}.png", image)
        write_image(tmp_path / "clip" / "masks" / f"frame_{frame:03d}.png", mask.astype(np.uint8))
    return tmp_path / "clip"


def test_events_distance_and_scores_of_masks(runtime: BrightRuntime, clip: Path) -> None:
    watched = watch_clip(runtime, str(clip / "images"), data=f"masks:{clip}", settings=AT_ONCE, frames_per_second=10)
    assert [(event.frame, event.kind, event.distance) for event in watched.events] == [
        (8, "seen", "close"),
        (16, "lost", None),
    ]
    height = (42 - 6) / PHOTO_HW[0]  # without the speck above it
    assert watched.sightings[9].height == pytest.approx(height, abs=0.1)
    assert watched.scores is not None
    wanted = {"frames": FRAMES, "events": 1, "events_missed": 0, "frames_until_seen": [0], "false_alarms": 0}
    assert watched.scores.items() >= wanted.items()


def test_every_third_frame_counts_delays_in_frames_of_the_clip(runtime: BrightRuntime, clip: Path) -> None:
    settings = AT_ONCE.model_copy(update={"seen_frames": 2})
    watched = watch_clip(runtime, str(clip / "images"), data=f"masks:{clip}", settings=settings, every=3)
    assert watched.frames == list(range(0, FRAMES, 3))
    assert [event.frame for event in watched.events] == [12, 18]
    assert watched.scores is not None and watched.scores["frames_until_seen"] == [3]


def test_the_threshold_of_the_card_decides(runtime: BrightRuntime, clip: Path) -> None:
    assert watch_clip(runtime, str(clip / "images"), settings=AT_ONCE).events
    for frame in SHOWN:
        write_image(clip / "images" / f"frame_{frame:03d}.png", bright_photo(1, level=131))  # a probability of 0.59
    assert watch_clip(runtime, str(clip / "images"), settings=AT_ONCE).events
    runtime.card = runtime.card.with_changes(thresholds={"mask_logits": 0.9})
    assert not watch_clip(runtime, str(clip / "images"), settings=AT_ONCE).events


def test_heads_and_classes_are_named(runtime: BrightRuntime, clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert watch_clip(runtime, str(clip / "images"), settings=AT_ONCE, head="mask").events
    with pytest.raises(ValueError, match=r"The model has no head `corners`\. Its heads: mask\."):
        watch_clip(runtime, str(clip / "images"), head="corners")
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert watch_clip(runtime, str(clip / "images"), settings=AT_ONCE, class_name="animal").events
    assert "bright.model names no classes: whatever it finds counts as 'animal'." in caplog.text
    runtime.card = runtime.card.with_changes(class_names=("cat",))
    with pytest.raises(ValueError, match=r"knows no class 'animal'\. Its classes: cat\."):
        watch_clip(runtime, str(clip / "images"), class_name="animal")


def test_the_preset_of_animals_gives_them_a_name() -> None:
    assert ModelCard.of(read_config("cat-mask"), 1).class_names == ("animal",)


def test_the_verb_watches_with_the_shipped_masks_of_animals(clip: Path, tmp_path: Path) -> None:
    arguments = ["cat-mask", str(clip / "images"), "--class", "object", "--head", "mask", "--data", f"masks:{clip}"]
    answer = CliRunner().invoke(app, [*arguments, "--every", "4", "--json", str(tmp_path / "watched.json")])
    assert answer.exit_code == 0, answer.output
    scores = json.loads((tmp_path / "watched.json").read_text())["scores"]
    assert (scores["frames"], scores["events"]) == (FRAMES // 4, 1)
