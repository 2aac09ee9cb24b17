"""What is drawn lies where the label is, and nothing else is touched."""

import numpy as np
import pytest

from data_generators.drawing import (
    CORNER_COLOURS,
    class_colour,
    draw_polyline,
    draw_quad,
    draw_text,
    shorten_text,
    text_width,
    tint_mask,
)

BLANK = np.zeros((120, 200, 3), np.uint8)
QUAD = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])


def quad_on(blank: np.ndarray, quad: np.ndarray, colour: tuple[int, int, int] = (255, 0, 255)) -> np.ndarray:
    image = blank.copy()
    draw_quad(image, quad, colour)
    return image


def test_quad_has_its_edges_and_its_numbered_corners() -> None:
    drawn = quad_on(BLANK, QUAD, (0, 255, 0))
    assert drawn[29:31, 100, 1].max() > 150 and not drawn[..., 1][60, 100] and not drawn[29:31, 100, [0, 2]].any()
    for (x, y), colour in zip(QUAD, CORNER_COLOURS, strict=True):
        np.testing.assert_array_equal(drawn[round(y * 120 - 0.5), round(x * 200 - 0.5)], colour)
    assert drawn[:27, :48].any(), "the number stands outside the first corner"
    assert not BLANK.any()


def test_unknown_and_far_corners_are_survived() -> None:
    quad = QUAD.copy()
    quad[1] = np.nan
    drawn = quad_on(BLANK, quad, (0, 255, 0))
    assert not drawn[29:31, 90:110].any() and drawn[89:91, 100].any()
    assert not quad_on(BLANK, np.full((4, 2), np.nan)).any()
    assert quad_on(BLANK, QUAD * 1e7 - 1e6).shape == BLANK.shape


def test_lines_keep_to_the_pixel() -> None:
    image = BLANK.copy()
    draw_polyline(image, np.array([[0.1, 60.5 / 120], [0.9, 60.5 / 120]]), (255, 255, 255), 1)
    assert image[60, 100].min() > 245 and image[[58, 62], 100].max() == 0


def test_mask_tints_classes_and_greys_ignore() -> None:
    mask = np.zeros((120, 200), np.uint8)
    mask[10:40, 10:40], mask[60:90, 60:90] = 1, 255
    tinted = tint_mask(BLANK, mask)
    np.testing.assert_allclose(tinted[25, 25], np.array(class_colour(0)) * 0.45, atol=1)
    assert len(set(tinted[75, 75].tolist())) == 1 and tinted[75, 75, 0] > 0
    assert not tinted[100, 150].any()


@pytest.mark.parametrize("corner", [(-5, -5), (190, 110), (500, 500), (-500, 0)])
def test_text_is_cut_off_at_the_edge(corner: tuple[int, int]) -> None:
    image = BLANK.copy()
    draw_text(image, "Zulassungsbescheinigung für Ähren", corner, 14, (255, 255, 255))
    assert image.any() == (abs(corner[0]) < 400)


def test_long_text_loses_its_middle() -> None:
    text = "a_very_long_file_name_that_nobody_reads.jpg"
    short = shorten_text(text, 12, 120)
    assert text_width(short, 12) <= 120 and "…" in short and short.endswith(".jpg") and short.startswith("a_very")
    assert shorten_text("short", 12, 120) == "short"
