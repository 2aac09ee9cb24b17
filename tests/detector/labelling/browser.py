"""The labelling page as a person has it before them, driven by selenium."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from detector.labelling.server import LabelServer
from tests.detector.chromium import visit
from tests.detector.labelling.conftest import SIZE_HW

SIZE_WH = np.array([SIZE_HW[1], SIZE_HW[0]])
DESK, PHONE = (1200, 760, False), (390, 780, True)


def is_shown(element: Any) -> bool:
    """Whether a person sees an element of the page."""
    return bool(element.is_displayed())


class Page:
    """The page as a person has it before them.

    Args:
        driver: the browser.
        folder: where the pictures lie.
    """

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self.folder = driver, folder

    def open(self, server: LabelServer, device: tuple[int, int, bool] = DESK) -> Page:
        width, height, mobile = device
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if mobile else 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": mobile})
        visit(self.driver, server.url)
        return self.wait("#name", ".")

    def element(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def wait(self, selector: str, *texts: str) -> Page:
        """Waits until the element shows all the texts; `.` stands for any."""
        self.until(lambda: all(text in self.element(selector).text + "." for text in texts), f"{selector}: {texts}")
        return self

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, f"{what}; state {self.element('#state').text!r}"
            time.sleep(0.02)

    def keys(self, *keys: str, hold: str = "") -> Page:
        from selenium.webdriver.common.action_chains import ActionChains

        chain = ActionChains(self.driver, duration=0)
        if hold:
            chain.key_down(hold)
        chain.send_keys(*keys)
        if hold:
            chain.key_up(hold)
        chain.perform()
        return self

    def corner(self, number: int) -> tuple[int, int]:
        """Where a corner is on the screen."""
        box = self.element(f".handle[data-corner='{number}'] .dot").rect
        return round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2)

    def scale(self) -> float:
        """Screen pixels a pixel of the picture."""
        return float(self.element("#drawing").get_attribute("data-scale"))

    def look(self) -> str:
        return str(self.element("#drawing").get_attribute("data-look"))

    def pointer(self, kind: str, *path: tuple[int, int]) -> None:
        """Presses at the first place, moves along the others, and lets go."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder
        from selenium.webdriver.common.actions.pointer_input import PointerInput

        builder = ActionBuilder(self.driver, mouse=PointerInput(kind, kind), duration=0)
        action = builder.pointer_action.move_to_location(*path[0]).pointer_down()
        for place in path[1:]:
            action.move_to_location(*place)
        action.pointer_up()
        builder.perform()

    def written(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / f"{name}.json").read_text()))

    def corners_px(self, name: str) -> np.ndarray:
        """The corners on disk in pixels, (4, 2)."""
        [shape] = self.written(name)["shapes"]
        return np.array(shape["points"])
