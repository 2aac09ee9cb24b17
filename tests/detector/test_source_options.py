"""Options of sources on the command line: what is inspected, drawn and measured is what a config trains on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from data_generators.images import write_image
from data_generators.settings import SettingsError
from detector import api, cli
from detector.comparison import compare
from detector.evaluation import evaluate
from tests.detector.fake import FakeRuntime
from tests.detector.tiny import QUAD

CLASSES = {"[A-Z]*": "cat", "*": "dog"}
WRONG = r"(?s)options of trimaps:pets.*Did you mean `class_name`"


@pytest.fixture
def trimaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Six pictures of 40 x 60 pixels, every other one of a cat, the others of a dog; the working directory is empty."""
    monkeypatch.chdir(tmp_path)
    trimap = np.full((40, 60, 1), 2, np.uint8)
    trimap[10:30, 15:45] = 1
    for number in range(6):
        name = f"{'Cat' if number % 2 else 'dog'}_{number}.png"
        write_image(tmp_path / "pets/images" / name, np.full((40, 60, 3), 40 * number, np.uint8))
        write_image(tmp_path / "pets/trimaps" / name, trimap)
    return "trimaps:pets"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(sys, "argv", ["detector", *arguments])
        cli.main()
    captured = capsys.readouterr()
    return int(stop.value.code or 0), " ".join((captured.out + captured.err).split())


def test_inspect_counts_the_classes_that_the_options_tell(trimaps: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option, counts in ([], {"object": 6}), (["--set", f"classes={json.dumps(CLASSES)}"], {"cat": 3, "dog": 3}):
        code, text = run(capsys, "inspect", trimaps, "--json", "found.json", *option)
        assert code == 0, text
        assert json.loads(Path("found.json").read_text())["sources"][trimaps]["objects_by_class"] == counts


def test_evaluate_measures_the_classes_that_the_options_tell(trimaps: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--set", f"classes={json.dumps(CLASSES)}", "--set", "split_seed=3"]
    for extra, objects in ([], 0), (options, 6):
        code, text = run(capsys, "evaluate", "cats", "--data", trimaps, "--json", "scores.json", *extra)
        assert code == 0, text
        scores = json.loads(Path("scores.json").read_text())
        labelled = [answered for true, answered in scores["confusion"].items() if true != "background"]
        assert sum(sum(answered.values()) for answered in labelled) == objects
        assert scores.get("options") == ({"classes": CLASSES, "split_seed": 3} if extra else None)


def test_preview_takes_options_of_its_sources(trimaps: str, capsys: pytest.CaptureFixture[str]) -> None:
    """There `--set` is of the config."""
    code, text = run(
        capsys, "preview", "--data", trimaps, "--option", f"classes={json.dumps(CLASSES)}", "--set", "seed=3"
    )
    assert code == 0, text
    code, text = run(capsys, "preview", "--data", trimaps, "--option", "clases=cat")
    assert code == 1 and "options of trimaps:pets" in text and "Did you mean `classes`?" in text
    code, text = run(capsys, "preview", "--data", trimaps, "--option", "classes")
    assert code == 1 and "--option classes: expected key=value" in text
    code, text = run(capsys, "preview", "--option", "class_name=cat")
    assert code == 1 and "Received class_name, and no source. Those of a config stand in it: --set data.train.0" in text


def test_the_api_takes_them_by_name_and_refuses_those_that_a_format_lacks(trimaps: str) -> None:
    assert api.inspect([trimaps], class_name="pet").found.class_names == ("pet",)
    with pytest.raises(SettingsError, match=WRONG):
        evaluate(FakeRuntime(QUAD), [trimaps], clas_name="pet")
    with pytest.raises(SettingsError, match=WRONG):
        compare([FakeRuntime(QUAD), FakeRuntime(QUAD)], [trimaps], clas_name="pet")
