"""The card inside a `.tflite`: a metadata entry of the flatbuffer, read and written without TensorFlow."""

from __future__ import annotations

import struct
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from detector.card import CARD_NAME, ModelCard
from detector.runs import RunError, atomic_path

ENTRY = f"detector.{CARD_NAME}"
ALIGNMENT = 16
COUNT_BYTES = 4  # before each vector


def write_litert_card(path: Path, card: ModelCard) -> None:
    """Puts the card into a `.tflite` file, replacing one that is there, and names the tensors after their layers."""
    model = unpack_litert(path)
    _shorten_names(model)
    buffer = _card_buffer(model)
    buffer.data = np.frombuffer(card.to_text().encode(), np.uint8)
    with atomic_path(path) as temporary:
        temporary.write_bytes(pack_litert(model))


def unpack_litert(path: Path) -> schema.ModelT:
    """A `.tflite` file as objects that can be changed.

    Raises:
        RunError: the file is no LiteRT model.
    """
    return schema.ModelT.InitFromObj(_root(path))


def operator_kinds(model: schema.ModelT) -> list[str]:
    """The names of the entries of `operatorCodes`, e.g. CONV_2D, which the operators of a graph refer to by index."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    return [names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]


def pack_litert(model: schema.ModelT) -> bytes:
    """The bytes of a `.tflite` file, as compact as `_CompactBuilder` makes them."""
    builder = _CompactBuilder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _shorten_names(model: schema.ModelT) -> None:
    """The converter's names list every operator merged into a tensor: up to a quarter of a small file."""
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            parts = tensor.name.decode().split(";")[0].split("/")
            tensor.name = parts[min(1, len(parts) - 1)].encode()
    for signature in model.signatureDefs or []:
        tensors = model.subgraphs[signature.subgraphIndex].tensors
        for end in [*signature.inputs, *signature.outputs]:
            tensors[end.tensorIndex].name = end.name


class _CompactBuilder(flatbuffers.Builder):
    """Writes equal vectors of numbers once, and every vector of bytes at a multiple of 16.

    Each channel of an int8 convolution has two zero points of 8 bytes, all 0: a tenth of a small file, which `Pack`
    would repeat for each tensor. The schema asks for aligned weights, which `Pack` forgets: microcontrollers read
    biases and weights where they lie in the file, and some stop at an unaligned word.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._written: dict[tuple[int, bytes], int] = {}
        self._start, self._width = 0, 0  # of the vector of numbers that is being written; width 0: there is none

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:  # noqa: N802, N803
        self._start, self._width = self.Offset(), elemSize
        return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)

    def PrependUOffsetTRelative(self, off: int) -> None:  # noqa: N802
        self._width = 0  # offsets are relative to where they stand: equal bytes do not mean equal things
        super().PrependUOffsetTRelative(off)

    def EndVector(self, *count: int) -> int:  # noqa: N802
        size, width = COUNT_BYTES + self.vectorNumElems * self._width, self._width
        self._width, end = 0, super().EndVector(*count)
        if not width:  # offsets, or a string, which ends here and did not begin in `StartVector`
            return end
        earlier = self._written.setdefault((width, bytes(self.Bytes[self.head : self.head + size])), end)
        if earlier != end:
            self.head: int = len(self.Bytes) - self._start  # take it back
        return earlier


def _card_buffer(model: schema.ModelT) -> schema.BufferT:
    """The buffer that holds the card, or a new one for it."""
    for entry in model.metadata or []:
        if entry.name == ENTRY.encode():
            return model.buffers[entry.buffer]
    entry = schema.MetadataT()
    entry.name, entry.buffer = ENTRY.encode(), len(model.buffers)
    model.metadata = [*(model.metadata or []), entry]
    model.buffers.append(schema.BufferT())
    return model.buffers[-1]


def read_litert_card(path: Path) -> ModelCard:
    """The card inside a `.tflite` file.

    Raises:
        RunError: the file is no LiteRT model, is cut off, or carries no card.
    """
    try:
        text = _find_card(_root(path))
    except (struct.error, IndexError, TypeError, UnicodeDecodeError):
        raise cut_off(path) from None
    if text is None:
        raise RunError(
            f"{path} carries no {CARD_NAME}, so its input and heads are unknown. Export it with `detector export RUN`."
        )
    return ModelCard.from_text(text, path)


def cut_off(path: Path) -> RunError:
    """The error of a file that begins as a LiteRT model and does not go on as one."""
    return RunError(f"{path} is cut off or damaged. Copy it again, or write it again with `detector export RUN`.")


def _find_card(model: schema.Model) -> str | None:
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() == ENTRY.encode():
            return bytes(model.Buffers(entry.Buffer()).DataAsNumpy()).decode()
    return None


def _root(path: Path) -> schema.Model:
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise RunError(f"{path} is not a LiteRT model. Export one with `detector export RUN`.")
    return schema.Model.GetRootAsModel(data, 0)
