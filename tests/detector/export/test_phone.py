"""The phone bundle: metadata by the numbers of their schema, files behind the model, and the model still runs."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from flatbuffers.number_types import Float32Flags, Int8Flags, Uint8Flags, Uint32Flags

from detector.export.phone import write_phone
from detector.export.phone_metadata import ENTRY, IDENTIFIER
from detector.litert.file import read_litert_card, unpack_litert
from detector.runtime import LiteRTRuntime
from tests.detector.tiny import SIZE_HW, Files, noise

FilesOf = Callable[[str], Files]


@pytest.fixture
def folder(files_of: FilesOf, tmp_path: Path) -> Path:
    write_phone(files_of("grid").int8, tmp_path, None)
    return tmp_path


class Table:
    """A table of a flatbuffer, read by the numbers of its fields."""

    def __init__(self, data: bytes, position: int) -> None:
        self.table = flatbuffers.table.Table(data, position)

    @classmethod
    def root(cls, data: bytes) -> Table:
        return cls(data, flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0))

    def _place(self, field: int) -> int:
        return int(self.table.Pos + self.table.Offset(4 + 2 * field))

    def text(self, field: int) -> str:
        return str(self.table.String(self._place(field)).decode())

    def number(self, field: int, flags: Any) -> Any:
        return self.table.Get(flags, self._place(field))

    def child(self, field: int) -> Table:
        return Table(self.table.Bytes, self.table.Indirect(self._place(field)))

    def children(self, field: int) -> list[Table]:
        start = self.table.Vector(int(self.table.Offset(4 + 2 * field)))
        count = self.table.VectorLen(int(self.table.Offset(4 + 2 * field)))
        return [Table(self.table.Bytes, self.table.Indirect(start + 4 * index)) for index in range(count)]

    def floats(self, field: int) -> list[float]:
        offset = int(self.table.Offset(4 + 2 * field))
        return [float(each) for each in self.table.GetVectorAsNumpy(Float32Flags, offset)]


def test_metadata_say_what_the_tensors_are(folder: Path) -> None:
    model = unpack_litert(folder / "model.tflite")
    [entry] = [each for each in model.metadata if each.name == ENTRY.encode()]
    data = bytes(model.buffers[entry.buffer].data)
    assert data[4:8] == IDENTIFIER
    [graph] = Table.root(data).children(3)
    [image] = graph.children(2)
    assert (image.text(0), image.child(3).number(0, Uint8Flags)) == ("image", 2)  # ImageProperties
    properties = image.child(3).child(1)
    assert properties.number(0, Int8Flags) == 1  # RGB
    width, height = (properties.child(1).number(field, Uint32Flags) for field in (0, 1))
    assert (height, width) == SIZE_HW
    [unit] = image.children(4)
    assert (unit.number(0, Uint8Flags), unit.child(1).floats(0), unit.child(1).floats(1)) == (1, [0.0], [255.0])
    names = [model.subgraphs[0].tensors[index].name.decode() for index in model.subgraphs[0].outputs]
    assert [output.text(0) for output in graph.children(3)] == names
    assert [(file.text(0), file.number(2, Int8Flags)) for file in graph.children(4)] == [
        ("labels.txt", 3),
        ("plan.json", 1),
    ]


def test_the_files_behind_the_model_are_those_beside_it(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.tflite") as archive:
        assert archive.read("labels.txt") == (folder / "labels.txt").read_bytes() == b"cat\ndog\n"
        plan = json.loads(archive.read("plan.json"))
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}
    assert plan == json.loads((folder / "plan.json").read_text())
    assert plan["heads"]["grid"]["classes"] == ["cat", "dog"]


def test_the_model_answers_as_before_and_keeps_its_card(files_of: FilesOf, folder: Path) -> None:
    int8, path = files_of("grid").int8, folder / "model.tflite"
    assert read_litert_card(path) == read_litert_card(int8).with_changes(precision="int8-float-io")
    expected, outputs = LiteRTRuntime(int8).run(noise(1)), LiteRTRuntime(path).run(noise(1))
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-6)


def test_a_person_is_told_the_tensors_and_what_does_not_work(folder: Path) -> None:
    readme = (folder / "README.md").read_text()
    assert "| `grid_objectness_p3` | float32, shape 1 x 4 x 6 x 1 |" in readme
    assert "do not\ntake this file" in readme
    assert "1 x 32 x 48 x 3" in readme and "Float32($0)" in readme


def test_objects_without_names_are_objects(files_of: FilesOf, tmp_path: Path) -> None:
    write_phone(files_of("mask").float, tmp_path, None)
    assert (tmp_path / "labels.txt").read_text() == "object\n"
