"""The verbs for clips, `clean-masks` and `watch`, on clips of seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import read_image, write_image
from detector import cli

Detector = Callable[..., tuple[int, str, str]]
FRAMES, SEEN_FROM, LOST_FROM, RATE = 24, 8, 16, 10


@pytest.fixture
def detector(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Detector:
    """The command line in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["detector", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def write_painted_clip(folder: Path) -> list[np.ndarray]:
    """A square that walks to the right, with a false region in every mask but the first; returns the true masks."""
    true = []
    for frame in range(6):
        mask = np.zeros((40, 60, 1), np.uint8)
        mask[10:25, 5 + 3 * frame : 20 + 3 * frame] = 1
        true.append(mask)
        painted = mask.copy()
        if frame:
            painted[32:38, 45:55] = 1
        write_image(folder / "masks" / f"{frame:04d}.png", painted)
        write_image(folder / "images" / f"{frame:04d}.png", mask.repeat(3, axis=2) * 150 + 50)
    return true


def test_false_regions_are_gone_after_cleaning(detector: Detector) -> None:
    true = write_painted_clip(Path("clip"))
    code, output, _ = detector("clean-masks", "clip", "--corrected", "0", "--out", "cleaned")
    assert code == 0 and "Cleaned masks: cleaned" in output
    cleaned = [read_image(path)[..., 0] for path in sorted(Path("cleaned").glob("**/*.png")) if path.stem.isdigit()]
    assert len(cleaned) == len(true)
    assert all(np.array_equal(found > 0, wanted[..., 0] > 0) for found, wanted in zip(cleaned, true, strict=True))
    assert read_image(Path("clip/masks/0003.png"))[35, 50, 0] > 0, "the masks themselves are not touched"


def test_cleaning_in_place_keeps_the_masks_as_they_were(detector: Detector) -> None:
    write_painted_clip(Path("clip"))
    assert detector("clean-masks", "clip", "--corrected", "0000.png", "--in-place")[0] == 0
    assert read_image(Path("clip/masks/0003.png"))[35, 50, 0] == 0
    [before] = [path for path in Path().rglob("0003.png") if "before-cleaning" in str(path)]
    assert read_image(before)[35, 50, 0] > 0


def test_cleaning_says_which_frame_is_not_there(detector: Detector) -> None:
    write_painted_clip(Path("clip"))
    code, _, error = detector("clean-masks", "clip", "--corrected", "77", "--out", "cleaned")
    assert code == 1 and "77" in error
    assert not Path("cleaned").exists()
    assert "one of the two" in detector("clean-masks", "clip", "--corrected", "0")[2]


@pytest.fixture
def visit(tmp_path: Path) -> tuple[Path, str]:
    """A video in which a sheet of paper is seen from frame 8 to 15, and its labels as `corners:FOLDER`."""
    source = open_source("documents:#test", count=30, size_hw=(128, 176), negative_share=0.5, pages=10)
    scenes = [source.sample(index) for index in range(30)]
    page = next(scene for scene in scenes if len(scene.keypoints) and scene.keypoints.min() > 0.05)
    empty = next(scene for scene in scenes if not len(scene.keypoints))
    shown = [page if SEEN_FROM <= frame < LOST_FROM else empty for frame in range(FRAMES)]
    video, lines = tmp_path / "visit.mp4", ["image,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y"]
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt, stream.bit_rate = 128, 176, "yuv420p", 4_000_000
        for number, scene in enumerate(shown):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene.image, format="rgb24")))
            write_image(tmp_path / "labels" / "images" / f"{number:04d}.png", scene.image)
            corners = scene.keypoints[0].ravel().tolist() if len(scene.keypoints) else [""] * 8
            lines.append(",".join(map(str, [f"{number:04d}.png", *corners])))
        container.mux(stream.encode())
    (tmp_path / "labels" / "corners.csv").write_text("\n".join(lines) + "\n")
    return video, f"corners:{tmp_path / 'labels'}"


def test_watching_a_video_tells_when_the_sheet_comes_and_goes(detector: Detector, visit: tuple[Path, str]) -> None:
    video, labels = visit
    code, output, error = detector("watch", "documents", video, "--data", labels, "--json", "watched.json")
    assert code == 0, error
    watched = json.loads(Path("watched.json").read_text())
    assert watched["frames"] == FRAMES
    seen, lost = watched["events"]
    assert (seen["kind"], lost["kind"]) == ("seen", "lost")
    assert SEEN_FROM <= seen["frame"] <= SEEN_FROM + 3
    assert LOST_FROM <= lost["frame"] < FRAMES
    assert seen["seconds"] == pytest.approx(seen["frame"] / RATE, abs=0.02)
    assert f"frame {seen['frame']}" in output
    assert watched["scores"]["false_alarms_per_minute"] == 0


def test_watching_every_second_picture_of_a_folder(detector: Detector, visit: tuple[Path, str]) -> None:
    folder = visit[1].removeprefix("corners:") + "/images"
    code, _, error = detector("watch", "documents", folder, "--every", "2", "--fps", RATE, "--json", "watched.json")
    assert code == 0, error
    watched = json.loads(Path("watched.json").read_text())
    assert watched["frames"] == FRAMES // 2
    assert [event["kind"] for event in watched["events"]][:1] == ["seen"]
