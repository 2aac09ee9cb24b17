"""The page in headless Chromium: it draws, sorts, switches, explains a point, and reports no error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detector.report.limits import all_limits
from detector.report.writing import write_report
from tests.detector.chromium import start_chromium, visit
from tests.detector.report.folders import (
    GATE,
    good_row,
    make_config,
    make_result,
    write_ladder,
    write_run,
    write_study,
)

pytestmark = pytest.mark.browser
RIGHT, ENTER, ESCAPE = "\ue014", "\ue007", "\ue00c"
WIDE, PHONE = (1200, 900, False), (390, 800, True)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a refused, a failed and two repeated trials, beside a ladder."""
    root = tmp_path_factory.mktemp("pages")
    study = root / "<b>study"
    rows = [
        good_row(study, 0, 8, 0.6),
        good_row(study, 1, 8, 0.7, seed=2),
        good_row(study, 2, 100, 0.9),
        good_row(study, 3, 12, 0.5, gate=GATE),
        {"state": "failed", "reason": "<i>the values</i> do not go together"},
    ]
    return write_report([write_study(study, rows), write_ladder(root / "ladder")], root / "page.html")


class Page:
    """The page as a person has it before them.

    Args:
        driver: the browser.
        file: the page.
    """

    def __init__(self, driver: Any, file: Path) -> None:
        self.driver, self.file = driver, file

    def open(self, device: tuple[int, int, bool] = WIDE, scheme: str = "light") -> Page:
        width, height, mobile = device
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        visit(self.driver, self.file.as_uri())
        return self

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", selector))

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def column(self, number: int) -> list[str]:
        return [cell.text for cell in self.all(f"#table tbody td:nth-child({number})")]

    def keys(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def ground(self) -> str:
        return str(self.driver.execute_script("return getComputedStyle(document.body).backgroundColor"))

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 60  # on a machine with other work
        while not holds():
            assert time.monotonic() < end, what
            time.sleep(0.02)


@pytest.fixture
def page(chromium: Any, page_file: Path) -> Iterator[Page]:
    chromium.get_log("browser")
    yield Page(chromium, page_file)
    assert [entry["message"] for entry in chromium.get_log("browser")] == []
    chromium.execute_script("localStorage.clear()")


def test_everything_is_drawn_as_text_and_marks(page: Page) -> None:
    page.open()
    assert page.one("h1").text == "<b>study, ladder"
    assert len(page.all("#fronts .plot")) == 4
    first, *_ = page.all("#fronts .plot")
    marks = first.find_elements("css selector", ".mark")
    assert len(marks) == 5, "two trials of one config are one mark; what failed or was learnt by heart has none"
    assert len(first.find_elements("css selector", ".spread")) == 1
    assert len(first.find_elements("css selector", ".mark.rejected")) == 1
    assert len(first.find_elements("css selector", ".front")) == 2
    assert [title.text for title in first.find_elements("css selector", ".axis")] == [
        "int8 file / kB (log)",
        "quad_iou_mean / 0 to 1",
    ]
    assert "openmv-h7" in first.text and "goal 0.8" in first.text
    assert "Too few trials" in page.one("#importances").text
    assert len(page.all("#samples img")) == 7
    assert "<i>the values</i> do not go together" in page.one("#failures").text


def test_the_table_sorts_both_ways_and_keeps_what_is_missing_last(page: Page) -> None:
    page.open()
    score = page.column(3)
    assert score[:2] == ["0.9", "0.85"] and score[-2:] == ["–", "–"]
    page.one("#table [data-column=int8_bytes]").click()
    sizes = page.column(4)
    assert sizes == ["4", "8", "8", "8", "12", "12", "100", "–"]
    page.one("#table [data-column=int8_bytes]").click()
    assert page.column(4) == [*sizes[-2::-1], "–"]
    assert page.one("#table [aria-sort=descending]").text.startswith("int8 file")
    assert page.driver.switch_to.active_element.get_attribute("data-column") == "int8_bytes"


def test_the_switch_goes_through_all_themes_and_is_kept(page: Page) -> None:
    light, dark = page.open().ground(), page.open(scheme="dark").ground()
    assert light != dark
    for expected in (light, dark, dark):  # light, dark, as the system has it
        page.one("#theme").click()
        assert page.ground() == expected
    page.one("#theme").click()
    page.until(lambda: page.open(scheme="dark").ground() == light, "light is kept")


def test_keys_reach_the_points_and_what_is_known_of_them(page: Page) -> None:
    page.open()
    page.driver.execute_script("document.querySelector('#fronts .plot svg').focus()")
    page.keys(RIGHT)
    assert "mean of 2 seeds (0.6 to 0.7)" in page.one("#tip").text
    assert len(page.all("#table tr.hot")) == 2
    page.keys(ENTER)
    page.until(lambda: page.one("#details").is_displayed(), "the details")
    assert len(page.all("#details article")) == 2 and "detector train" in page.one("#details pre").text
    assert not page.one("#tip").is_displayed()
    page.keys(ESCAPE)
    page.until(lambda: not page.one("#details").is_displayed(), "the details gone")


def test_the_pointer_finds_the_nearest_line(page: Page) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    page.open()
    ActionChains(page.driver, duration=0).move_to_element(page.one("#curves .curve path")).perform()
    page.until(lambda: "epoch" in page.one("#tip").text, "the tip")
    assert page.all("#curves .curve.hot")


def test_scores_and_limits_can_be_chosen(page: Page) -> None:
    page.open()
    names = {limit["target"] for limit in all_limits() if limit["cost"] == "int8_bytes"}
    for choice, expected in (("none", set()), ("all", names), ("portenta-h7", {"portenta-h7"})):
        page.one(f"#fronts option[value={choice}]").click()
        labels = [label.text.splitlines()[0] for label in page.all("#fronts .plot:first-child .limit-name")]
        assert {name for label in labels for name in label.split(", ")} == expected


def test_copy_tells_that_it_did(page: Page) -> None:
    page.open()
    button = page.one("#table button.copy")
    button.click()
    page.until(lambda: button.text == "copied", "copied")


def test_a_phone_shows_it_without_scrolling_sideways(page: Page) -> None:
    page.open(PHONE)
    assert page.driver.execute_script("return document.documentElement.scrollWidth") == PHONE[0]
    assert all(plot.size["width"] <= PHONE[0] for plot in page.all(".plot"))


@pytest.mark.parametrize("case", ["empty study", "bare run", "one run"])
def test_what_is_missing_is_said(case: str, chromium: Any, tmp_path: Path) -> None:
    folder = {
        "empty study": lambda: write_study(tmp_path / "study", []),
        "bare run": lambda: write_run(tmp_path / "run", epochs=0, picture=False),
        "one run": lambda: write_run(tmp_path / "run", make_config(), make_result(8, 0.7), epochs=1),
    }[case]()
    chromium.get_log("browser")
    page = Page(chromium, write_report([folder], tmp_path / "page.html")).open()
    assert [entry["message"] for entry in chromium.get_log("browser")] == []
    has_scores = case == "one run"
    assert bool(page.all("#fronts .mark")) == bool(page.all("#curves .curve")) == has_scores
    assert ("nothing to plot" in page.one("#fronts").text) == (not has_scores)
    assert ("There are no pictures" in page.one("#samples").text) == (not has_scores)
