"""The C++ of the Arduino library, compiled and run, says what the codecs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.transform.input_spec import fit_image
from detector.export.decode_plan import make_plan
from detector.locate import find_model, shipped_names
from detector.runtime import LiteRTRuntime
from tests.detector.export.arduino.compiled import NEEDS_COMPILER, DecodeProgram
from tests.detector.export.head_answers import ANSWERS, HeadCase
from tests.detector.export.head_cases import head_cases

pytestmark = NEEDS_COMPILER
COORDINATES, SCORES = 1e-4, 1e-5  # how far answers may lie from the codecs'


@pytest.mark.parametrize("case", head_cases(), ids=lambda case: case.name)
def test_says_what_the_codec_says(case: HeadCase, tmp_path: Path) -> None:
    [answers] = DecodeProgram(case.plan, tmp_path).run([case.raw])
    assert set(answers) == set(case.answers)
    for head, wanted in case.answers.items():
        compare(answers[head], wanted)


@pytest.mark.parametrize("name", shipped_names())
def test_says_what_the_codec_says_of_scenes(name: str, tmp_path: Path) -> None:
    path = find_model(name)
    runtime, scenes = LiteRTRuntime(path), open_source("documents:#test")
    raw = [runtime.run_raw(fit_image(scenes.sample(index).image, runtime.card.input)) for index in range(4)]
    answers = DecodeProgram(make_plan(path), tmp_path).run(raw)
    for picture, answer in zip(raw, answers, strict=True):
        outputs = {key: dequantised(value, *runtime.quantisation[key]) for key, value in picture.items()}
        for head, codec in runtime.card.codecs().items():
            [prediction] = codec.decode(outputs)
            compare(answer[head], ANSWERS[head](prediction, runtime.card.thresholds))


def dequantised(raw: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    return ((raw.astype(np.float32) - zero_point) * scale).astype(np.float32)


def compare(answer: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Same number and order of objects, coordinates and scores within the tolerances."""
    assert answer["present"] == wanted["present"]
    assert answer["presence"] == pytest.approx(wanted["presence"], abs=SCORES)
    for exact in ("labels", "found"):
        assert answer.get(exact) == wanted.get(exact)
    for name, tolerance in (("keypoints", COORDINATES), ("boxes", COORDINATES), ("scores", SCORES)):
        if name in wanted:
            ours, theirs = np.array(answer[name]), np.array(wanted[name])
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
    if "class_map" in wanted:
        assert answer["class_map"] == np.ravel(wanted["class_map"]).tolist()
        compare_objects(answer["measured"], wanted["measured"])


def compare_objects(objects: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert [each["class"] for each in objects] == [each["class"] for each in wanted]
    for ours, theirs in zip(objects, wanted, strict=True):
        assert ours["score"] == pytest.approx(theirs["score"], abs=2 * SCORES)  # the codec rounds to 5 places
        assert [ours["area"], *ours["box"]] == pytest.approx([theirs["area"], *theirs["box"]], abs=COORDINATES)
