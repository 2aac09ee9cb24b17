"""The library as a whole: its files, what of it can be compiled without a board, its sketches run once."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from detector.export.arduino import library, model_source
from detector.export.arduino.library import SKETCHES, library_name, write_arduino
from detector.export.arduino.model_source import find_arena, operators_header, operators_of
from detector.export.arduino.plan_header import plan_header
from detector.export.decode_plan import make_plan
from detector.locate import find_model
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from detector.targets import read_target
from detector.tflm import arena_of, tflm_is_there
from tests.detector.export.arduino.compiled import HERE, NEEDS_COMPILER, SANITIZERS, STUBS, compile_cpp
from tests.detector.export.head_cases import head_cases

TARGET = read_target("nano-33-ble")


def written(model: Path, folder: Path) -> dict[str, str]:
    """The files of a library by their names."""
    files = write_arduino(model, folder, TARGET)
    assert sorted(files) == sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_files(tmp_path: Path) -> None:
    """Named for the model; of the heads' code only what this model needs."""
    model = find_model("documents-small")
    files = written(model, tmp_path)
    assert "name=documents_small_detector\n" in files["library.properties"]
    assert "depends=Chirale_TensorFLowLite\n" in files["library.properties"]
    assert {"src/documents_small_detector.h", "src/quads.cpp", "src/corners_heatmap.cpp"} <= set(files)
    assert not [name for name in files if re.search("grid|mask|box|simcc|dense|ramps", name)]
    assert {f"examples/{name}/{name}.ino" for name in SKETCHES} <= set(files)
    assert not [name for name, text in files.items() if re.search(r"\$\w", text)], "every blank is filled"


def test_the_array_is_the_file_to_the_byte(tmp_path: Path) -> None:
    model = find_model("documents-small")
    text = written(model, tmp_path)["src/model_data.cpp"]
    numbers = text[text.index("{\n    ") :].split("};")[0].strip("{ \n").split(",")[:-1]
    assert bytes(map(int, numbers)) == model.read_bytes()
    assert "alignas(16) const uint8_t kModelData[]" in text


def test_operators_are_those_of_the_file_and_no_others() -> None:
    operators = operators_of(find_model("documents-small"))
    assert operators == sorted(set(operators))
    assert "CONV_2D" in operators
    text = operators_header(["CONV_2D", "PADV2", "RELU6", "RESIZE_NEAREST_NEIGHBOR", "L2_POOL_2D"])
    assert re.findall(r"->Add(\w+)\(\)", text) == ["Conv2D", "PadV2", "Relu6", "ResizeNearestNeighbor", "L2Pool2D"]


def test_the_arena_is_a_tenth_above_what_tflm_takes() -> None:
    if not tflm_is_there():
        pytest.skip("tflite-micro is not installed: the arena is not measured")
    model = find_model("documents-small")
    arena = find_arena(model, None)
    assert arena.size_bytes >= 1.1 * arena_of(model).total_bytes - 1
    assert arena.size_bytes % 16 == 0


def test_without_tflm_the_arena_is_what_the_target_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_source, "tflm_is_there", lambda: False)
    arena = find_arena(Path("any.tflite"), TARGET)
    assert arena.size_bytes == (TARGET.usable_bytes or 0) // 16 * 16
    assert arena.source.startswith("not measured")
    with pytest.raises(RunError, match=r"The arena is not known\. Give a --target"):
        find_arena(Path("any.tflite"), None)


def test_names() -> None:
    assert library_name(Path("runs/my-cats/export/int8.tflite")) == "my_cats_detector"
    assert library_name(Path("models/2 cats.tflite")) == "2_cats_detector"
    assert library_name(Path("int8.tflite")) == "int8_detector"


def test_what_the_library_cannot_do_is_refused() -> None:
    plan = make_plan(find_model("documents-small"))
    with pytest.raises(RunError, match=r"stretches frames to the input\. The model wants `input.fit: letterbox`"):
        plan_header(plan | {"input": plan["input"] | {"fit": "letterbox"}}, 16, 1)
    with pytest.raises(RunError, match="The int8 input must be pixel - 128"):
        plan_header(plan | {"input": plan["input"] | {"zero_point": 0}}, 16, 1)
    with pytest.raises(RunError, match=r"The outputs must be of one type of numbers\. Received float32, int8"):
        outputs = plan["outputs"] | {"more": {"shape": [1], "dtype": "float32", "scale": 1.0, "zero_point": 0}}
        plan_header(plan | {"outputs": outputs}, 16, 1)


def test_every_cpp_file_is_in_some_library() -> None:
    """No file of the package data is left over."""
    used = {"network.h", "network.cpp"}
    for case in head_cases():
        used |= set(library.source_files(case.plan))
    there = {path.name for path in (resources.files("detector.export.arduino") / "cpp").iterdir()}
    assert used == there


@NEEDS_COMPILER
@pytest.mark.parametrize(("model", "sketch"), [("documents-small", "serial_frames"), ("cats", "nano33ble_ov7675")])
def test_a_sketch_prints_what_predict_says(model: str, sketch: str, tmp_path: Path) -> None:
    """The whole library, compiled with stand-ins for Arduino, camera and TFLM; the network's outputs are real."""
    path = find_model(model)
    written(path, tmp_path)
    runtime = LiteRTRuntime(path)
    frame = np.full((*runtime.card.input.size_hw, 3), 90, np.uint8)
    raw = runtime.run_raw(frame)
    program = compile_sketch(tmp_path, sketch)
    names = list(make_plan(path)["outputs"])
    done = subprocess.run(
        [str(program), *(str(raw[name].nbytes) for name in names)],
        input=b"".join(raw[name].tobytes() for name in names),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    answer = json.loads(done.stdout)
    assert answer.pop("milliseconds") == 0
    outputs = runtime.run(frame[None])
    for head, codec in runtime.card.codecs().items():
        [prediction] = codec.decode(outputs)
        wanted = prediction.to_json(runtime.card.thresholds)
        assert answer[head]["present"] == wanted["present"]
        assert answer[head]["presence"] == pytest.approx(wanted["presence"], abs=1e-3)


def compile_sketch(folder: Path, sketch: str) -> Path:
    sources = [*(folder / "src").glob("*.cpp"), HERE / "sketch_main.cpp"]
    ino = folder / "examples" / sketch / f"{sketch}.ino"
    return compile_cpp(sources, [folder / "src", STUBS], folder / "sketch", f'{SANITIZERS} -DSKETCH="{ino}"')
