"""Drawn pages: every layout, the same bytes for the same seed, fonts from the installation."""

import matplotlib
import numpy as np
import pytest

from data_generators.synthetic.fonts import FAMILIES, load_font, tight_box
from data_generators.synthetic.pages import LAYOUTS, choose_layout, draw_page
from data_generators.synthetic.words import make_words


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_draws_a_page_of_its_proportions(layout):
    page = draw_page(np.random.default_rng(3), layout, long_px=300)
    aspect = page.shape[1] / page.shape[0]
    assert page.dtype == np.uint8 and page.shape[2] == 3 and max(page.shape) == 300
    assert min(abs(np.log(aspect / wanted)) for wanted in LAYOUTS[layout].aspects) < 0.06


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"blank", "ruled"}))
def test_layout_puts_ink_on_the_paper(layout):
    page = draw_page(np.random.default_rng(4), layout, long_px=300).astype(int)
    paper = np.median(page.reshape(-1, 3), axis=0)
    inked = np.abs(page - paper).sum(axis=-1) > 60
    assert inked.mean() > 0.005


def test_every_page_of_many_can_be_drawn():
    shapes = {draw_page(np.random.default_rng(seed), long_px=120).shape for seed in range(200)}
    assert len(shapes) > 40


def test_same_seed_same_bytes_other_seed_other_page():
    first, again, other = (draw_page(np.random.default_rng(seed), "letter", 200) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_layouts_are_drawn_by_weight():
    rng = np.random.default_rng(0)
    names = [choose_layout(rng, ("notes", "photo")) for _ in range(400)]
    share = LAYOUTS["notes"].weight / (LAYOUTS["notes"].weight + LAYOUTS["photo"].weight)
    assert names.count("notes") / 400 == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("family", FAMILIES)
def test_fonts_lie_in_the_installed_package(family):
    font = load_font(family, 12, bold=True)
    assert str(font.path).startswith(matplotlib.get_data_path())
    assert font.getlength("Wg") > 5


def test_tight_box_is_within_the_advance():
    font = load_font("sans", 20)
    left, top, right, bottom = tight_box(font, "1 a")
    assert 0 < left < right < font.getlength("1 a")
    assert 0 < top < bottom < 24
    assert tight_box(font, " ")[:2] == tight_box(font, " ")[2:]


def test_unknown_family_names_the_known_ones():
    with pytest.raises(
        ValueError, match=r"`family` must be one of \['mono', 'sans', 'serif', 'times'\]. Received 'arial'"
    ):
        load_font("arial", 12)


def test_words_count():
    assert len(make_words(np.random.default_rng(0), 7)) == 7
    assert make_words(np.random.default_rng(0), 0) == []
