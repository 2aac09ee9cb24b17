"""Serves the labelling page and its session on the loopback interface, to pages of its own only."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from detector.labelling.label_store import LabelConflictError
from detector.runs import RunError, WriteError

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
OWN_HOSTS = {LOOPBACK, "localhost"}
CONTENT_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PICTURES = ("image/jpeg", "image/png")
LARGEST_BODY = 1 << 16
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Session(Protocol):
    """What answers the page.

    Attributes:
        views: path -> what answers `path/NAME`: JSON data, the bytes of a JPEG, or bytes and their type.
    """

    @property
    def views(self) -> Mapping[str, Callable[[str], Any]]: ...

    def overview(self) -> dict[str, Any]:
        """The `mode` of the page, the `pictures` with their states, and what holds for all of them."""

    def save(self, name: str, change: Any) -> dict[str, Any]:
        """Writes what a person says of a picture."""

    def summary(self) -> str:
        """What has been done, and how it is used, for who has closed the page."""

    def close(self) -> None:
        """Lets go of what is held."""


class LabelServer(ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1; `with` closes it.

    Args:
        session: answers the page.
        port: 0 takes a free one.

    Raises:
        RunError: the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0) -> None:
        self.session = session
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            cure = "Choose another --port, or 0 for a free one."
            raise RunError(f"port {port} of {LOOPBACK} cannot be had ({error.strerror or error}). {cure}") from error

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def server_close(self) -> None:
        """Closes the port and the session."""
        super().server_close()
        self.session.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class says so
        """A browser that went away is no error; anything else goes to the log."""
        if not isinstance(sys.exception(), ConnectionError):
            logger.exception("a request to the labelling page failed")


class _RefusedError(Exception):
    """A request that does not come from the page itself."""


class _Handler(BaseHTTPRequestHandler):
    """Routes: GET /, /page.* and other files of the page, /api/pictures, the session's views /VIEW/NAME; POST
    /api/labels/NAME."""

    protocol_version = "HTTP/1.1"
    server: LabelServer

    def do_GET(self) -> None:
        """Answers what the page asks."""
        session = self.server.session
        path = urlsplit(self.path).path
        view, _, name = path.removeprefix("/").rpartition("/")
        if path == "/api/pictures":
            self._answer(session.overview)
        elif view in session.views:
            self._answer(lambda: session.views[view](unquote(name)))
        else:
            self._answer(lambda: self._page_file(path.removeprefix("/") or "page.html"))

    def do_POST(self) -> None:
        """Saves a label."""
        route, _, name = urlsplit(self.path).path.rpartition("/")
        self._answer(lambda: self._save(route, unquote(name)))

    def _save(self, route: str, name: str) -> Any:
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{self.headers.get('Host')}":
            raise _RefusedError("requests of other pages are refused.")
        if self.headers.get_content_type() != "application/json":
            raise _RefusedError("expected a body of JSON.")
        length = int(self.headers.get("Content-Length") or 0)
        if route != "/api/labels" or not 0 < length <= LARGEST_BODY:
            raise KeyError(self.path)
        body = self.rfile.read(length)
        try:
            label = json.loads(body)
        except RecursionError:
            raise ValueError("expected a label, got JSON nested too deeply.") from None
        return self.server.session.save(name, label)

    def _page_file(self, name: str) -> tuple[bytes, str]:
        files = {file.name: file for file in resources.files("detector.labelling").joinpath("page").iterdir()}
        if name not in files:
            raise KeyError(name)
        return files[name].read_bytes(), CONTENT_TYPES[name[name.rindex(".") :]]

    def _answer(self, ask: Callable[[], Any]) -> None:
        """Sends what `ask` returns, or what was wrong as `error`."""
        if self.command == "POST":
            self.close_connection = True  # a body that was not read would be taken for the next request
        try:
            self._check_host()
            answer, status = ask(), HTTPStatus.OK
        except KeyError as error:
            answer, status = {"error": f"There is no {error.args[0]} here."}, HTTPStatus.NOT_FOUND
        except _RefusedError as error:
            answer, status = {"error": str(error)}, HTTPStatus.FORBIDDEN
        except LabelConflictError as error:
            answer, status = {"error": str(error)}, HTTPStatus.CONFLICT
        except (WriteError, OSError) as error:
            answer, status = {"error": str(error)}, HTTPStatus.INSUFFICIENT_STORAGE
        except ValueError as error:
            answer, status = {"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY
        if isinstance(answer, tuple):
            self._send(status, *answer)
        elif isinstance(answer, bytes):
            self._send(status, answer, "image/jpeg")
        else:
            self._send(status, json.dumps(answer).encode(), "application/json")

    def _check_host(self) -> None:
        """Refuses another host name, which a page elsewhere could have pointed here (DNS rebinding)."""
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in OWN_HOSTS:
            raise _RefusedError(f"expected the host {' or '.join(sorted(OWN_HOSTS))}. Open {self.server.url}")

    def _send(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
        self.send_response(status)
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type + ("" if content_type in PICTURES else "; charset=utf-8"))
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are of interest to nobody but a developer."""
        logger.debug(format, *args)
