"""The part of a config that says how `detector shrink` climbs: where the ladder stands, its steps, its schedules."""

from __future__ import annotations

from pydantic import Field

from data_generators.settings import Settings
from detector.settings.model import BlockKind


class Remedy(Settings):
    """Something that helps a network that knows its training pictures and not the others."""

    name: str
    """In a word, e.g. `data`, `augmentation`, `regularisation`."""
    changes: tuple[str, ...] = Field(min_length=1)
    """Settings of the config, as `--set` takes them, e.g. `augment.enabled=true`."""


class ShrinkSettings(Settings):
    """The ladder: up until a few pictures can be learnt by heart, on until the others are known too, and down again."""

    width: float = Field(4.0, ge=1)
    """Where the ladder begins: channels of the first stage, from which all others follow. Stages have 4 at least, so
    that below 4 only the later ones get narrower."""
    most_width: float | None = Field(None, ge=1)
    """Where it ends; null: at twice the width of the config's network."""
    widths: tuple[float, ...] | None = None
    """The only widths there are, in the place of all between the two."""
    factor: float = Field(1.4, gt=1.02, le=4)
    """int8 bytes of a rung over those of the rung below it, at least."""
    finest: float = Field(1.1, gt=1, le=2)
    """Between the smallest rung that passes and the next below, widths are halved until their int8 bytes differ less
    than this."""
    samples: int = Field(64, ge=8)
    """Training pictures that a rung must be able to learn by heart, without augmentation."""
    overfit_epochs: int = Field(10, ge=1)
    """Epochs for that; each shows `overfit_pictures`. A rung whose error still falls goes on, for up to 8 times as
    many."""
    overfit_pictures: int = Field(1024, ge=8)
    """Pictures an epoch, of which there are `samples`."""
    epochs: int | None = Field(None, ge=1)
    """Epochs in which a rung is first tried on all data; null: a quarter of `training.epochs`."""
    most_epochs: int | None = Field(None, ge=1)
    """A rung that nearly passes goes on for twice as many, again and again, up to this; null: `training.epochs`."""
    near: float = Field(0.05, ge=0, le=0.5)
    """A rung nearly passes that misses the goal by so large a share of it at most."""
    remedies: tuple[Remedy, ...] | None = None
    """What is tried in turn before width when a rung knows its training pictures and not the others; null: twice the
    drawn scenes, augmentation if it is off, then dropout and weight decay."""
    input_sizes: tuple[tuple[int, int], ...] | None = None
    """Smaller heights and widths in pixels to go down to; null: three quarters and half of `input.size_hw`."""
    depths: tuple[tuple[int, ...], ...] | None = None
    """Shallower `model.backbone.depths` to go down to, one after the other; null: block after block is left out, and
    then the last stage."""
    blocks: tuple[BlockKind, ...] = ("separable",)
    """Other kinds of blocks to go down to."""
    distil: bool = True
    """A rung that misses by little learns once more, from the best that passes beside the labels."""
