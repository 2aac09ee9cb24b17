"""Masks, boxes and classes come back from a written trimap folder, and what cannot is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import list_images, write_image
from data_generators.real.trimaps_writer import write_trimap_set
from data_generators.sample import Sample
from data_generators.sources import SubsetSource
from tests.data_generators.real.boxes import Drawn, boxed


def masked(boxes_px: list[list[int]], labels: list[int], border_px: int = 0) -> Sample:
    """A picture of 40 x 60 pixels with rectangles x0 y0 x1 y1, half of whose border lies outside of the box."""
    mask, half = np.zeros((40, 60), np.uint8), border_px // 2
    for (x0, y0, x1, y1), label in zip(boxes_px, labels, strict=True):
        mask[y0 - half : y1 + half, x0 - half : x1 + half] = 255 if half else label + 1
        mask[y0 + half : y1 - half, x0 + half : x1 - half] = label + 1
    boxes = np.array(boxes_px, np.float32).reshape(-1, 4) / np.array([60, 40, 60, 40], np.float32)
    return boxed(boxes, labels, mask=mask, has=frozenset({"boxes", "mask"}))


DOG, CAT = masked([[6, 8, 27, 28]], [0]), masked([[30, 4, 50, 36]], [1], border_px=4)
TWO = masked([[6, 8, 20, 28], [30, 12, 60, 36]], [1, 1])
EMPTY = masked([], [])


def written(tmp_path: Path, samples: list[Sample], names: tuple[str, ...] = ("dog", "cat")) -> list[str]:
    return write_trimap_set({"": Drawn(samples, names)}, tmp_path / "new")


def test_masks_boxes_and_classes_come_back(tmp_path: Path) -> None:
    assert written(tmp_path, [DOG, CAT]) == [
        "groups of 2 pictures: a trimap folder has none; split them before they are written."
    ]
    source = open_source(f"trimaps:{tmp_path}/new")
    assert source.class_names == ("dog", "cat")
    again = {source.class_names[each.labels[0]]: each for each in (source.sample(index) for index in range(2))}
    for name, sample in (("dog", DOG), ("cat", CAT)):
        np.testing.assert_allclose(again[name].boxes, sample.boxes, atol=1e-6)
        np.testing.assert_array_equal(again[name].mask, sample.mask)
        np.testing.assert_array_equal(again[name].image, sample.image)
        assert again[name].ignore.tolist() == [False]
    assert {255} <= set(np.unique(again["cat"].mask))


def test_each_split_is_a_folder_with_the_classes_of_all(tmp_path: Path) -> None:
    write_trimap_set({"train": Drawn([DOG]), "val": Drawn([CAT])}, tmp_path / "new")
    for split in ("train", "val"):
        assert open_source(f"trimaps:{tmp_path}/new/{split}").class_names == ("dog", "cat")
        assert yaml.safe_load((tmp_path / "new" / split / "trimaps.yaml").read_text()) == {
            "classes": {"dog_*": "dog", "cat_*": "cat"}
        }


def test_classes_whose_names_begin_alike_or_hold_wildcards_are_told_apart(tmp_path: Path) -> None:
    names = ("cat", "cat_big", "cat-big", "*[a]")
    written(tmp_path, [masked([[6, 8, 27, 28]], [label]) for label in range(4)], names)
    source = open_source(f"trimaps:{tmp_path}/new")
    assert source.class_names == names
    samples = [source.sample(index) for index in range(len(source))]
    assert sorted(source.class_names[each.labels[0]] for each in samples) == sorted(names)


def test_options_that_are_given_go_before_the_file(tmp_path: Path) -> None:
    written(tmp_path, [DOG, CAT])
    assert open_source(f"trimaps:{tmp_path}/new", class_name="pet").class_names == ("pet",)
    assert open_source(f"trimaps:{tmp_path}/new", split_seed=1).class_names == ("dog", "cat")
    (tmp_path / "new/trimaps.yaml").write_text("- dog")
    with pytest.raises(DataError, match=r"trimaps\.yaml: expected a mapping of settings, got list"):
        open_source(f"trimaps:{tmp_path}/new")


def test_of_one_class_no_name_changes_and_pictures_without_object_are_kept(tmp_path: Path) -> None:
    write_image(tmp_path / "photos/garden.png", EMPTY.image)
    garden = EMPTY.replace(origin=str(tmp_path / "photos/garden.png"), mask=np.zeros((0, 0), np.uint8))
    assert written(tmp_path, [DOG, garden.replace(has=frozenset({"boxes"}), group="garden")], ("dog",)) == []
    source = open_source(f"trimaps:{tmp_path}/new")
    assert [path.name for path in list_images(tmp_path / "new/images")] == ["000000.png", "garden.png"]
    empty = source.sample(source.groups().index("garden"))
    assert (source.class_names, len(empty.boxes), empty.has) == (("dog",), 0, {"boxes", "mask"})
    assert not empty.mask.any()


def test_an_ignored_object_stays_one(tmp_path: Path) -> None:
    written(tmp_path, [DOG.replace(ignore=np.array([True]))])
    again = open_source(f"trimaps:{tmp_path}/new").sample(0)
    assert again.ignore.tolist() == [True]
    np.testing.assert_allclose(again.boxes, DOG.boxes, atol=1e-6)


def test_several_objects_become_their_union(tmp_path: Path) -> None:
    assert written(tmp_path, [TWO, TWO.replace(ignore=np.array([True, False]), group="other")]) == [
        "objects of 2 pictures told apart no more: a trimap is of all of them together.",
        "ignore flags in 1 pictures: their trimap shows other objects too.",
    ]
    again = open_source(f"trimaps:{tmp_path}/new").sample(0)
    np.testing.assert_allclose(again.boxes * [60, 40, 60, 40], [[6, 8, 60, 36]], atol=1e-5)


def test_what_a_trimap_cannot_tell_is_left_out_and_counted(tmp_path: Path) -> None:
    samples = [
        CAT,
        masked([[6, 8, 20, 28], [30, 12, 60, 36]], [0, 1]),
        boxed([[0.1, 0.2, 0.5, 0.7]], [0]),
        EMPTY,
        EMPTY.replace(has=frozenset()),
        DOG.replace(boxes=np.array([[0.1, 0.2, 0.9, 0.7]], np.float32), group="other"),
    ]
    assert written(tmp_path, samples) == [
        "1 pictures left out: they show objects of several classes, a trimap is of one.",
        "1 pictures left out: their objects have no masks.",
        "1 pictures without an object left out: of several classes the name of a picture must say one.",
        "boxes of 1 pictures: the box around the mask is another.",
        "1 pictures left out: nobody looked for boxes in them.",
    ]
    assert len(open_source(f"trimaps:{tmp_path}/new")) == 2


def test_real_masks_come_back(real_data: Path, tmp_path: Path) -> None:
    pets = open_source(f"trimaps:{real_data}/masks_oxford_pets", classes={"[A-Z]*": "cat", "[a-z]*": "dog"})
    groups = pets.groups()
    chosen = [groups.index(name) for name in ("Abyssinian_1", "american_bulldog_15", "Abyssinian_34")]
    lost = write_trimap_set({"": SubsetSource(pets, chosen)}, tmp_path / "new")
    assert lost == ["1 pictures left out: nobody looked for boxes in them."]  # Abyssinian_34 is all background
    again = open_source(f"trimaps:{tmp_path}/new")
    assert again.groups() == ["cat_Abyssinian_1", "dog_american_bulldog_15"]
    for index, before in enumerate(pets.sample(place) for place in chosen[:2]):
        after = again.sample(index)
        np.testing.assert_array_equal(after.boxes, before.boxes)
        np.testing.assert_array_equal(after.mask, before.mask)
        np.testing.assert_array_equal(after.image, before.image)
        assert after.labels.tolist() == before.labels.tolist()
