"""Objects to cut out: alpha and colours, extents, splits, and what a message says about pictures that do not serve."""

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.synthetic.cutout_library import ObjectLibrary
from data_generators.synthetic.cutout_matting import cut_out
from data_generators.synthetic.cutout_objects import MaskedObjects, RgbaObjects, largest_empty_part
from tests.data_generators.synthetic.ellipses import COLOURS, GROUND, Ellipses


def write_rgba(path, mode="RGBA", colour=(200, 30, 30, 255)):
    """A square of 8 x 6 pixels in a transparent picture of 20 x 16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGBA", (20, 16), (0, 0, 0, 0))
    picture.paste(colour, (5, 4, 13, 10))
    picture.convert(mode).save(path)
    return path


def test_alpha_finds_the_edge_within_the_border_and_colours_are_the_objects_own():
    sample = Ellipses().sample(0)
    rgb, alpha = cut_out(sample.image, np.asarray(sample.mask))
    red = np.asarray(sample.image)[..., 0] > 200
    assert (alpha[red] > 0.5).mean() > 0.97
    assert (alpha[~red] < 0.5).mean() > 0.99
    assert np.abs(rgb[alpha > 0.1].astype(float) - COLOURS["cat"]).mean() < 12  # no green fringe


def test_a_mask_without_border_is_soft_by_a_pixel_or_two():
    sample = Ellipses(border=0).sample(1)
    alpha = cut_out(sample.image, np.where(sample.mask, np.uint8(1), np.uint8(0)))[1]
    soft = (alpha > 0.05) & (alpha < 0.95)
    assert 0 < soft.sum() < 0.35 * (sample.mask > 0).sum()
    assert abs(alpha.sum() - (sample.mask > 0).sum()) < 0.05 * alpha.sum()


def test_cutout_of_a_source_with_masks():
    objects = MaskedObjects(Ellipses())
    picture = objects.read(1)
    assert (picture.cutout.class_name, picture.cutout.cut) == ("dog", (False,) * 4)
    assert np.abs(np.subtract(picture.cutout.alpha.shape, (25, 37))).max() <= 2
    assert picture.cutout.surroundings == pytest.approx(GROUND, abs=3)
    left, top = picture.photo.corner_px
    assert (abs(left - 14), abs(top - 12)) <= (1, 1)
    empty = np.asarray(Ellipses().sample(1).mask)[picture.photo.empty]
    assert empty.size > 48 * 12
    assert not empty.any()


def test_sides_at_which_the_photo_cuts_an_object_off():
    cutout = MaskedObjects(Ellipses(cut_off=True)).read(0).cutout
    assert cutout.cut == (True, False, False, False)
    assert cutout.fits_a_border


def test_largest_empty_part():
    occupied = np.zeros((80, 120), bool)
    occupied[20:60, 30:60] = True
    assert largest_empty_part(occupied) == (slice(0, 80), slice(60, 120))
    assert occupied[largest_empty_part(np.ones((80, 120), bool))].size == 0


def test_rgba_folder_and_the_classes_of_its_folders(tmp_path):
    write_rgba(tmp_path / "cat" / "tom.png")
    write_rgba(tmp_path / "dog" / "rex.webp")
    objects = RgbaObjects(tmp_path)
    assert (objects.class_names, objects.names()) == (("cat", "dog"), ["cat/tom.png", "dog/rex.webp"])
    cutout = objects.read(0).cutout
    assert cutout.rgb.shape == (6, 8, 3)
    assert cutout.rgb.reshape(-1, 3).tolist() == [[200, 30, 30]] * 48
    assert objects.read(0).photo is None
    assert RgbaObjects(tmp_path, "pet").class_names == ("pet",)


def test_rgba_without_alpha_is_refused_with_a_cure(tmp_path):
    write_rgba(tmp_path / "flat.png", mode="RGB")
    with pytest.raises(DataError, match=r"flat\.png: .* the picture has no alpha channel\. Save it as PNG or WebP"):
        RgbaObjects(tmp_path, "cat").read(0)


def test_broken_and_missing_rgba(tmp_path):
    (tmp_path / "broken.png").write_bytes(write_rgba(tmp_path / "a.png").read_bytes()[:70])
    with pytest.raises(DataError, match=r"broken\.png: the picture cannot be decoded .*Export the picture again"):
        RgbaObjects(tmp_path, "cat").read(1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"`objects`: .*expected pictures in this folder, found none\. Put pictures"):
        RgbaObjects(tmp_path / "empty", "cat")


def test_transparent_picture_shows_nothing(tmp_path):
    write_rgba(tmp_path / "glass.png", colour=(9, 9, 9, 0))
    assert RgbaObjects(tmp_path, "cat").read(0) is None


def test_no_object_is_in_two_splits():
    parts = [MaskedObjects(Ellipses(60))]
    names = [set(ObjectLibrary(parts, split).names) for split in ("train", "val", "test", None)]
    assert all(names)
    assert sum(map(len, names[:3])) == len(set.union(*names[:3])) == 60
    assert names[3] == set.union(*names[:3])


def test_too_few_objects_for_the_splits():
    with pytest.raises(DataError, match=r"objects: 2 pictures cannot be shared out to the splits\. Give 3 or more"):
        ObjectLibrary([MaskedObjects(Ellipses(2))], "train")


def test_source_without_masks_says_what_to_take():
    library = ObjectLibrary([MaskedObjects(Ellipses(masked=False))], None)
    with pytest.raises(
        DataError, match=r"20 pictures in a row have no mask .* Take a source with masks, e\.g\. trimaps"
    ):
        library.draw_cutout(np.random.default_rng(0))
