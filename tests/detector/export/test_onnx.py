"""The ONNX bundle: equal to Keras, with its card; refused where it is not equal, or a package is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detector.build import for_export
from detector.card import ModelCard
from detector.export import onnx as onnx_bundle
from detector.export.onnx import write_onnx
from detector.runs import RunError
from tests.detector.tiny import Files, noise

FilesOf = Callable[[str], Files]


@pytest.fixture
def onnx_there() -> None:
    for name in ("onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install -e '.[onnx]'")


@pytest.mark.usefixtures("onnx_there")
def test_onnx_answers_as_keras_does(files_of: FilesOf, tmp_path: Path) -> None:
    import onnx
    import onnxruntime

    files = files_of("two heads")
    paths = write_onnx(files.keras, tmp_path, None)
    assert [path.name for path in paths] == ["model.onnx", "plan.json"]
    image = noise(1).astype(np.float32) / 255
    session = onnxruntime.InferenceSession(paths[0], providers=["CPUExecutionProvider"])
    outputs = dict(zip((each.name for each in session.get_outputs()), session.run(None, {"image": image}), strict=True))
    expected = for_export(files.network, files.card.heads).predict_on_batch(image)
    assert outputs.keys() == expected.keys()
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4 * max(1, np.abs(expected[name]).max()))
    properties = {each.key: each.value for each in onnx.load(paths[0]).metadata_props}
    assert ModelCard.from_text(properties["model.json"], paths[0]) == files.card
    assert float(properties["difference_from_keras"]) < 1e-4
    plan = json.loads(paths[1].read_text())
    assert {name: tuple(each["shape"]) for name, each in plan["outputs"].items()} == {
        name: values.shape for name, values in outputs.items()
    }


@pytest.mark.usefixtures("onnx_there")
def test_a_file_that_answers_otherwise_is_refused(
    files_of: FilesOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_bundle, "MOST_DIFFERENCE", -1.0)
    with pytest.raises(RunError, match=r"network\.keras: the ONNX file answers otherwise than Keras, by "):
        write_onnx(files_of("presence").keras, tmp_path, None)


def test_a_missing_package_is_named(files_of: FilesOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(RunError, match=r"pip install 'detector\[onnx\]'\. Missing: onnx\."):
        write_onnx(files_of("presence").keras, tmp_path, None)
