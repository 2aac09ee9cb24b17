"""What the JavaScript of the page makes of raw outputs is what the codecs make of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.detector.chromium import visit
from tests.detector.export.head_cases import HeadCase, head_cases
from tests.detector.export.web.conftest import Serve

pytestmark = pytest.mark.browser
CASES = head_cases()
DECODE_ALL = """
const [cases, done] = arguments;
(async () => {
  const { decode } = await import("/decode/index.js");
  const { classMap, objectsOf } = await import("/decode/mask.js");
  const plain = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  const answerOf = ({ plan, raw }) => {
    const outputs = Object.fromEntries(Object.entries(raw).map(([name, values]) => {
      const { scale, zero_point } = plan.outputs[name];
      return [name, Float32Array.from(values, (value) => (value - zero_point) * scale)];
    }));
    const predictions = decode(plan, outputs);
    for (const [name, head] of Object.entries(plan.heads).filter(([, head]) => head.kind === "mask")) {
      const map = classMap(predictions[name], head.threshold, head.raster_hw);
      const onRaster = objectsOf(map, head.raster_hw, head.classes);
      const { present, presence, objects } = predictions[name];
      predictions[name] = { present, presence, class_map: map.classes, on_raster: onRaster, measured: objects };
    }
    return predictions;
  };
  return JSON.stringify(cases.map(answerOf), plain);
})().then(done, (error) => done(String(error.stack)));
"""


@pytest.fixture(scope="module")
def answers(browser: Any, serve: Serve) -> dict[str, Any]:
    """Case -> head -> what the page says."""
    import json

    visit(browser, serve(Path(str(resources.files("detector.export.web") / "page"))) + "/icon.svg")
    text = browser.execute_async_script(DECODE_ALL, [case.to_json() for case in CASES])
    return dict(zip((case.name for case in CASES), json.loads(text), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decoding_equals_the_codecs(case: HeadCase, answers: dict[str, Any]) -> None:
    for head, expected in case.answers.items():
        _compare(answers[case.name][head], expected, head)


def _compare(answer: Any, expected: Any, place: str) -> None:
    """Every key that the codec gives is there, and its value."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            _compare(answer[key], value, f"{place}.{key}")
    elif isinstance(expected, list) and expected and isinstance(expected[0], Mapping):
        assert len(answer) == len(expected), place
        for index, value in enumerate(expected):
            _compare(answer[index], value, f"{place}.{index}")
    elif isinstance(expected, str | bool):
        assert answer == expected, place
    else:
        got = np.array(answer, np.float64).reshape(np.shape(expected))
        np.testing.assert_allclose(got, expected, rtol=0, atol=2e-5, err_msg=place)
