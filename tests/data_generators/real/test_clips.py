import logging

import av
import numpy as np
import pytest

from data_generators.cache import default_cache_directory
from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real import video_frames
from data_generators.real.video import read_frames

MASK = np.zeros((48, 64, 1), np.uint8)
MASK[10:30, 40:60] = 255


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTOR_CACHE", str(tmp_path / "cache"))


def write_video(path, count=12, size=(64, 48)):
    """Frames at 10 a second; frame i has grey 20 * i."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *size, "yuv420p", 4_000_000
        for index in range(count):
            image = np.full((size[1], size[0], 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture
def make(tmp_path):
    def write(numbers=(0, 4, 8), name="cat", masks=None, count=12, mask=MASK):
        """Writes a video and masks of the frames with these numbers; gives the video."""
        video = tmp_path / "set" / f"{name}.mp4"
        write_video(video, count)
        for number in numbers:
            write_image(tmp_path / "set" / (masks or f"{name}_masks") / f"frame_{number:05d}.png", mask)
        return video

    return write


def opened(path, split="", **options):
    return open_source(f"clip:{path}{split}", **options)


def test_frames_with_masks(make):
    source = opened(make())
    assert source.groups() == ["cat"] * 3
    for index, frame in enumerate((0, 4, 8)):
        sample = source.sample(index)
        assert abs(float(sample.image.mean()) - 20 * frame) < 6
        np.testing.assert_array_equal(sample.mask, MASK[..., 0] // 255)
        assert sample.origin.endswith(f"cat.mp4 frame {frame}") and sample.has == {"boxes", "mask"}


def test_every_nth_frame_and_numbers_from_1(make):
    video = make(range(1, 13))
    assert len(opened(video, first_frame=1)) == 12
    source = opened(video, first_frame=1, every=5)
    assert [source.sample(index).origin[-2:] for index in range(3)] == [" 0", " 5", "10"]
    with pytest.raises(DataError, match=r"frame_00012\.png: 1 masks are of frames .* frame 12\. Set first_frame"):
        opened(video)
    with pytest.raises(DataError, match=r"frame_00001\.png: expected the number of its frame, from 2 on"):
        opened(video, first_frame=2)


def test_frames_without_masks_may_stay_unlabelled(make):
    source = opened(make((0, 9)), unmasked="unlabelled", every=3)
    labelled = [{"boxes", "mask"}, set(), set(), {"boxes", "mask"}]
    assert [source.sample(index).has for index in range(4)] == labelled


@pytest.mark.parametrize("masks", ["cat", "cat/masks", "masks", "labels/cat", "Masks/cat"])
def test_masks_are_found_where_tools_put_them(make, masks):
    assert len(opened(make(masks=masks))) == 3


def test_masks_anywhere_are_named(make):
    video = make(masks="painted")
    with pytest.raises(DataError, match=r"cat\.mp4: there is no folder with its masks; looked for .*set/cat_masks"):
        opened(video)
    assert len(opened(video, masks="painted")) == 3


def test_a_folder_of_clips(make):
    make((1, 2), "day/cat 1", "day/cat 1_masks")
    folder = make(name="cat 2").parent
    assert opened(folder).groups() == ["cat 2"] * 3 + ["day/cat 1"] * 2
    assert opened(folder, "#day/cat 1").groups() == ["day/cat 1"] * 2
    with pytest.raises(DataError, match=r"there is no split 'test'\. Splits there are: train, val"):
        opened(folder, "#test")
    make((1, 99), "cat 3")
    with pytest.raises(DataError, match=r"masks are of frames that .*cat 3\.mp4 does not have, the first of frame 99"):
        opened(folder)
    assert opened(folder, on_error="skip").groups().count("cat 3") == 1


def test_one_clip_is_split_by_time(make):
    video = make(range(12))
    parts = [opened(video, split, split_gap=2) for split in ("#train", "#val")]
    assert [[int(part.sample(i).origin.split()[-1]) for i in range(len(part))] for part in parts] == [
        list(range(8)),
        [10, 11],
    ]


def test_frames_are_extracted_once_and_again_when_they_are_gone(make, caplog):
    video = make()
    with caplog.at_level(logging.INFO):
        source = opened(video)
        fingerprint = source.fingerprint()
        assert opened(video).fingerprint() == fingerprint
    assert caplog.text.count("extracting frames of") == 1
    before = source.sample(1)
    [entry] = default_cache_directory().iterdir()
    for path in entry.iterdir():
        path.unlink()
    np.testing.assert_array_equal(source.sample(1).image, before.image)
    assert not [path for path in default_cache_directory().iterdir() if path.name.startswith(".")]
    make(count=10)
    assert opened(video).fingerprint() != fingerprint


def test_a_video_that_breaks_off_stops_or_gives_what_it_has(make, monkeypatch, caplog):
    video = make(range(12))

    def break_off(path, every):
        for index, seconds, image in read_frames(path, every):
            if index == 5:
                raise DataError(path, "the video breaks off after frame 4.", "Convert the video.")
            yield index, seconds, image

    monkeypatch.setattr(video_frames, "read_frames", break_off)
    with pytest.raises(DataError, match=r"cat\.mp4: the video breaks off after frame 4"):
        opened(video)
    for _ in range(2):  # the second time from the cache
        caplog.clear()
        assert len(opened(video, on_error="skip")) == 5
        assert "skipped" in caplog.text and "the video breaks off after frame 4" in caplog.text
    with pytest.raises(DataError, match="the video breaks off"):
        opened(video)


def test_masks_of_another_size_and_of_no_frame(make):
    with pytest.raises(DataError, match=r"the mask has 48 x 64 pixels, but .*cat\.mp4 frame 0, upright .* 64 x 48"):
        opened(make(mask=MASK.swapaxes(0, 1))).sample(0)
    with pytest.raises(DataError, match=r"none of the 1 masks is of a frame that is taken \(every: 4\)\. Set every"):
        opened(make((3,), "dog"), every=4)


def test_folders_without_videos(tmp_path):
    with pytest.raises(DataError, match=r"expected videos in this folder, found none\. Put .* masks: or davis:"):
        opened(tmp_path)
