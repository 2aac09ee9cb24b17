import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.cvat import CvatSource
from tests.data_generators.real.boxes import TWO

META = """<meta><task><name>camel</name><size>5</size><mode>interpolation</mode>
<labels><label><name>dog</name></label><label><name>cat</name></label></labels>
<original_size><width>60</width><height>40</height></original_size></task></meta>"""


def row(frame, x0, outside=0, y0=8):
    sides = f'xtl="{x0}" ytl="{y0}" xbr="{x0 + 20}" ybr="{y0 + 20}"'
    return f'<box frame="{frame}" outside="{outside}" occluded="0" keyframe="1" {sides} z_order="0"/>\n'


CAT = row(0, 6) + row(2, 16) + row(3, 20, outside=1)
DOG = row(2, 36) + row(3, 36, outside=1)


@pytest.fixture
def make(tmp_path):
    """Writes five frames; a cat moves from frame 0 to 3 and leaves, a dog is in frame 2 alone, frame 4 is empty."""

    def write(cat=CAT, dog=DOG, meta=META):
        for frame in range(5):
            write_image(tmp_path / "images" / f"frame_{frame:06d}.png", TWO.image)
        tracks = f'<track id="0" label="cat">\n{cat}</track><track id="1" label="dog">\n{dog}</track>'
        (tmp_path / "annotations.xml").write_text(f"<annotations>{meta}{tracks}</annotations>")
        return tmp_path

    return write


def test_objects_move_between_keyframes_and_leave(make):
    source = CvatSource(make())
    frames = [source.sample(index) for index in range(len(source))]
    assert source.class_names == ("dog", "cat")
    assert [frame.labels.tolist() for frame in frames] == [[1], [1], [1, 0], [], []]
    assert [frame.boxes[0, 0] * 60 for frame in frames[:3]] == pytest.approx([6, 11, 16])
    np.testing.assert_allclose(frames[2].boxes[1] * [60, 40, 60, 40], [36, 8, 56, 28], atol=1e-4)
    assert all(frame.has == {"boxes"} for frame in frames)
    assert frames[1].origin.endswith("frame_000001.png")


def test_all_frames_are_one_group(make):
    assert CvatSource(make()).groups() == ["camel"] * 5


def test_an_object_that_comes_back(make):
    source = CvatSource(make(cat=row(0, 6) + row(1, 6, outside=1) + row(3, 30)))
    assert [len(source.sample(index).boxes) for index in range(5)] == [1, 0, 1, 1, 0]


def test_a_frame_without_a_picture_is_named(make, caplog):
    folder = make()
    (folder / "images" / "frame_000002.png").unlink()
    with pytest.raises(DataError, match=r"annotations\.xml frame 2: there is no picture of this frame\. Export"):
        CvatSource(folder)
    assert len(CvatSource(folder, on_error="skip")) == 4
    assert "skipped 1 of 5 samples" in caplog.text


def test_bad_tracks_are_refused(make):
    with pytest.raises(DataError, match="expected <original_size> of the video"):
        CvatSource(make(meta=META.replace("original_size", "size_of_it")))
    with pytest.raises(DataError, match=r"annotations\.xml:5: frame must be a number"):
        CvatSource(make(cat=row(0, 6) + row("x", 6)))
    with pytest.raises(DataError, match=r"there is no subset 'train'\. There are none"):
        CvatSource(make(), "train")
