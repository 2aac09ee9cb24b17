"""Who may import whom: the house stands on its floors, read from the source without running it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# From the ground up. A module or sub-package imports from floors below its own, and nothing from its own floor.
FLOORS: dict[str, tuple[set[str], ...]] = {
    "data_generators": (
        {"__init__", "errors", "settings", "geometry", "sample", "yaml_text"},
        {"sources", "drawing", "files"},
        {"vocabulary", "splits", "workers"},
        {"images", "cache"},
        {"forms"},
        {"real", "synthetic", "transform"},
        {"formats", "writers", "drawn_sample"},
        {"preview"},
        {"inspection", "camera_matching", "cleaning", "viewer"},
    ),
    "detector": (
        {"__init__", "quiet", "backend", "losses", "presets", "shipped", "forms", "targets"},
        {"codecs", "metrics"},
        {"settings", "looks", "disagreement"},
        {"config"},
        {"template", "runs", "models", "scoring", "batches", "data", "anchors", "class_balance"},
        {"card", "locate", "callbacks", "heads", "terminal"},
        {"litert", "optimizers", "fitting"},
        {"build", "transfer"},
        {"runtime", "compression"},
        {"prediction", "tflm"},
        {"costing", "evaluation", "pseudo_labels", "watching"},
        {"pictures", "comparison", "labelling"},
        {"training", "answers"},
        {"export"},
        {"benchmark"},
        {"search"},
        {"report"},
        {"api"},
        {"commands"},
        {"cli"},
        {"__main__"},
    ),
}
TENSORFLOW = ("detector/export/", "detector/backend.py")
KERAS_FREE = {
    "codecs",
    "looks",
    "disagreement",
    "settings",
    "config",
    "template",
    "runs",
    "scoring",
    "card",
    "locate",
    "litert",
    "fitting",
    "targets",
    "prediction",
    "data",
    "anchors",
    "class_balance",
}


def modules(package: str) -> list[Path]:
    return sorted((REPOSITORY / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import, also those inside functions; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: relative import; name the package."
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def unit_of(path: Path) -> str:
    """The module or sub-package of the package that a file belongs to."""
    first = path.relative_to(REPOSITORY).parts[1]
    return first.removesuffix(".py")


def floor_of(package: str, unit: str) -> int:
    floors = [number for number, units in enumerate(FLOORS[package]) if unit in units]
    assert len(floors) == 1, f"{package}.{unit} must stand on one floor of FLOORS in {__file__}. Found {floors}."
    return floors[0]


def imported_unit(package: str, name: str) -> str:
    """`detector.codecs.base.Codec` -> `codecs`; a name of the package itself -> `__init__`."""
    unit = name.split(".")[1]
    there = REPOSITORY / package / unit
    return unit if there.is_dir() or there.with_suffix(".py").is_file() else "__init__"


@pytest.mark.parametrize("package", FLOORS)
def test_modules_import_from_the_floors_below(package: str) -> None:
    upside_down = []
    for path in modules(package):
        unit = unit_of(path)
        for line, name in imports(path):
            if name.split(".")[0] != package or imported_unit(package, name) == unit:
                continue
            if floor_of(package, imported_unit(package, name)) >= floor_of(package, unit):
                upside_down.append(f"{path.relative_to(REPOSITORY)}:{line} imports {name}")
    assert not upside_down


@pytest.mark.parametrize("package", FLOORS)
def test_every_module_stands_on_a_floor_and_every_floor_is_there(package: str) -> None:
    units = {unit_of(path) for path in modules(package)}
    assert units == set().union(*FLOORS[package])


def users_of(package: str, libraries: set[str]) -> set[str]:
    return {
        path.relative_to(REPOSITORY).as_posix()
        for path in modules(package)
        if any(name.split(".")[0] in libraries for _, name in imports(path))
    }


def test_data_generators_know_nothing_of_networks() -> None:
    assert not users_of("data_generators", {"keras", "tensorflow", "detector", "ai_edge_litert"})


def test_tensorflow_is_imported_in_export_and_backend_alone() -> None:
    users = users_of("detector", {"tensorflow"})
    assert users
    assert all(user.startswith(TENSORFLOW) for user in users)


def test_codecs_configs_and_cards_do_without_keras() -> None:
    users = {
        Path(user).relative_to("detector").parts[0].removesuffix(".py") for user in users_of("detector", {"keras"})
    }
    assert "models" in users
    assert not users & KERAS_FREE


def test_codecs_read_no_other_module_of_the_detector() -> None:
    """NumPy only: they are what ports to other languages are checked against."""
    names = {name for path in modules("detector/codecs") for _, name in imports(path)}
    allowed = {
        "__future__",
        "collections",
        "dataclasses",
        "functools",
        "itertools",
        "math",
        "abc",
        "typing",
        "numpy",
        "pydantic",
    }
    assert {name.split(".")[0] for name in names} <= allowed | {"data_generators", "detector"}
    assert all(name.startswith("detector.codecs.") for name in names if name.startswith("detector."))


def test_predicting_with_a_tflite_file_does_not_bring_keras() -> None:
    code = "import sys, detector.cli, detector.answers; print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert result.stdout.strip() == "[]"
