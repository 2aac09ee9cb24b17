"""The figures of a model file are there; how large they are is no test."""

from __future__ import annotations

from detector.locate import find_model


def test_every_part_is_measured() -> None:
    from latency import measure_model

    row = measure_model(find_model("documents"), (60, 80), rounds=5)
    assert row["bytes"] == find_model("documents").stat().st_size
    assert row["network_ms"] > 0 and row["resizing_ms"] > 0
    assert row["network_ms"] < row["with_reading_ms"]
