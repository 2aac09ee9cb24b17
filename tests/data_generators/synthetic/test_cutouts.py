"""Scenes of cut-outs: pure, labels exact to the pixel, hidden objects ignored, splits without a shared object."""

import pickle

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.settings import SettingsError
from data_generators.synthetic.cutout_objects import MaskedObjects
from data_generators.synthetic.cutout_settings import CutoutSettings
from data_generators.synthetic.cutouts import CutoutScenes
from tests.data_generators.synthetic.ellipses import Ellipses

SIZE_HW = (72, 96)
DRAWN = {"inhabited": 0, "part": 0, "photo": 0, "drawn": 1}
INHABITED = {"inhabited": 1, "part": 0, "photo": 0, "drawn": 0}


def scenes(objects=None, split=None, **options):
    values = {"objects": [{"source": "a test"}], "size_hw": SIZE_HW, "count": 20, **options}
    return CutoutScenes(CutoutSettings.parse(values), [MaskedObjects(objects or Ellipses())], split)


def samples(source):
    return [source.sample(index) for index in range(len(source))]


def extents(pixels):
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def test_sample_is_labelled_as_promised():
    source = scenes(negative_share=0.3)
    counts = set()
    for sample in samples(source):
        counts.add(len(sample.boxes))
        assert (sample.size_hw, sample.mask.shape) == (SIZE_HW, SIZE_HW)
        assert sample.has == {"boxes", "mask"}
        assert set(np.unique(sample.mask)) <= {0, 1, 2, 255}
        assert ((sample.boxes >= 0) & (sample.boxes <= 1)).all()
        assert (sample.boxes[:, 2:] > sample.boxes[:, :2]).all()
    assert {0, 1} <= counts
    assert source.class_names == ("cat", "dog")
    assert set(source.groups()) == {sample.group}


def test_same_seed_same_bytes_whatever_was_drawn_before():
    first, second = scenes(seed=4), pickle.loads(pickle.dumps(scenes(seed=4)))
    backwards = {index: second.sample(index) for index in reversed(range(8))}
    for index in range(8):
        one, other = first.sample(index), backwards[index]
        assert one.image.tobytes() == other.image.tobytes()
        assert one.mask.tobytes() == other.mask.tobytes()
        assert one.boxes.tobytes() == other.boxes.tobytes()
    assert (scenes(seed=5).sample(0).image != first.sample(0).image).any()
    assert scenes(seed=5).fingerprint() != first.fingerprint() == second.fingerprint()


@pytest.mark.parametrize("kinds", [DRAWN, INHABITED])
def test_boxes_are_the_extents_of_the_mask(kinds):
    source = scenes(background_kinds=kinds, objects_per_picture=(1, 1), negative_share=0, distractor_share=0)
    compared = 0
    for sample in samples(source):
        if len(sample.boxes) != 1:
            continue
        box_px = sample.boxes[0] * (*SIZE_HW[::-1], *SIZE_HW[::-1])
        sure, open_too = extents(sample.mask == sample.labels[0] + 1), extents(sample.mask > 0)
        assert (open_too[:2] <= box_px[:2] + 0.01).all()
        assert (box_px[:2] <= sure[:2] + 0.01).all()
        assert (open_too[2:] >= box_px[2:] - 0.01).all()
        assert (box_px[2:] >= sure[2:] - 0.01).all()
        compared += 1
    assert compared > (10 if kinds is DRAWN else 0)


def test_the_object_is_where_its_label_says_and_of_its_class():
    even = dict.fromkeys(("unevenness", "shadows", "colour_cast", "exposure"), 0)
    even |= dict.fromkeys(("outside_shadow_share", "glare_share", "flash_share"), 0)
    source = scenes(background_kinds=DRAWN, distractor_share=0, light_matching=(0, 0), recolour_share=0, lighting=even)
    for sample in samples(source):
        for code, channel in ((1, 0), (2, 2)):
            wrong = (sample.image.argmax(axis=-1) != channel) & (sample.mask == code)
            assert wrong.sum() <= 0.02 * (sample.mask == code).sum()


def test_an_object_of_which_little_is_seen_is_ignored():
    crowded = {"objects_per_picture": (5, 5), "overlap": 1, "size": (0.5, 0.6), "negative_share": 0}
    drawn = samples(scenes(background_kinds=DRAWN, **crowded))
    assert any(sample.ignore.any() for sample in drawn)
    assert not all(sample.ignore.all() for sample in drawn)
    assert all(not sample.ignore.any() for sample in samples(scenes(least_visible=0, **crowded)))


def test_what_the_border_cuts_off_counts_as_unseen():
    alone = {"objects_per_picture": (1, 1), "background_kinds": DRAWN, "distractor_share": 0, "negative_share": 0}
    options = {**alone, "least_visible": 0.9, "size": (0.3, 0.4)}
    assert not any(sample.ignore.any() for sample in samples(scenes(cut_off_share=0, **options)))
    assert np.mean([sample.ignore.all() for sample in samples(scenes(cut_off_share=1, **options))]) > 0.5


def test_counts_of_objects_and_overlap():
    alone = scenes(objects_per_picture=(1, 1), background_kinds=DRAWN, negative_share=0)
    assert {len(sample.boxes) for sample in samples(alone)} == {1}
    apart = scenes(objects_per_picture=(4, 4), overlap=0, size=(0.2, 0.25), background_kinds=DRAWN, negative_share=0)
    counts = [len(sample.boxes) for sample in samples(apart)]
    assert max(counts) == 4
    for sample in samples(apart):
        for first in range(len(sample.boxes)):
            for second in sample.boxes[:first]:
                overlap = np.minimum(sample.boxes[first, 2:], second[2:]) - np.maximum(
                    sample.boxes[first, :2], second[:2]
                )
                assert (overlap <= 0.05).any()


def test_negatives_hold_nothing_and_are_known_to():
    for sample in samples(scenes(negative_share=1)):
        assert len(sample.boxes) == 0
        assert not sample.mask.any()
        assert sample.has == {"boxes", "mask"}


def test_objects_that_their_photo_cut_off_lie_on_the_same_border():
    source = scenes(Ellipses(cut_off=True), mirror=False, cut_off_share=0, background_kinds=DRAWN, distractor_share=0)
    boxes = np.concatenate([sample.boxes for sample in samples(source)])
    assert len(boxes)
    assert (boxes[:, 0] < 0.04).mean() > 0.9  # others stand before a few


def test_photos_of_the_users_lie_behind(tmp_path):
    Image.new("RGB", (120, 90), (250, 250, 10)).save(tmp_path / "yellow.png")
    kinds = DRAWN | {"drawn": 0, "photo": 1}
    source = scenes(backgrounds=[tmp_path], background_kinds=kinds, negative_share=1, lighting={"exposure": 0})
    means = np.array([sample.image.mean(axis=(0, 1)) for sample in samples(source)])
    assert (means[:, 2] < 0.3 * means[:, 0]).all()


def test_settings_that_make_no_sense():
    with pytest.raises(SettingsError, match=r"objects\.0: .*give either `source`, e\.g\. trimaps:PATH, or `folder`"):
        CutoutSettings.parse({"objects": [{"class_name": "cat"}]})
    with pytest.raises(SettingsError, match=r"objects: .*at least 1 item"):
        CutoutSettings.parse({"objects": []})
    with pytest.raises(SettingsError, match="must run from least to greatest"):
        CutoutSettings.parse({"objects": [{"folder": "a"}], "objects_per_picture": (3, 1)})


def test_format_opens_rgba_folders_with_splits_of_their_own(tmp_path):
    for number in range(6):
        picture = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
        picture.paste((40 * number, 200, 30, 255), (8, 6, 30, 25))
        (tmp_path / "cat").mkdir(exist_ok=True)
        picture.save(tmp_path / "cat" / f"{number}.png")
    (tmp_path / "cats.yaml").write_text(f"objects: [{{folder: {tmp_path}/cat}}]\nsize_hw: [40, 60]\ncount: 5\n")
    sources = [open_source(f"cutouts:{tmp_path}/cats.yaml{split}") for split in ("#train", "#val", "#test", "")]
    assert len({source.fingerprint() for source in sources}) == 4
    assert all(source.class_names == ("cat",) for source in sources)
    assert all(source.sample(0).size_hw == (40, 60) for source in sources)
    with pytest.raises(DataError, match="there is no split 'dev'"):
        open_source(f"cutouts:{tmp_path}/cats.yaml#dev")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match=r"`objects`: .*expected pictures in this folder, found none"):
        open_source("cutouts:", objects=[{"folder": str(tmp_path / "none")}])


def test_objects_come_from_a_source_with_masks(real_data):
    pets = {
        "source": f"trimaps:{real_data}/masks_oxford_pets#train",
        "options": {"classes": {"[A-Z]*": "cat", "*": "dog"}},
    }
    source = open_source("cutouts:#train", objects=[pets], count=4, negative_share=0)
    assert source.class_names == ("cat", "dog")
    assert sum(len(source.sample(index).boxes) for index in range(4)) >= 3
