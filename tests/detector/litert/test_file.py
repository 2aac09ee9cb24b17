"""What is done to a `.tflite` after the converter: card, names, alignment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from detector.litert.file import read_litert_card, write_litert_card
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from tests.detector.tiny import Files, noise

FilesOf = Callable[[str], Files]


@pytest.fixture
def copy(files_of: FilesOf, tmp_path: Path) -> Path:
    path = tmp_path / "copy.tflite"
    path.write_bytes(files_of("corners dense gap").int8.read_bytes())
    return path


def test_a_card_is_replaced_in_its_place(copy: Path) -> None:
    card, size = read_litert_card(copy), copy.stat().st_size
    before = LiteRTRuntime(copy).run(noise(1))
    for notes in ("once", "twice", "thrice"):
        write_litert_card(copy, card.with_changes(notes=notes))
    assert read_litert_card(copy) == card.with_changes(notes="thrice")
    assert abs(copy.stat().st_size - size) <= 64
    after = LiteRTRuntime(copy).run(noise(1))
    assert all((before[name] == after[name]).all() for name in before)


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_every_buffer_begins_at_a_multiple_of_16(files_of: FilesOf, kind: str) -> None:
    """As the schema asks; microcontrollers read weights and biases in place."""
    data = getattr(files_of("corners heatmap"), kind).read_bytes()
    start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    model = schema.Model.GetRootAsModel(data, 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    arrays = [buffer.DataAsNumpy() for buffer in buffers if buffer.DataLength()]
    assert len(arrays) > 8
    assert {(array.__array_interface__["data"][0] - start) % 16 for array in arrays} == {0}


def test_equal_vectors_of_numbers_are_written_once(files_of: FilesOf) -> None:
    """The zero points of every convolution's channels, 0 all of them, are one vector for each count of channels."""
    data = files_of("corners heatmap").int8.read_bytes()
    start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    graph = schema.Model.GetRootAsModel(data, 0).Subgraphs(0)
    tables = [graph.Tensors(index).Quantization() for index in range(graph.TensorsLength())]
    vectors = [table.ZeroPointAsNumpy() for table in tables if table is not None and table.ZeroPointLength() > 1]
    places = {(len(vector), vector.__array_interface__["data"][0] - start) for vector in vectors}
    assert len(vectors) > len(places) == len({len(vector) for vector in vectors})


@pytest.mark.parametrize("names", [["abc"] * 4, ["w", "stem", "w", ""], ["b1_conv"] * 4])
def test_strings_and_vectors_of_any_content_come_back(names: list[str], tmp_path: Path, copy: Path) -> None:
    """Tensors of one layer have one name: strings that are equal, beside vectors that are not."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(copy.read_bytes(), 0))
    tensors = model.subgraphs[0].tensors = model.subgraphs[0].tensors[: len(names)]
    shapes, contents = [[1, 5], [1, 7], [1, 5], []], [b"w", b"abc", b"abc", b"\0" * 40]
    for tensor, name, shape, content in zip(tensors, names, shapes, contents, strict=True):
        tensor.name, tensor.shape, tensor.shapeSignature = name.encode(), shape, shape[::-1]
        model.buffers[tensor.buffer].data = np.frombuffer(content, np.uint8)
    model.subgraphs[0].operators, model.signatureDefs = [], []
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = tmp_path / "crafted.tflite"
    path.write_bytes(builder.Output())
    write_litert_card(path, read_litert_card(copy))
    written = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    found = written.subgraphs[0].tensors
    assert [tensor.name.decode() for tensor in found] == names
    assert [np.ravel(tensor.shape).tolist() for tensor in found] == shapes
    assert [np.ravel(tensor.shapeSignature).tolist() for tensor in found] == [shape[::-1] for shape in shapes]
    assert [bytes(written.buffers[tensor.buffer].data) for tensor in found] == contents


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_tensors_are_called_after_their_layers(files_of: FilesOf, kind: str) -> None:
    data = getattr(files_of("corners heatmap"), kind).read_bytes()
    graph = schema.Model.GetRootAsModel(data, 0).Subgraphs(0)
    names = [graph.Tensors(index).Name().decode() for index in range(graph.TensorsLength())]
    assert {"image", "corners_heatmap", "corners_presence"} <= set(names)
    assert max(map(len, names)) < 40
    assert not any("/" in name or ";" in name for name in names)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.tflite"
    path.write_bytes(b"\xff\xd8\xff\xe0 this is a JPEG")
    with pytest.raises(RunError, match=r"photo.tflite is not a LiteRT model. Export one with `detector export RUN`"):
        read_litert_card(path)


def test_a_file_that_is_cut_off_is_named(copy: Path) -> None:
    data = copy.read_bytes()
    for length in (9, 40, len(data) // 4, len(data) // 2, 3 * len(data) // 4, len(data) - 40):
        copy.write_bytes(data[:length])
        with pytest.raises(RunError, match=r"copy\.tflite .*detector export RUN"):
            LiteRTRuntime(copy)
    copy.write_bytes(data[:9])
    with pytest.raises(RunError, match=r"copy\.tflite is cut off or damaged\. Copy it again"):
        read_litert_card(copy)
