"""The web bundle in headless Chromium, from a picture file and from the camera, against `api.predict`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import read_image, write_image
from detector import api
from detector.export.web.bundle import write_web
from detector.locate import find_model
from tests.detector.chromium import visit
from tests.detector.export.web.conftest import Serve
from tests.detector.tiny import Files, noise

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("fetched")]
FilesOf = Callable[[str], Files]


class Page:
    """The page of a bundle as a person has it before them."""

    def __init__(self, driver: Any, url: str) -> None:
        self.driver = driver
        visit(driver, url)
        self.wait("ready")

    def element(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def wait(self, state: str) -> None:
        end = time.monotonic() + 60
        while (now := self.driver.execute_script("return document.documentElement.dataset.state")) != state:
            assert time.monotonic() < end, f"{now}, not {state}: {self.element('#notice').text}"
            time.sleep(0.02)

    def ask(self, picture: Path) -> dict[str, Any]:
        """The answer to a picture file, as JSON."""
        self.element("#file").send_keys(str(picture))
        self.wait("answered")
        if self.element("#json").get_attribute("aria-pressed") == "false":
            self.element("#json").click()
        return dict(json.loads(self.element("#details").text))

    def picture(self, path: Path) -> np.ndarray:
        """What a person sees of picture and overlay, uint8 (H, W, 3); the whole window is saved as a PNG."""
        self.driver.set_window_size(800, 1000)
        box = self.driver.execute_script(
            "view.scrollIntoView(); const {left, top, right, bottom} = view.getBoundingClientRect();"
            "return [left, top, right, bottom, innerWidth, innerHeight].map((side) => side * devicePixelRatio)"
        )
        assert self.driver.save_screenshot(str(path))
        left, top, right, bottom, width, height = map(round, box)
        screen = read_image(path)
        assert screen.shape == (height, width, 3)
        assert 0 <= left < right - 200 and 0 <= top < bottom - 200 and right <= width and bottom <= height
        return screen[top:bottom, left:right]


OpenPage = Callable[[Path], Page]


@pytest.fixture
def open_page(browser: Any, serve: Serve, tmp_path: Path) -> OpenPage:
    """The page of a model."""

    def start(model: Path) -> Page:
        folder = tmp_path / "web"
        folder.mkdir()
        write_web(model, folder, None)
        return Page(browser, serve(folder))

    return start


def expected_of(model: Path | str, picture: Path) -> dict[str, Any]:
    [answer] = api.predict(model, [str(picture)])
    return {key: value for key, value in answer.to_json().items() if isinstance(value, dict)}


def assert_same(answer: Any, expected: Any, atol: float) -> None:
    """Plain data whose numbers are nearly the same."""
    if isinstance(expected, dict):
        assert answer.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(answer[key], value, atol)
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(answer) == len(expected)
        for one, other in zip(answer, expected, strict=True):
            assert_same(one, other, atol)
    elif isinstance(expected, str | bool):
        assert answer == expected
    else:
        np.testing.assert_allclose(answer, expected, rtol=0, atol=atol)


def scene(folder: Path) -> Path:
    """A drawn document, 300 x 400 px."""
    sample = open_source("documents:", count=1, negative_share=0.0, size_hw=(300, 400)).sample(0)
    write_image(folder / "scene.png", sample.image)
    return folder / "scene.png"


def test_a_shipped_int8_model_answers_as_predict_does(open_page: OpenPage, tmp_path: Path) -> None:
    page, picture = open_page(find_model("documents-small")), scene(tmp_path)
    answer = page.ask(picture)
    assert answer["corners"]["present"] is True
    assert_same(answer, expected_of("documents-small", picture), 2e-3)
    assert "corners: found" in page.element("#found").text
    assert "ms a frame" in page.element("#speed").text
    red, green, blue = np.moveaxis(page.picture(tmp_path / "int8.png"), -1, 0)
    assert np.sum((red > 240) & (green < 80) & (blue > 150)) > 200  # pixels in the colour of the corners


@pytest.mark.parametrize("head", ["two heads", "grid anchors", "mask classes", "box map"])
def test_a_float_file_answers_as_predict_does(
    files_of: FilesOf, open_page: OpenPage, tmp_path: Path, head: str
) -> None:
    model = files_of(head).float
    write_image(tmp_path / "noise.png", noise(1, (70, 90))[0])
    page = open_page(model)
    assert_same(page.ask(tmp_path / "noise.png"), expected_of(model, tmp_path / "noise.png"), 1e-4)
    assert page.picture(tmp_path / "float.png").std(axis=(0, 1)).min() > 10, "of more than one colour"


def test_the_camera_is_asked_frame_by_frame_and_can_be_stopped(files_of: FilesOf, open_page: OpenPage) -> None:
    page = open_page(files_of("presence").int8)
    page.element("#camera").click()
    page.wait("camera")
    end = time.monotonic() + 60
    while "presence" not in page.element("#found").text:
        assert time.monotonic() < end, page.element("#notice").text
        time.sleep(0.02)
    page.element("#camera").click()
    page.wait("ready")
    assert page.element("#camera").get_attribute("aria-pressed") == "false"


def test_what_is_no_picture_is_refused_in_words(files_of: FilesOf, open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    page = open_page(files_of("presence").int8)
    page.element("#file").send_keys(str(tmp_path / "note.png"))
    end = time.monotonic() + 60
    while "note.png is not a picture that this browser reads" not in page.element("#notice").text:
        assert time.monotonic() < end
        time.sleep(0.02)
