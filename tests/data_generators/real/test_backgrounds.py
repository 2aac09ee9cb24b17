import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.real.backgrounds import BackgroundSettings, BackgroundSource
from data_generators.real.box_writer import write_box_set
from data_generators.real.yolo_writer import YoloWriter
from data_generators.settings import SettingsError
from data_generators.splits import split_by_group
from tests.data_generators.real.boxes import Drawn, boxed

CROPS = BackgroundSettings(texture_share=0, object_texture_share=0)
OF_OBJECTS = BackgroundSettings(texture_share=0, object_texture_share=1)
HALVES = [[0, 0, 0.4, 1], [0.1, 0.1, 0.5, 0.9]]  # two objects that leave the right half free


def marked(boxes, size_hw=(90, 140), **changes):
    """A sample whose pixels are 200 in a box and 50 beside all of them."""
    image = np.full((*size_hw, 3), 50, np.uint8)
    sides_px = np.tile(size_hw[::-1], 2)
    for x0, y0, x1, y1 in np.reshape(boxes, (-1, 4)).clip(0, 1) * sides_px:
        image[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = 200
    return boxed(boxes, size_hw=size_hw, **{"image": image, **changes})


def drawn(count=20, boxes=HALVES, **changes):
    return Drawn([marked(boxes, group=f"photo {number}", **changes) for number in range(count)])


@pytest.mark.parametrize("boxes", [HALVES, [[-0.2, 0.5, 0.3, 1.4], [0.6, 0.4, 1.2, 0.8]], []])
def test_a_crop_shows_no_object_and_keeps_the_limits(boxes):
    source = BackgroundSource(drawn(boxes=boxes, ignore=np.arange(len(boxes)) == 1), CROPS)
    assert len(source) == 20
    for index in range(20):
        sample = source.sample(index)
        assert sample.image.max() == 50
        low, high = sorted(sample.size_hw)
        assert low >= 0.25 * 90 and high <= 2 * low
    assert len({source.sample(index).size_hw for index in range(20)}) > 5


def test_it_says_that_the_classes_are_absent():
    picture = marked(HALVES, keypoints=np.zeros((2, 4, 2), np.float32), unlabelled=frozenset({1}))
    source = BackgroundSource(Drawn([picture]), CROPS)
    sample = source.sample(0)
    assert source.class_names == ("dog", "cat") and source.labelled_classes == {"dog", "cat"}
    assert source.labelled_classes_at(0) == {"dog", "cat"} and sample.unlabelled == {1}
    assert (sample.boxes.shape, sample.keypoints.shape, sample.mask.shape) == ((0, 4), (0, 4, 2), (0, 0))
    assert sample.has == {"boxes"}
    assert (sample.group, sample.origin) == ("drawn 2", "drawn 2, background")


def test_masks_are_kept_clear_of_and_say_background():
    mask = np.zeros((90, 140), np.uint8)
    mask[:, :60], mask[:, 60:80] = 1, 255
    sample = BackgroundSource(drawn(1, [], mask=mask, image=np.dstack([mask] * 3), has=frozenset({"mask"})), CROPS)
    cut = sample.sample(0)
    assert not cut.image.any()
    assert cut.mask.shape == cut.size_hw and not cut.mask.any()
    assert cut.has == {"boxes", "mask"}


def test_the_margin_keeps_away_from_the_box():
    picture = marked([[0, 0, 0.5, 1]])
    image = np.array(picture.image)
    image[:, 70:84] = 90  # what the label forgot: a fifth of the box
    far = BackgroundSource(Drawn([picture.replace(image=image)] * 20), CROPS.model_copy(update={"margin": 0.2}))
    assert max(far.sample(index).image.max() for index in range(20)) == 50


def test_pictures_without_room_or_labels_are_counted(caplog):
    nobody_looked = marked([], has=frozenset(), group="unseen")
    full = marked([[0, 0, 1, 0.9]], group="full")
    source = BackgroundSource(Drawn([full, nobody_looked, marked(HALVES, group="free")]), CROPS)
    assert source.groups() == ["free"]
    assert source.sample(0).group == "free"
    assert "Drawn: 2 of 3 pictures have no room beside their objects" in caplog.text


def test_no_room_anywhere_says_what_to_do():
    source = BackgroundSource(drawn(2, [[0, 0, 1, 0.9]]), CROPS)
    with pytest.raises(DataError, match=r"none of the 2 pictures has room .* Lower `least_side`"):
        len(source)


def test_textures_repeat_a_tile_of_the_objects_middle():
    source = BackgroundSource(drawn(boxes=[[0, 0, 1, 1]]), OF_OBJECTS)
    assert len(source) == 20
    sizes = {source.sample(index).size_hw for index in range(20)}
    assert len(sizes) > 5
    assert all(source.sample(index).image.min() == 200 and not len(source.sample(index).boxes) for index in range(20))


def test_textures_hold_no_whole_object():
    noise = np.random.default_rng(1).integers(0, 256, (90, 140, 3), np.uint8)
    source = BackgroundSource(drawn(10, [], image=noise), BackgroundSettings(texture_share=1, object_texture_share=0))
    seamless = 0
    for index in range(10):
        image = source.sample(index).image
        assert len(np.unique(image.reshape(-1, 3), axis=0)) <= image.shape[0] * image.shape[1] / 4
        seamless += any((image[row] == image[row - 1]).all() for row in range(1, len(image)))
    assert 4 <= seamless <= 9


def test_an_object_beside_the_picture_gives_a_texture_all_the_same():
    sample = BackgroundSource(drawn(1, [[1.1, 1.2, 1.4, 1.3]], image=np.full((9, 14, 1), 7, np.uint8)), OF_OBJECTS)
    assert sample.sample(0).image.shape[2] == 1


def test_shares_of_the_kinds():
    source = BackgroundSource(drawn(300), BackgroundSettings(texture_share=0.2, object_texture_share=0.3))
    of_objects = sum(source.sample(index).image.min() == 200 for index in range(300))
    assert 65 <= of_objects <= 115


def test_a_picture_gives_the_same_whatever_the_others():
    first, second = BackgroundSource(drawn()), BackgroundSource(drawn())
    np.testing.assert_array_equal(first.sample(7).image, second.sample(7).image)
    other = BackgroundSource(drawn(), BackgroundSettings(seed=1))
    assert any(first.sample(index).size_hw != other.sample(index).size_hw for index in range(5))
    assert first.fingerprint() == second.fingerprint() != other.fingerprint()


def test_splits_hold_as_those_of_the_pictures():
    pictures, backgrounds = drawn(40), BackgroundSource(drawn(40), CROPS)
    parts = [split_by_group(source, {"train": 0.7, "val": 0.3}) for source in (pictures, backgrounds)]
    assert parts[0]["val"].groups() == parts[1]["val"].groups()


def test_of_a_source_by_its_text(tmp_path):
    write_box_set({"train": drawn(3), "val": drawn(2)}, tmp_path / "photos #1", YoloWriter)
    assert len(open_source(f"backgrounds:yolo:{tmp_path}/photos #1#val")) == 2
    assert len(open_source(f"backgrounds:yolo:{tmp_path}/photos #1#", on_error="skip")) == 5
    with pytest.raises(DataError, match=r"there is no format 'yola'\. Did you mean yolo"):
        open_source(f"backgrounds:yola:{tmp_path}#val")
    with pytest.raises(SettingsError, match=r"(?s)options of yolo:.*colour: there is no such setting"):
        open_source(f"backgrounds:yolo:{tmp_path}/photos #1#val", source_options={"colour": 1})


def test_shares_above_one_are_refused():
    with pytest.raises(SettingsError, match="must add up to 1 or less"):
        BackgroundSettings.parse({"texture_share": 0.7, "object_texture_share": 0.4})
