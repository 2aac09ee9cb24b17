"""The arena foretold: the plan by hand, and against what TFLM's own interpreter allocates for the file."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from detector.build import for_export
from detector.card import ModelCard, read_keras_card
from detector.config import Config
from detector.export.litert import write_int8
from detector.litert.operators import read_operators
from detector.locate import find_checkpoint, find_model, shipped_names
from detector.models.arena import Buffer, foretell_arena, plan_head
from detector.models.foretelling import foretell_operators
from detector.models.operators import Operator, OperatorGraph
from detector.tflm import arena_of, tflm_is_there
from tests.detector.tiny import HEADS, noise, random_network, tiny_config

NO_WHEEL = "tflite-micro is not installed: the arena is not checked (pip install 'detector[tflm]')"


def test_buffers_share_memory_when_they_are_not_needed_together() -> None:
    assert plan_head([Buffer(64, 0, 1), Buffer(32, 2, 3)]) == 64
    assert plan_head([Buffer(64, 0, 2), Buffer(32, 2, 3)]) == 96
    assert plan_head([]) == 0


def test_the_largest_goes_first_and_the_others_into_the_lowest_gap() -> None:
    """64 lies at 0; 48 at 64, for it is alive with both others; 32 where 64 was, not behind 48."""
    assert plan_head([Buffer(32, 3, 4), Buffer(64, 0, 2), Buffer(48, 2, 3)]) == 64 + 48


def test_of_buffers_of_one_size_the_later_goes_first() -> None:
    buffers = [Buffer(16, 1, 2), Buffer(16, 2, 3), Buffer(16, 4, 4), Buffer(16, 3, 4)]
    assert plan_head(buffers) == 32
    assert plan_head(buffers[::-1]) == 48


def test_tensors_are_aligned_and_outputs_stay_to_the_end() -> None:
    graph = OperatorGraph(
        [Operator("ADD", "early", ("in",), "a"), Operator("ADD", "late", ("a",), "b")],
        {"in": (1, 2, 3, 3), "a": (1, 5), "b": (1, 40)},
        inputs=("in",),
        outputs=("a", "b"),
    )
    arena = foretell_arena(graph)
    assert arena.head_bytes == 16 + 48  # 5 and 40 bytes
    assert (arena.peak_layer, arena.peak_bytes) == ("late", 64)
    graph.item_bytes["b"] = 2
    assert foretell_arena(graph).head_bytes == 16 + 80


def test_kernels_with_scratch_memory_need_more() -> None:
    operator = Operator("CONV_2D", "conv", ("in",), "out", (8, 3, 3, 4))
    graph = OperatorGraph([operator], {"in": (1, 4, 6, 4), "out": (1, 4, 6, 8)}, inputs=("in",), outputs=("out",))
    assert foretell_arena(graph, "cmsis-nn-dsp").head_bytes == foretell_arena(graph).head_bytes + 2 * 36 * 2


def told(graph: OperatorGraph) -> list[tuple[object, ...]]:
    """Each operator, its output and, of a convolution, kernel and stride; axes of one value take no memory, and the
    converter adds some where it normalises."""
    rows = []
    for each in graph.operators:
        shape = tuple(side for side in graph.shapes[each.output] if side != 1)
        rows.append((each.kind, shape, each.kernel, each.stride if each.kernel else 1))
    return rows


def check(network: keras.Model, path: Path) -> None:
    """Operators and head as in the file, to the byte; the whole never under and within 5 %."""
    graph, written = foretell_operators(network), read_operators(path)
    assert told(graph) == told(written)
    if not tflm_is_there():
        pytest.skip(NO_WHEEL)
    foretold, allocated = foretell_arena(graph), arena_of(path)
    assert foretold.head_bytes == foretell_arena(written).head_bytes == allocated.head_bytes
    assert allocated.total_bytes <= foretold.total_bytes <= 1.05 * allocated.total_bytes


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_networks(name: str) -> None:
    """Trained ones: the converter might have put QUANTIZE between tensors of different ranges."""
    path = find_checkpoint(name)
    check(for_export(keras.saving.load_model(path, compile=False), read_keras_card(path).heads), find_model(name))


def test_a_small_network_as_it_is_converted(tmp_path: Path) -> None:
    """Two heads that pool the same tensor, shortcuts, transposed convolutions, activations that do not fold."""
    heads = {
        "mask": {"channels": 4, "stride": 1, "upsampling": "transposed"},
        "presence": {},
        "box": {"method": "dense"},
    }
    config = tiny_config(heads, depths=[1, 1], activation="leaky_relu", block="residual")
    write(config, tmp_path / "int8.tflite")


def write(config: Config, path: Path) -> None:
    """Converts the network of a config, and checks it."""
    network = for_export(random_network(config), config.model.heads)
    write_int8(network, ModelCard.of(config, 1).with_changes(precision="int8"), noise(2, config.input.size_hw), path)
    check(network, path)


@pytest.mark.slow
@pytest.mark.parametrize("case", HEADS)
@pytest.mark.parametrize("normalisation", ["batch", "instance"])
def test_every_head(case: str, normalisation: str, tmp_path: Path) -> None:
    write(tiny_config(HEADS[case], normalisation=normalisation), tmp_path / "int8.tflite")
