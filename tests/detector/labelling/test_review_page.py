"""Accepting and rejecting in headless Chromium, by keys and mouse; what counts is what is on disk afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detector.labelling.server import LabelServer
from detector.pseudo_labels.queue import LabelQueue
from tests.detector.chromium import visit
from tests.detector.labelling.browser import PHONE, Page, is_shown
from tests.detector.labelling.conftest import Review

pytestmark = pytest.mark.browser
RIGHT, LEFT, ENTER = "\ue014", "\ue012", "\ue007"


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Page]:
    chromium.get_log("browser")
    yield Page(chromium, tmp_path)
    messages = [entry["message"] for entry in chromium.get_log("browser") if entry["source"] != "network"]
    assert not messages
    visit(chromium, "about:blank")


def states(server: LabelServer) -> list[str]:
    """On disk, worst first."""
    return [label.state for label in LabelQueue.read(server.session.queue.root).worst_first()]  # type: ignore[attr-defined]


def start(page: Page, server: LabelServer) -> Page:
    """The page with the worst picture."""
    return page.open(server).wait("#name", "clip/a.png")


def test_keys_accept_reject_and_undo(page: Page, review: Review) -> None:
    server = review("boxes")
    start(page, server).wait("#state", "disagreement 0.90 · 2 things")
    page.keys("a").wait("#name", "b.png").keys("r").wait("#name", "c.png")
    page.wait("#progress-text", "1 accepted, 1 rejected of 3")
    page.until(lambda: states(server) == ["accepted", "rejected", "open"], "both marks")
    page.keys("u").wait("#name", "b.png").wait("#state", "disagreement")
    page.until(lambda: states(server) == ["accepted", "open", "open"], "one mark undone")
    page.keys("u").wait("#name", "clip/a.png")
    page.until(lambda: states(server) == ["open"] * 3 and not page.element("#undo").is_enabled(), "both undone")
    page.element("#redo").click()
    page.wait("#state", "Accepted")
    page.until(lambda: states(server) == ["accepted", "open", "open"], "done again")


def test_arrows_go_through_and_marks_can_be_changed(page: Page, review: Review) -> None:
    server = review("boxes")
    start(page, server).keys(RIGHT).wait("#name", "b.png").keys(RIGHT).wait("#name", "c.png")
    page.keys(RIGHT).wait("#notice", "No more pictures this way; 3 unfinished in all.")
    page.keys(LEFT).wait("#name", "b.png").keys(ENTER).wait("#name", "c.png")
    page.keys(LEFT).wait("#name", "b.png").wait("#state", "Accepted")
    assert page.look() == "done"
    page.keys("r").wait("#name", "c.png")
    page.until(lambda: states(server) == ["open", "rejected", "open"], "the mark is another")


def test_what_nobody_has_seen_is_not_marked(page: Page, review: Review) -> None:
    server = review("boxes")
    start(page, server)
    page.driver.execute_script(
        "const press = (key) => dispatchEvent(new KeyboardEvent('keydown', {key})); press('a'); press('r'); press('a')"
    )
    page.wait("#name", "b.png")
    page.until(lambda: states(server) == ["accepted", "open", "open"], "one mark")
    page.driver.execute_script("for (const key of ['p', 'n', 'n']) dispatchEvent(new KeyboardEvent('keydown', {key}))")
    page.wait("#name", "c.png")  # steps do add up


def test_buttons_finish_and_a_reload_keeps_all(page: Page, review: Review) -> None:
    server = review("mask")
    start(page, server).element("#reject").click()
    page.wait("#name", "b.png").element("#accept").click()
    page.wait("#name", "c.png").element("#accept").click()
    page.wait("#notice", "All pictures are done.")
    page.until(lambda: states(server) == ["rejected", "accepted", "accepted"], "all marks")
    visit(page.driver, "about:blank")
    visit(page.driver, server.url)
    page.wait("#name", "clip/a.png").wait("#state", "Rejected").wait("#progress-text", "2 accepted, 1 rejected of 3")


def test_only_pictures_without_a_mark(page: Page, review: Review) -> None:
    start(page, review("boxes")).keys(RIGHT).wait("#name", "b.png").keys("a").wait("#name", "c.png")
    page.keys("f", LEFT).wait("#name", "clip/a.png")


def test_masks_are_tints_and_boxes_are_outlines_that_hide(page: Page, review: Review) -> None:
    start(page, review("mask"))
    tint = page.element(".overlay .tint")
    assert is_shown(tint) and not page.driver.find_elements("css selector", ".overlay polygon")
    assert tint.rect == page.element("#drawing > image").rect
    page.keys("h")
    assert not is_shown(tint)
    start(page, review("boxes"))
    assert len(page.driver.find_elements("css selector", ".overlay .line")) == 2
    assert page.element("#legend").text.split() == ["cat", "dog"]
    assert not is_shown(page.element(".overlay .tint")) and not is_shown(page.element(".handle"))
    before = page.element(".overlay .line").rect["width"]
    page.keys("+")
    assert page.element(".overlay .line").rect["width"] == pytest.approx(1.5 * before, rel=0.02)


def test_a_picture_with_nothing_says_so(page: Page, review: Review) -> None:
    start(page, review("boxes")).keys(RIGHT, RIGHT).wait("#name", "c.png")
    content = "return getComputedStyle(document.querySelector('.stage'), '::after').content"
    assert page.driver.execute_script(content) == '"Nothing found"'
    page.keys(LEFT).wait("#name", "b.png")
    assert page.driver.execute_script(content) == "none"


def test_keys_of_corners_do_nothing_here(page: Page, review: Review) -> None:
    server = review("corners")
    start(page, server).keys("x", "1", "?").wait("#help-dialog", "Accept or reject what the model says")
    assert "Put the four corners" not in page.element("#help-dialog").text and states(server) == ["open"] * 3


def test_all_fits_a_phone(page: Page, review: Review) -> None:
    page.open(review("mask"), PHONE)
    for width, height in ((390, 780), (320, 560), (780, 390)):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        size = page.driver.execute_script("return [document.body.scrollWidth, document.body.scrollHeight]")
        assert size == [width, height]
        for button in filter(is_shown, page.driver.find_elements("css selector", ".tools button")):
            box = button.rect
            assert box["height"] >= 44 and box["width"] >= 40, button.text
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, button.text


def test_a_picture_that_cannot_be_read_is_passed_over(page: Page, review: Review) -> None:
    server = review("boxes")
    (server.session.queue.images / "clip" / "a.png").write_bytes(b"no picture")  # type: ignore[attr-defined]
    page.open(server).wait("#name", "b.png").wait("#notice", "Passed over", "a.png: the file is not a picture")
    page.wait("#progress-text", "0 accepted, 0 rejected of 3, 1 unreadable")
