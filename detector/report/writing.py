"""`detector report`: folders to one HTML page that needs nothing beside it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from detector.report.folders import read_folders
from detector.report.page_data import make_page_data
from detector.runs import atomic_path, finite

STYLE, SCRIPTS = "report.css", ("elements.js", "charts.js", "report.js")


def write_report(folders: Sequence[str | Path], output: str | Path) -> Path:
    """Reads runs, studies and ladders, and writes one page of all of them.

    Args:
        folders: run folders, study folders of `detector sweep`, folders of `detector shrink`.
        output: the file to write.

    Returns:
        The file.

    Raises:
        RunError: a folder holds none of these, or is damaged.
        WriteError: the file cannot be written.
    """
    page = make_page(make_page_data(read_folders(folders)))
    with atomic_path(Path(output)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(output)


def make_page(data: Mapping[str, Any]) -> str:
    """The page of the data that `make_page_data` gives."""
    parts = {
        "title": html.escape(data["title"]),
        "style": _read(STYLE),
        "data": _script_safe(json.dumps(finite(data), allow_nan=False, separators=(",", ":"))),
        "script": "\n".join(_read(name) for name in SCRIPTS),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("report.html"))


def _script_safe(text: str) -> str:
    """JSON that no `</script>` or `<!--` in it can end."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(name: str) -> str:
    return (resources.files("detector.report") / "page" / name).read_text(encoding="utf-8")
