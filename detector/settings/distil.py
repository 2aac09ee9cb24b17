"""The part of a config that says who teaches the network beside the labels: a larger run."""

from __future__ import annotations

from pydantic import Field

from data_generators.settings import Settings


class DistilSettings(Settings):
    """A larger network whose outputs on the same augmented pictures are learnt beside the labels, also where a picture
    has none (knowledge distillation, Hinton et al. 2015)."""

    teacher: str
    """A run folder (its best checkpoint), a `.keras` file or a shipped model with the same input and heads."""
    weight: float = Field(1.0, gt=0)
    """Weight of what is lost against the teacher beside what is lost against the labels."""
    temperature: float = Field(1.0, ge=1, le=10)
    """Logits of both are divided by it before they are compared: above 1, what the teacher holds for unlikely counts
    more (Hinton et al. 2015, section 2)."""
