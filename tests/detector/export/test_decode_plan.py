"""The plan of a file: plain data, tensors in the file's order, every constant resolved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detector.card import ModelCard
from detector.export.decode_plan import PLANS, Tensor, make_plan, plan_of
from detector.litert.file import write_litert_card
from detector.locate import find_model, shipped_names
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from tests.detector.export.head_cases import HeadCase, head_cases
from tests.detector.tiny import HEADS, Files, tiny_config

CASES = head_cases()


@pytest.mark.parametrize("name", shipped_names())
def test_plan_of_a_shipped_model(name: str) -> None:
    path = find_model(name)
    plan = make_plan(path)
    assert json.loads(json.dumps(plan)) == plan
    outputs = LiteRTRuntime(path).run(np.zeros((1, *plan["input"]["size_hw"], 3), np.uint8))
    assert {key: list(value.shape) for key, value in outputs.items()} == {
        key: value["shape"] for key, value in plan["outputs"].items()
    }
    assert (plan["input"]["scale"], plan["input"]["zero_point"]) == (pytest.approx(1 / 255), -128)


def test_plan_of_heatmaps() -> None:
    head = make_plan(find_model("documents"))["heads"]["corners"]
    assert (head["method"], head["points"]) == ("heatmap", 4)
    assert head["cells"]["rows"] == head["cells"]["frame_hw"][0] // head["cells"]["stride"] + 2 * head["cells"]["pad"]
    assert head["quad"]["candidates"] == 3


@pytest.mark.slow
def test_a_float_file_needs_no_scale(files_of: Callable[[str], Files]) -> None:
    plan = make_plan(files_of("two heads").float)
    assert {(each["dtype"], each["scale"], each["zero_point"]) for each in plan["outputs"].values()} == {
        ("float32", 1.0, 0)
    }
    assert list(plan["heads"]) == ["corners", "presence"]


def test_every_head_that_finds_objects_has_a_plan_and_cases() -> None:
    planned = {head for case in CASES for head in case.plan["heads"]}
    assert planned == set(PLANS) == {head for heads in HEADS.values() for head in heads} - {"autoencoder"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_are_plain_data_and_answered(case: HeadCase) -> None:
    plain = json.loads(json.dumps(case.to_json(), allow_nan=False))
    assert plain["plan"] == case.plan
    assert set(case.answers) == set(case.plan["heads"])


def test_cases_say_something() -> None:
    """Boxes are found and dropped, doubt is met, masks have objects and none."""
    by_name = {case.name: case for case in CASES}
    assert len(by_name) == len(CASES)
    for name in ("classes", "anchors", "many candidates", "no voting", "soft", "centroids"):
        assert by_name[f"grid, {name}"].answers["grid"]["found"] > 0, name
    assert not by_name["grid, nothing"].answers["grid"]["scores"]
    assert min(by_name["corners heatmap, in doubt"].answers["corners"]["scores"]) < 0.6
    assert len(by_name["mask, three classes"].answers["mask"]["measured"]) == 3
    assert not by_name["mask, nothing"].answers["mask"]["measured"]


def test_a_model_that_finds_nothing_is_refused() -> None:
    card = ModelCard.model_validate({"input": {"size_hw": (32, 48)}, "heads": {"autoencoder": {}}, "parameters": 1})
    with pytest.raises(RunError, match="None of the heads autoencoder finds objects"):
        plan_of(card, Tensor((1, 32, 48, 3), "int8"), {})


def test_a_card_of_another_model_is_refused(tmp_path: Path) -> None:
    path = Path(shutil.copy(find_model("documents-small"), tmp_path / "model.tflite"))
    write_litert_card(path, ModelCard.of(tiny_config(HEADS["mask"]), 42))
    with pytest.raises(RunError, match=r"model\.tflite: its card needs the output 'mask_logits'\. The file has corn"):
        make_plan(path)
