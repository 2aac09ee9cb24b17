"""TFLite Metadata, which phone libraries read: what the tensors of a `.tflite` file hold, and files packed behind it.

The schema is that of MediaPipe and the TFLite Support library, `metadata_schema.fbs` 1.5.0, of which a few tables are
written here by hand: numbers of fields are those of the schema.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from detector.litert.file import pack_litert, unpack_litert
from detector.runs import atomic_path

ENTRY = "TFLITE_METADATA"
IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.1"  # from which on all that is written here is known
DESCRIPTIONS, VALUE_LABELS = 1, 3  # AssociatedFileType
RGB, GREYSCALE = 1, 2  # ColorSpaceType
FEATURE, IMAGE = 1, 2  # ContentProperties
NORMALISATION = 1  # ProcessUnitOptions


@dataclass(frozen=True)
class PackedFile:
    """A file that is packed behind the model.

    Args:
        name: as the reader asks for it.
        description: what it is.
        kind: DESCRIPTIONS or VALUE_LABELS.
        content: its bytes.
    """

    name: str
    description: str
    kind: int
    content: bytes


@dataclass(frozen=True)
class ModelFacts:
    """What the metadata say.

    Args:
        name: of the model.
        description: what it does.
        licence: of the model.
        size_hw: of the picture.
        channels: of the picture, 3 for RGB or 1.
        outputs: name -> description, in the order of the file.
        files: packed behind the model.
    """

    name: str
    description: str
    licence: str
    size_hw: tuple[int, int]
    channels: int
    outputs: Mapping[str, str]
    files: Sequence[PackedFile]


def write_metadata(path: Path, facts: ModelFacts) -> None:
    """Puts metadata into a `.tflite` file with float32 ends, and packs the files behind it, as a zip archive."""
    model = unpack_litert(path)
    entry, buffer = schema.MetadataT(), schema.BufferT()
    entry.name, entry.buffer = ENTRY.encode(), len(model.buffers)
    buffer.data = np.frombuffer(_Builder().model(facts), np.uint8)
    model.metadata, model.buffers = [*(model.metadata or []), entry], [*model.buffers, buffer]
    with atomic_path(path) as temporary:
        temporary.write_bytes(pack_litert(model))
        with zipfile.ZipFile(temporary, "a") as archive:  # stored: readers map the file into memory
            for file in facts.files:
                archive.writestr(zipfile.ZipInfo(file.name), file.content)


class _Builder:
    """Writes the tables, inner ones first, as a FlatBuffer demands."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def model(self, facts: ModelFacts) -> bytes:
        """ModelMetadata."""
        inputs = self._vector([self._image(facts)])
        outputs = self._vector([self._output(name, text) for name, text in facts.outputs.items()])
        files = self._vector([self._file(file) for file in facts.files])
        graph = self._vector([self._table(10, {2: inputs, 3: outputs, 4: files})])
        texts = {0: facts.name, 1: facts.description, 5: facts.licence, 7: PARSER_VERSION}
        offsets = {slot: self._builder.CreateString(text) for slot, text in texts.items()}
        root = self._table(8, offsets | {3: graph})
        self._builder.Finish(root, IDENTIFIER)
        return bytes(self._builder.Output())

    def _image(self, facts: ModelFacts) -> int:
        """TensorMetadata of the input: the network sees pixel / 255."""
        height, width = facts.size_hw
        size = self._table(2, {}, uint32={0: width, 1: height})
        properties = self._table(2, {1: size}, int8={0: RGB if facts.channels == 3 else GREYSCALE})
        content = self._table(3, {1: properties}, uint8={0: IMAGE})
        normalisation = self._table(2, {0: self._floats([0.0]), 1: self._floats([255.0])})
        unit = self._table(2, {1: normalisation}, uint8={0: NORMALISATION})
        stats = self._table(2, {0: self._floats([1.0]), 1: self._floats([0.0])})
        fields = {0: self._text("image"), 1: self._text("The picture, values from 0 to 1."), 3: content}
        return self._table(7, fields | {4: self._vector([unit]), 5: stats})

    def _output(self, name: str, description: str) -> int:
        content = self._table(3, {1: self._table(0, {})}, uint8={0: FEATURE})
        return self._table(7, {0: self._text(name), 1: self._text(description), 3: content})

    def _file(self, file: PackedFile) -> int:
        return self._table(5, {0: self._text(file.name), 1: self._text(file.description)}, int8={2: file.kind})

    def _text(self, text: str) -> int:
        return int(self._builder.CreateString(text))

    def _floats(self, values: Sequence[float]) -> int:
        return int(self._builder.CreateNumpyVector(np.array(values, np.float32)))

    def _vector(self, offsets: Sequence[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return int(self._builder.EndVector())

    def _table(self, fields: int, offsets: Mapping[int, int], **numbers: Mapping[int, int]) -> int:
        """A table.

        Args:
            fields: how many the schema has.
            offsets: number of the field -> what it refers to.
            numbers: `int8`, `uint8` or `uint32` -> number of the field -> value.
        """
        writers: dict[str, Any] = {
            "int8": self._builder.PrependInt8Slot,
            "uint8": self._builder.PrependUint8Slot,
            "uint32": self._builder.PrependUint32Slot,
        }
        self._builder.StartObject(fields)
        for slot, offset in offsets.items():
            self._builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
        for kind, values in numbers.items():
            for slot, value in values.items():
                writers[kind](slot, value, 0)
        return int(self._builder.EndObject())
