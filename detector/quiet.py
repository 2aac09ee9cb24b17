"""Keeps what native libraries print of their own affairs off the terminal; Python errors still come through."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Sends file descriptor 2 nowhere, for TensorFlow logs past Python and before its log level holds."""
    saved = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def import_keras_quietly() -> None:
    """Imports keras and wakes its backend, whose greetings nobody needs."""
    with quiet_stderr():
        from keras import ops

        ops.zeros(1)
