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


def write_litert_card(path: Path, card: ModelCard) -> None:
    """Puts the card into a `.tflite` file, replacing one that is there, and names the tensors after their layers."""
    model = _unpack(path)
    _shorten_names(model)
    buffer = _card_buffer(model)
    buffer.data = np.frombuffer(card.to_text().encode(), np.uint8)
    builder = _AlignedBuilder(path.stat().st_size)
    builder.Finish(model.Pack(builder), b"TFL3")
    with atomic_path(path) as temporary:
        temporary.write_bytes(bytes(builder.Output()))


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


class _AlignedBuilder(flatbuffers.Builder):
    """Puts every vector of bytes at a multiple of 16, as the schema asks for weights and `Pack` forgets.

    Microcontrollers read biases and weights where they lie in the file, and some stop at an unaligned word.
    """

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)


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


def _unpack(path: Path) -> schema.ModelT:
    return schema.ModelT.InitFromObj(_root(path))


def _root(path: Path) -> schema.Model:
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise RunError(f"{path} is not a LiteRT model. Export one with `detector export RUN`.")
    return schema.Model.GetRootAsModel(data, 0)
