"""Every head and method in three networks: what a tiny network takes to build is paid three times and not fifteen."""

from __future__ import annotations

from typing import Any

from tests.detector.tiny import HEADS

HEAD_SETS: dict[str, dict[str, Any]] = {
    "maps": HEADS["corners heatmap"] | HEADS["grid anchors"] | HEADS["box map"] | HEADS["mask classes"],
    "rows": HEADS["corners simcc"] | HEADS["grid"] | HEADS["box dense"] | HEADS["autoencoder"],
    "dense": HEADS["corners dense flatten"] | HEADS["mask"] | HEADS["presence"],
}
