"""A headless Chromium, driven by selenium, for the tests of the pages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

SECONDS_TO_LOAD = 30.0


def start_chromium(profile: Path, *flags: str) -> Any:
    """A driver, to be ended by `quit`; skips where selenium, Chromium or its driver is not there.

    Args:
        profile: a folder for the browser's own files.
        flags: further flags, without dashes.
    """
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed: pip install -e '.[browser]'"
    )
    program, driver_program = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not program or not driver_program:
        pytest.skip("no Chromium here: install the packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    own = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    for flag in (*own.split(), "disable-component-update", "disable-sync", "disable-dev-shm-usage", *flags):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={profile}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(executable_path=driver_program))
    driver.set_page_load_timeout(SECONDS_TO_LOAD)
    return driver


def visit(driver: Any, url: str) -> None:
    """Opens a page; a second time where the browser stalls, as it did in two of the full runs."""
    from selenium.common.exceptions import TimeoutException

    try:
        driver.get(url)
    except TimeoutException:
        driver.get(url)
