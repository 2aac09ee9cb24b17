from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import FORMATS, open_source
from data_generators.images import write_image
from data_generators.real.labelled_pictures import LabelledBox, LabelledPicture, LabelledPicturesSource
from data_generators.sources import SubsetSource
from data_generators.writers import WRITERS, writer_of

BOXES = [LabelledBox("dog", (0.1, 0.2, 0.5, 0.9), "first"), LabelledBox("cat", (0.5, 0.1, 1.0, 0.6), "second")]
BOX_FORMATS = [name for name in WRITERS if name not in ("corners", "masks", "trimaps")]


@pytest.fixture
def boxes(tmp_path):
    """A picture of 40 x 60 pixels with a dog and a cat that is cut off, and one with neither."""
    pictures = []
    for number, objects in enumerate((BOXES, [])):
        path = tmp_path / "photos" / f"{number}.png"
        write_image(path, np.random.default_rng(number).integers(0, 256, (40, 60, 3), np.uint8))
        pictures.append(LabelledPicture(path, path, str(path), tuple(objects), f"photo {number}"))
    return LabelledPicturesSource(tmp_path, pictures, ("cat", "dog"))


@pytest.mark.parametrize("name", BOX_FORMATS)
@pytest.mark.parametrize("splits", [[""], ["train", "val"]])
def test_boxes_come_back_from_what_the_table_says(boxes, tmp_path, name, splits):
    writer, folder = WRITERS[name], tmp_path / "new"
    parts = dict.fromkeys(splits, boxes)
    lost = writer.write(parts, folder, None, None)
    assert all(text.startswith("groups of 4 pictures") for text in lost) and (len(parts) > 1 or not lost)
    texts = writer.sources(folder, parts)
    assert len(texts) == len(splits)
    for text in texts:
        source = open_source(text)
        samples = sorted((source.sample(index) for index in range(len(source))), key=lambda sample: -len(sample.boxes))
        assert [len(sample.boxes) for sample in samples] == [2, 0]
        names = [source.class_names[label] for label in samples[0].labels]
        wanted = np.array([BOXES[("dog", "cat").index(name)].box for name in names])
        np.testing.assert_allclose(samples[0].boxes, wanted, atol=1e-4)
        assert sorted(names) == ["cat", "dog"]
        np.testing.assert_array_equal(samples[0].image, boxes.sample(0).image)


def test_progress_and_quality_reach_the_writer(boxes, tmp_path):
    seen = []
    WRITERS["yolo"].write({"": boxes}, tmp_path / "new", 80, lambda *counts: seen.append(counts))
    assert seen == [(1, 2), (2, 2)]
    assert len(list((tmp_path / "new").rglob("*.jpg"))) == 2


def test_corners_go_to_corner_csv_and_labelme(tmp_path):
    scenes = open_source("documents:", count=2, negative_share=0)
    for name, texts in (("corners", "corners:{}#val"), ("labelme", "labelme:{}/val")):
        folder = tmp_path / name
        assert not any("keypoints" in text for text in WRITERS[name].write({"val": scenes}, folder, None, None))
        [text] = WRITERS[name].sources(folder, {"val": scenes})
        assert text == texts.format(folder)
        again = open_source(text)
        np.testing.assert_allclose(again.sample(0).keypoints, scenes.sample(0).keypoints, atol=1e-5)


def test_corner_csv_refuses_boxes(boxes, tmp_path):
    with pytest.raises(DataError, match="a corner CSV holds one class"):
        WRITERS["corners"].write({"": boxes}, tmp_path / "new", None, None)


def test_a_format_that_is_not_written_offers_the_nearest():
    with pytest.raises(
        DataError, match=r"yoko: this format is not written\. Did you mean yolo\? Formats written: coco, "
    ):
        writer_of("yoko")


def test_what_is_written_can_be_read():
    for writer in WRITERS.values():
        for text in (writer.read_as, writer.read_corners_as):
            assert not text or text.partition(":")[0] in FORMATS


@pytest.mark.parametrize("name", BOX_FORMATS)
@pytest.mark.parametrize("text", ["voc:{}/boxes_blood_cells/BCCD#test", "trimaps:{}/masks_oxford_pets#val"])
def test_real_boxes_come_back(real_data, tmp_path, name, text):
    source = SubsetSource(open_source(text.format(real_data)), range(3))
    WRITERS[name].write({"": source}, tmp_path / "new", None, None)
    again = open_source(*WRITERS[name].sources(tmp_path / "new", {"": source}))
    assert len(again) == len(source)
    by_name = {Path(again.sample(index).origin).stem: again.sample(index) for index in range(len(again))}
    for index in range(len(source)):
        before = source.sample(index)
        after = by_name[Path(before.origin).stem]
        np.testing.assert_allclose(after.boxes, before.boxes, atol=1e-5)
        assert [again.class_names[label] for label in after.labels] == [source.class_names[i] for i in before.labels]
        np.testing.assert_array_equal(after.image, before.image)
