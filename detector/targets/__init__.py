"""Boards and other places where a network runs: what each holds, and which operators it knows."""

from detector.targets.target import KERNELS, Fact, Kernels, Target, read_target, target_names

__all__ = ["KERNELS", "Fact", "Kernels", "Target", "read_target", "target_names"]
