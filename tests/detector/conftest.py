"""Files of one network a head and method, exported once for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.detector.tiny import HEADS, Files, tiny_config, write_files


@pytest.fixture(scope="session")
def files_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Files]:
    """Case of `HEADS` -> its files; letterboxed, so that tests of coordinates see the bars."""
    made: dict[str, Files] = {}

    def make(case: str) -> Files:
        if case not in made:
            folder = tmp_path_factory.mktemp(case.replace(" ", "_"))
            made[case] = write_files(tiny_config(HEADS[case], fit="letterbox"), folder)
        return made[case]

    return make
