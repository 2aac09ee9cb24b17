"""What the verbs that serve the labelling page have in common: the browser is opened, and Ctrl-C ends the work."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from detector.terminal import say

if TYPE_CHECKING:
    from detector.labelling.server import LabelServer


def serve_page(server: LabelServer, what: str, *, browser: bool) -> None:
    """Serves until Ctrl-C, and says what has been done.

    Args:
        server: open; it is closed at the end.
        what: is done on the page, for the message: `Label photos`.
        browser: opens the page in the browser.
    """
    import webbrowser

    with server:
        say(f"{what} at {server.url} (Ctrl-C ends; every change is saved at once)")
        if browser:
            webbrowser.open(server.url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
        say(server.session.summary())
