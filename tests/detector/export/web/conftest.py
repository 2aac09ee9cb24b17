"""A headless Chromium with a camera, the runtime as npm has it, and a static server."""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from detector.export.web import bundle
from detector.export.web.litert_js import Addresses, copy_litert_js
from tests.detector.chromium import start_chromium

Serve = Callable[[Path], str]


class _QuietHandler(SimpleHTTPRequestHandler):
    """As `python -m http.server` has it, without a line a request."""

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serves a folder until the tests end; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(folder: Path) -> str:
        handler = functools.partial(_QuietHandler, directory=str(folder))
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium whose camera shows a test picture."""
    camera = ("use-fake-device-for-media-stream", "use-fake-ui-for-media-stream")
    driver = start_chromium(tmp_path_factory.mktemp("chromium"), *camera)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def npm_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a bundle holds of npm's packages, fetched once; skips without npm or network."""
    folder = tmp_path_factory.mktemp("npm")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if subprocess.run(["npm", "ping", "--silent"], capture_output=True, check=False).returncode:
        pytest.skip("npm does not reach its registry")
    copy_litert_js(folder)
    return folder


@pytest.fixture
def fetched(npm_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles take npm's files from that folder."""

    def copy(folder: Path) -> Addresses:
        shutil.copytree(npm_files / "litert", folder / "litert")
        return Addresses("./litert/core.js", "./litert/wasm-utils.js", "./litert/wasm/", linked=False)

    monkeypatch.setattr(bundle, "copy_litert_js", copy)
