import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.negatives import NegativesSource


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "rooms/a.jpg"):
        write_image(tmp_path / name, np.zeros((40, 60, 3), np.uint8))
    return tmp_path


def test_every_picture_is_known_to_hold_no_object(folder):
    source = NegativesSource(folder)
    sample = source.sample(1)
    assert len(source) == 2
    assert sample.keypoints.shape == (0, 4, 2)
    assert sample.has == {"boxes", "keypoints"}
    assert sample.image.shape == (40, 60, 3)
    assert source.labelled_classes == {"document"}
    assert source.corner_order == "none"


def test_each_picture_is_its_own_group(folder):
    source = NegativesSource(folder)
    assert source.groups() == ["b.png", "rooms/a.jpg"] == [source.sample(index).group for index in range(2)]


def test_content_follows_the_files_and_the_place(folder):
    before = NegativesSource(folder).fingerprint()
    moved = folder.rename(folder.with_name("moved"))
    assert NegativesSource(moved).fingerprint() != before  # the samples name their files
    moved.rename(folder)
    assert NegativesSource(folder).fingerprint() == before
    moved = folder
    write_image(moved / "b.png", np.zeros((41, 60, 3), np.uint8))
    assert NegativesSource(moved).fingerprint() != before


def test_a_picture_that_breaks_is_named(folder):
    (folder / "b.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"b\.png: the file is not a picture"):
        NegativesSource(folder).sample(0)


def test_real_textures_are_read(real_data):
    source = NegativesSource(real_data / "textures")
    assert len(source) == 240
    assert source.sample(7).size_hw[0] > 100
