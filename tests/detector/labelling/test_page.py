"""The labelling page in headless Chromium, by mouse, finger and keys; what counts is what is on disk afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.formats import open_source
from detector.labelling.label_store import LabelStore
from detector.runs import WriteError
from tests.detector.chromium import visit
from tests.detector.labelling.browser import PHONE, SIZE_WH, Page, is_shown
from tests.detector.labelling.conftest import SUGGESTED, Serve

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Any, pictures: Path) -> Iterator[Page]:
    chromium.get_log("browser")
    yield Page(chromium, pictures)
    messages = [entry["message"] for entry in chromium.get_log("browser") if entry["source"] != "network"]
    assert not messages
    visit(chromium, "about:blank")


def test_a_corner_is_dragged_by_mouse(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion (97 %)")
    assert page.look() == "suggestion" and not list(page.folder.glob("*.json"))
    x, y = page.corner(3)
    page.pointer("mouse", (x, y), (x + 10, y + 5), (x + 31, y + 16))
    page.wait("#state", "Saved")
    moved = page.corners_px("a") - SUGGESTED * SIZE_WH
    np.testing.assert_allclose(moved, [[0, 0], [0, 0], np.array([31, 16]) / page.scale(), [0, 0]], atol=1e-6)
    assert page.look() == "saved" and page.written("a")["flags"] == {"unfinished": True}
    [sample] = [open_source(f"corners:{page.folder}").sample(0)]
    np.testing.assert_allclose(sample.keypoints[0] * SIZE_WH, page.corners_px("a"), atol=1e-3)


def test_a_corner_is_dragged_by_a_finger_on_a_phone_beyond_the_picture(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder), PHONE).wait("#state", "Suggestion")
    page.driver.execute_script(
        "window.seen = []; document.querySelector('#drawing').addEventListener('pointermove', (event) =>"
        " seen.push([event.pointerType, document.querySelector('#loupe').hidden]))"
    )
    x, y = page.corner(1)
    page.pointer(
        "touch", (x + 20, y + 20), (x - 10, y + 20), (x + 20 - 82, y + 20)
    )  # beside it: the corner moves along
    page.wait("#state", "Saved")
    moved = page.corners_px("a") - SUGGESTED * SIZE_WH
    np.testing.assert_allclose(moved, [[-82 / page.scale(), 0], [0, 0], [0, 0], [0, 0]], atol=1e-6)
    assert page.corners_px("a")[0, 0] < 0
    assert page.driver.execute_script("return seen")[-1] == ["touch", False]
    assert not page.element("#loupe").is_displayed()


def test_keys_choose_and_move_a_corner(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion")
    page.keys("2", "\ue014", "\ue014")  # arrow right
    page.keys("\ue015", hold="\ue008")  # Shift and arrow down
    page.keys("\ue004")  # Tab: the third corner
    page.keys("\ue012", hold="\ue00a")  # Alt and arrow left
    page.until(lambda: (page.folder / "a.json").exists() and page.corners_px("a")[2, 0] < 240, "the last key")
    moved = page.corners_px("a") - SUGGESTED * SIZE_WH
    np.testing.assert_allclose(moved, [[0, 0], [2, 10], [-0.1, 0], [0, 0]], atol=1e-9)
    label = page.element(".handle[data-corner='3']").get_attribute("aria-label")
    assert label == "Corner 3, x 239.9, y 192.0 pixels"


def test_every_step_can_be_undone_and_done_again(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion")
    page.keys("\ue014", "\ue014", "u")
    page.until(lambda: (page.folder / "a.json").exists() and page.corners_px("a")[0, 0] == 65, "one step left")
    page.keys("z", hold="\ue009")
    page.wait("#state", "Suggestion")
    page.until(lambda: not list(page.folder.glob("*.json")), "no file")
    assert not (page.folder / "corners.csv").exists() and not page.element("#undo").is_enabled()
    page.element("#redo").click()
    page.element("#redo").click()
    page.until(lambda: (page.folder / "a.json").exists() and page.corners_px("a")[0, 0] == 66, "both steps again")
    page.keys("n").wait("#name", "b.png")
    page.keys("p").wait("#name", "a.png").keys("u")
    page.until(lambda: page.corners_px("a")[0, 0] == 65, "undone after another picture")


def test_wheel_keys_and_fingers_zoom(page: Page, serve: Serve) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    page.open(serve(page.folder)).wait("#state", "Suggestion")
    fitted, (x, y) = page.scale(), page.corner(2)
    origin = ScrollOrigin.from_viewport(x, y)
    ActionChains(page.driver).scroll_from_origin(origin, 0, -400).perform()
    page.until(lambda: page.scale() > 1.5 * fitted, "zoomed by wheel")
    assert np.abs(np.array(page.corner(2)) - (x, y)).max() <= 1  # the place under the pointer stays
    page.pointer("mouse", (x, y), (x - 20, y))
    page.wait("#state", "Saved")
    assert page.corners_px("a")[1, 0] == pytest.approx(256 - 20 / page.scale())
    before = page.corner(2)
    page.pointer("mouse", (600, 400), (630, 390))  # the ground: the picture moves
    assert np.abs(np.array(page.corner(2)) - before - (30, -10)).max() <= 1
    page.keys("0")
    assert page.scale() == fitted
    page.keys("+")
    assert page.scale() == pytest.approx(1.5 * fitted)


def test_two_fingers_zoom_and_move_no_corner(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder), PHONE).wait("#state", "Suggestion")
    fitted, (x, y) = page.scale(), page.corner(1)
    for kind, spread in (("touchStart", 0), ("touchMove", 30), ("touchMove", 60), ("touchEnd", 0)):
        fingers = [{"x": x - spread, "y": y, "id": 0}, {"x": x + 120 + spread, "y": y, "id": 1}]
        event = {"type": kind, "touchPoints": [] if kind == "touchEnd" else fingers}
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)
    page.until(lambda: page.scale() == pytest.approx(2 * fitted, rel=0.02), f"{page.scale() / fitted} times")
    assert page.look() == "suggestion" and not list(page.folder.glob("*.json"))


def test_no_document_is_a_label(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion").keys("x").wait("#state", "Saved, done: no document")
    assert page.written("a")["shapes"] == []
    for text in (f"corners:{page.folder}", f"labelme:{page.folder}"):
        sample = open_source(text).sample(0)
        assert len(sample.keypoints) == 0 and "keypoints" in sample.has
    page.element("#nothing").click()
    page.until(lambda: len(page.written("a")["shapes"]) == 1, "a document after all")


def test_accepting_goes_on_until_all_are_done(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion (97 %)").keys("\ue007")
    page.wait("#name", "b.png").wait("#state", "Suggestion (97 %)").wait("#progress-text", "1/3 done")
    page.element("#accept").click()
    page.wait("#name", "c.png").wait("#state", "Suggestion: no document (3 %)").keys("\ue007")
    page.wait("#notice", "All pictures are done").wait("#state", "Saved, done: no document")
    np.testing.assert_allclose(page.corners_px("b"), SUGGESTED * SIZE_WH)
    assert page.written("a")["flags"] == {} and page.written("c")["shapes"] == []
    assert len(open_source(f"corners:{page.folder}")) == 3


def test_a_reload_keeps_labels_and_place(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion").keys("\ue007").wait("#name", "b.png")
    page.wait("#state", "Suggestion").keys("\ue014").wait("#state", "Saved")
    page.driver.refresh()
    page.wait("#name", "b.png").wait("#state", "Saved").wait("#progress-text", "1/3 done")
    assert page.look() == "saved"
    page.keys("p").wait("#name", "a.png")
    assert page.look() == "done"


def test_only_unfinished_pictures(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion").keys("n").wait("#name", "b.png")
    page.wait("#state", "Suggestion").keys("x", "n").wait("#name", "c.png")
    page.keys("f", "p").wait("#name", "a.png")


def test_all_fits_a_phone(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder, order="object"), PHONE).wait("#state", "Suggestion")
    for width, height in ((390, 780), (320, 560), (780, 390)):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        size = page.driver.execute_script("return [document.body.scrollWidth, document.body.scrollHeight]")
        assert size == [width, height]
        for button in filter(is_shown, page.driver.find_elements("css selector", ".tools button")):
            box = button.rect
            assert box["height"] >= 44 and box["width"] >= 40, button.text
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, button.text
        assert page.element("#drawing").rect["height"] > 0.4 * height


def test_a_failing_save_is_told_and_repeated(page: Page, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise WriteError(page.folder / "a.json", OSError(28, "No space left on device"))

    page.open(serve(page.folder)).wait("#state", "Suggestion")
    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "write", fail)
        page.keys("\ue014").wait("#banner", "Not saved, trying again", "a.json").wait("#state", "Not saved")
        page.keys("n").wait("#name", "b.png")  # the work goes on, and nothing is lost
    page.element("#retry").click()
    page.until(lambda: not page.element("#banner").is_displayed(), "the banner stays until it is saved")
    assert page.corners_px("a")[0, 0] == 65


def test_a_label_that_another_program_changed_is_not_written_over(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion").keys("\ue014").wait("#state", "Saved")
    other = page.written("a") | {"shapes": [], "flags": {}}
    (page.folder / "a.json").write_text(json.dumps(other))
    page.keys("\ue014").wait("#banner", "a.json: the file has changed on disk")
    assert page.written("a") == other


def test_pictures_that_cannot_be_read_are_passed_over_by_name(page: Page, serve: Serve) -> None:
    for name in "ab":
        (page.folder / f"{name}.png").write_bytes(b"no picture")
    page.open(serve(page.folder)).wait("#name", "c.png").wait("#progress-text", "0/3 done, 2 unreadable")
    page.wait("#notice", "Passed over", "a.png: the", "b.png: the file is not a picture")


def test_a_picture_asked_for_by_name_says_why_it_cannot_be_read(page: Page, serve: Serve) -> None:
    server = serve(page.folder)
    (page.folder / "b.png").write_bytes(b"no picture")
    visit(page.driver, f"{server.url}#b.png")
    page.wait("#name", "b.png").wait("#notice", "b.png: the file is not a picture").keys("n").wait("#name", "c.png")


def test_in_object_order_the_first_corner_is_chosen(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder, order="object")).wait("#state", "Suggestion").keys("r").wait("#state", "Saved")
    np.testing.assert_allclose(page.corners_px("a"), np.roll(SUGGESTED, -1, axis=0) * SIZE_WH)
    assert "top left" in page.element(".handle[data-corner='1']").get_attribute("aria-label")


def test_sides_that_cross_are_put_right_or_not_saved(page: Page, serve: Serve) -> None:
    for order, state in (("image", "Saved"), ("object", "Not saved: the sides cross")):
        page.open(serve(page.folder, order=order)).wait("#state", "S")
        (x, y), (other_x, other_y) = page.corner(1), page.corner(2)
        page.pointer("mouse", (x, y), (x + 30, y), (other_x + 60, other_y - 10))
        page.wait("#state", state)
    assert page.look() == "wrong"
    page.keys("n").wait("#notice", "Not saved: the sides cross. Move a corner, or undo.")
    page.keys("u").wait("#state", "Saved")
    open_source(f"corners:{page.folder}")  # what is on disk can be learned from


def test_help_shows_the_keys(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder)).wait("#state", "Suggestion").keys("?").wait("#help-dialog", "Put the four corners")
    page.keys("x", "\ue00c")  # Escape
    page.until(lambda: not page.element("#help-dialog").is_displayed(), "help is closed")
    assert page.look() == "suggestion"


def test_without_a_model_corners_begin_somewhere(page: Page, serve: Serve) -> None:
    page.open(serve(page.folder, None)).wait("#state", "Drag the corners into place").keys("\ue007")
    page.wait("#notice", "Drag the corners into place first")
    assert not list(page.folder.glob("*.json"))
    page.keys("\ue014").wait("#state", "Saved")
