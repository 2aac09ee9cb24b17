"""The notebooks: executed from their own folder, and committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

from tests.conftest import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
TIMEOUT_S = 300  # a cell trains, also on a busy machine
SLOW = ("04_how_small",)  # trains several networks


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook that validates."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_there_is_a_notebook() -> None:
    assert "01_look_at_the_data.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    cells = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    dirty = [cell.id for cell in cells if cell.outputs or cell.execution_count is not None]
    assert not dirty, f"clear the outputs of {path.name}: {dirty}"


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=[pytest.mark.slow] * (path.stem in SLOW), id=path.stem) for path in NOTEBOOKS]
)
# what the Jupyter client warns of is its own affair; errors of the cells come as CellExecutionError
@pytest.mark.filterwarnings("ignore")
def test_notebook_runs_and_shows_pictures(path: Path) -> None:
    notebook = read_notebook(path)
    resources = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    assert not [output for output in outputs if output.output_type == "error"]
