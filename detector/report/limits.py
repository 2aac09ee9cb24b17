"""The limits of targets as lines in the plots: room for the file, and memory for the arena."""

from __future__ import annotations

from typing import Any

from detector.targets import Target, read_target, target_names


def all_limits() -> list[dict[str, Any]]:
    """For each limit of each target `target`, `title`, `cost`, `most` (bytes) and `note`."""
    return [limit for name in target_names() for limit in limits_of(read_target(name))]


def limits_of(target: Target) -> list[dict[str, Any]]:
    """Those of one target; none where it takes anything."""
    limits = []
    if target.largest_file_bytes is not None:
        note = "a larger one is copied into the memory" if target.copies_larger_files else "a larger one does not run"
        limits.append(_limit(target, "int8_bytes", target.largest_file_bytes, f"Read in place up to here; {note}."))
    if target.usable_bytes is not None:
        spare = f"{target.headroom:.0%} of {target.memory_bytes:,} bytes stay free"
        note = f"Memory for the arena: {spare}. Scratch memory of its kernels comes on top of the arena."
        limits.append(_limit(target, "arena_bytes", target.usable_bytes, note))
    return limits


def _limit(target: Target, cost: str, most: int, note: str) -> dict[str, Any]:
    return {
        "target": target.name,
        "title": target.title,
        "cost": cost,
        "most": most,
        "note": note,
    }
