"""What surrounds a page: surfaces, tables, photos, clutter and light, each alone."""

import numpy as np
import pytest

from data_generators.synthetic import clutter
from data_generators.synthetic.backgrounds import Ground, crop_photo, draw_background, lay_table
from data_generators.synthetic.lighting import LightingSettings, add_glare, fold_map, light_map, light_scene
from data_generators.synthetic.placement import Placement, PlacementSettings, place_page, tilted_camera
from data_generators.synthetic.shadows import SHADOWS, outside_shadow
from data_generators.synthetic.solids import Stage, in_view
from data_generators.synthetic.surfaces import PALETTES, SURFACES, draw_colour, draw_surface

SIZE_HW = (60, 80)
DARK = LightingSettings(
    unevenness=0, shadows=0, colour_cast=0, exposure=0, folds=0, outside_shadow_share=0, glare_share=0, flash_share=0
)
LAMP = np.array([0.5, 0.0, 0.866])


@pytest.fixture
def placement():
    return place_page(np.random.default_rng(5), 0.7, PlacementSettings(area=(0.2, 0.2), cut_off_share=0))


@pytest.fixture
def stage(placement):
    return Stage(placement, LAMP, 1.0)


@pytest.fixture
def ground():
    return np.full((*SIZE_HW, 3), 150, np.uint8)


@pytest.mark.parametrize("name", SURFACES)
def test_surface_is_a_picture_that_follows_its_seed(name):
    first, again, other = (draw_surface(np.random.default_rng(seed), 48, (name,)) for seed in (1, 1, 2))
    assert first.shape == (48, 48, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("palette", PALETTES)
def test_colours_stay_in_their_palette(palette):
    colours = np.stack([draw_colour(np.random.default_rng(seed), palette) for seed in range(100)])
    value = colours.max(axis=1) / 255
    assert value.min() >= PALETTES[palette][2][0] - 1e-9 and value.max() <= PALETTES[palette][2][1] + 1e-9


def test_surface_takes_the_colour_it_is_given():
    surface = draw_surface(np.random.default_rng(0), 48, ("plain",), np.array([200.0, 60.0, 20.0]))
    assert np.abs(surface.reshape(-1, 3).mean(axis=0) - (200, 60, 20)).max() < 40


def test_background_is_of_the_frames_size(placement):
    for seed in range(12):
        assert draw_background(np.random.default_rng(seed), placement, SIZE_HW, Ground()).shape == (*SIZE_HW, 3)


def test_background_shows_the_photo(placement):
    photo = np.zeros((50, 70, 3), np.uint8)
    photo[..., 1] = 255

    def green(**wanted):
        shown = [
            draw_background(np.random.default_rng(seed), placement, SIZE_HW, Ground(photo=photo, **wanted))
            for seed in range(40)
        ]
        return np.mean([(image[..., 1].astype(int) > image[..., 0] + 60).all() for image in shown])

    assert green() > 0.3 and green(alone=True) > 0.6 and green(held=True) > 0.6


@pytest.mark.parametrize("shape", [(1, 1), (30, 500), (500, 30)])
def test_photos_of_any_shape_are_cropped(shape):
    assert crop_photo(np.random.default_rng(0), np.zeros((*shape, 3), np.uint8), SIZE_HW).shape == (*SIZE_HW, 3)


def test_table_lies_under_the_page_and_ends_somewhere(placement):
    floor, top = np.zeros((*SIZE_HW, 3), np.uint8), np.full((*SIZE_HW, 3), 200, np.uint8)
    x, y = (placement.quad.mean(axis=0) * SIZE_HW[::-1]).astype(int)
    tables = [lay_table(np.random.default_rng(seed), floor, top, placement, 1.0) for seed in range(20)]
    assert all(table[y, x].tolist() == [200] * 3 for table in tables)
    assert sum((table < 100).any() for table in tables) > 5


def test_points_behind_the_camera_are_not_in_view():
    placement = Placement(tilted_camera(0, 60, 0, 1.2), 1.0, 0.0)
    assert in_view(placement, np.zeros((1, 2))) and not in_view(placement, np.array([[0.0, 50.0], [0.0, -50.0]]))


def test_objects_lie_in_view_and_none_change_nothing(ground, stage):
    assert np.array_equal(clutter.lay_objects(np.random.default_rng(0), ground, stage, 0), ground)
    changed = [clutter.lay_objects(np.random.default_rng(s), ground, stage, 3) for s in range(10)]
    assert sum(not np.array_equal(image, ground) for image in changed) >= 8


def test_objects_beyond_the_horizon_are_left_out(ground):
    behind = Placement(tilted_camera(0, 70, 0, 0.3), 1.0, 0.0)
    assert np.array_equal(clutter.lay_objects(np.random.default_rng(0), ground, Stage(behind, LAMP, 1.0), 1), ground)


@pytest.mark.parametrize("name", clutter.OBJECTS)
def test_every_object_is_seen_and_follows_its_seed(ground, name, stage):
    first, again = (clutter.lay_objects(np.random.default_rng(3), ground, stage, 4, (name,)) for _ in range(2))
    assert first.dtype == np.uint8 and np.array_equal(first, again) and (first != ground).any()


def test_sheet_beneath_is_covered_in_part(ground, stage):
    laid = clutter.lay_sheet_beneath(np.random.default_rng(3), ground, stage)
    assert (laid != ground).any()


@pytest.mark.parametrize("lay", [clutter.lay_stack, clutter.lay_loose_sheets])
def test_stack_reaches_beyond_the_page(ground, lay, stage):
    laid = [lay(np.random.default_rng(seed), ground, stage, np.full(3, 250.0)) for seed in range(5)]
    assert all((image != ground).any() for image in laid)


def test_leaf_lies_beside_the_page(placement, ground):
    laid = clutter.lay_leaf(np.random.default_rng(3), ground, Stage(placement, LAMP, 0.0))
    x, y = (placement.quad.mean(axis=0) * SIZE_HW[::-1]).astype(int)
    assert (laid != ground).any() and laid[y, x].tolist() == [150] * 3


def test_no_light_effects_leave_the_scene_as_it_is(ground):
    for seed in range(10):
        assert np.array_equal(light_scene(np.random.default_rng(seed), ground, DARK), ground)
        np.testing.assert_allclose(fold_map(np.random.default_rng(seed), 0.0), 1)


@pytest.mark.parametrize("strength", ["unevenness", "colour_cast", "exposure"])
def test_each_strength_changes_the_light(strength):
    maps = [light_map(np.random.default_rng(seed), DARK.model_copy(update={strength: 1.0})) for seed in range(5)]
    assert any(np.abs(gain - 1).max() > 0.03 for gain in maps)


def test_light_stays_within_reason():
    gains = np.stack([light_map(np.random.default_rng(seed), LightingSettings()) for seed in range(200)])
    assert gains.min() > 0.02 and 0.7 < np.median(gains) < 1.1


@pytest.mark.parametrize("kind", SHADOWS)
def test_outside_shadow_darkens_a_part(kind):
    maps = np.stack([outside_shadow(np.random.default_rng(seed), SIZE_HW, 1.0, (kind,)) for seed in range(30)])
    assert maps.max() <= 1 and maps.min() < 0.6 and 0.05 < (maps < 0.95).mean() < 0.95


def test_glare_brightens_a_part(ground):
    brighter = np.stack([add_glare(np.random.default_rng(seed), ground) for seed in range(20)])
    assert (brighter >= ground).all() and brighter.max() > 200 and 0.02 < (brighter > 155).mean() < 0.9
