"""Rungs: every one is a config that `detector train` takes, with a name by which its folder is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data_generators.sources import hash_content
from detector.config import Config, apply_override
from detector.search.ladder_shapes import Shape, shape_of, with_shape
from detector.settings.data import SourceSettings
from detector.settings.shrink import Remedy, ShrinkSettings

if TYPE_CHECKING:
    from detector.search.trial import TrialResult

Phase = Literal["overfit", "generalise", "down"]
Start = Literal["nothing", "weights", "channels", "teacher"]
DRAWN = ("cutouts", "documents", "forms")  # formats that draw as many scenes as `count` says
NO_PICTURES = 1_000_000


@dataclass(frozen=True)
class Rung:
    """A network, what it is trained on and for how long.

    Args:
        phase: `overfit`: a few pictures by heart; `generalise`: on the way up; `down`: on the way down.
        shape: the network.
        config: the experiment, complete.
        name: of its folder; another for another experiment.
        start: what it begins with: nothing, the weights of another rung, or the most important of its channels; or
            another rung teaches it.
        other: name of that rung, "" without one.
        remedies: names of those that its config has.
    """

    phase: Phase
    shape: Shape
    config: Config
    name: str
    start: Start = "nothing"
    other: str = ""
    remedies: tuple[str, ...] = ()

    @property
    def epochs(self) -> int:
        """Epochs of its own, those of the rung it begins with not counted."""
        return self.config.training.epochs


@dataclass(frozen=True)
class Finding:
    """What was measured of a rung.

    Args:
        result: the trial's; None where it diverged.
        training: scores of the int8 file on training pictures without augmentation; empty in the phase `overfit`,
            whose result is that.
        diverged: why there is no result, "" where there is one.
    """

    result: TrialResult | None
    training: dict[str, Any] = field(default_factory=dict)
    diverged: str = ""


class RungMaker:
    """Makes the rungs of one ladder.

    Args:
        config: the experiment that is to shrink.
        folder: under which every rung has its folder.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        self.settings = config.shrink or ShrinkSettings()
        export = config.export.model_copy(update={"max_loss": 1.0})  # int8 is judged against the goal alone
        training = config.training.model_copy(update={"picture_epochs": NO_PICTURES})
        self.config = config.model_copy(update={"shrink": None, "export": export, "training": training})
        self.folder = folder

    def folder_of(self, name: str) -> Path:
        """The run folder of a rung."""
        return self.folder / "rungs" / name

    @property
    def first_epochs(self) -> int:
        """Epochs of the first try on all data."""
        return self.settings.epochs or -(-self.config.training.epochs // 4)

    @property
    def most_epochs(self) -> int:
        """Epochs that a try grows to."""
        return max(self.first_epochs, self.settings.most_epochs or self.config.training.epochs)

    def overfit(self, shape: Shape, epochs: int, start: Rung | None = None) -> Rung:
        """A few training pictures, which are the validation pictures too; no augmentation, no regularisation."""
        values = with_shape(self.config, shape).to_dict()
        sources = limited_sources(self.config.data.train, self.settings.samples)
        values["data"] |= {"train": sources, "validation": [source | {"weight": 1.0} for source in sources]}
        values["augment"]["enabled"] = False
        values["model"]["backbone"]["dropout"] = 0.0
        values["training"] |= {
            "weight_decay": 0.0,
            "samples_per_epoch": self.settings.overfit_pictures,
            "early_stopping_epochs": None,
        }
        return self._make("overfit", shape, values, epochs, start)

    def full(
        self,
        phase: Phase,
        shape: Shape,
        epochs: int,
        remedies: Sequence[Remedy] = (),
        other: tuple[Start, Rung] | None = None,
    ) -> Rung:
        """All data.

        Args:
            phase: `generalise` or `down`.
            shape: the network.
            epochs: to train.
            remedies: to apply, in this order.
            other: what it gets from another rung.
        """
        values = with_shape(self.config, shape).to_dict()
        for change in (change for remedy in remedies for change in remedy.changes):
            apply_override(values, change)
        names = tuple(remedy.name for remedy in remedies)
        start, rung = other or ("nothing", None)
        return self._make(phase, shape, values, epochs, rung, start, names)

    def _make(
        self,
        phase: Phase,
        shape: Shape,
        values: dict[str, Any],
        epochs: int,
        other: Rung | None,
        start: Start = "weights",
        remedies: tuple[str, ...] = (),
    ) -> Rung:
        values["training"]["epochs"] = epochs
        own = shape_of(self.config)
        if other or (shape.width, shape.block) != (own.width, own.block):  # what the config begins from does not fit
            values["model"]["init_from"] = None
            values["training"] |= {"freeze": None, "backbone_rate": 1.0}
        start = start if other else "nothing"
        key = [values, start, other.name if other else ""]
        name = f"{phase}-{shape}-e{epochs}-{hash_content(key)[:8]}"
        if other:
            _take_from(values, start, str(self.folder_of(other.name)))
        return Rung(phase, shape, Config.parse(values, name), name, start, other.name if other else "", remedies)


def _take_from(values: dict[str, Any], start: Start, folder: str) -> None:
    if start == "teacher":
        values["training"]["distil"] = {"teacher": folder}
    else:
        values["model"] |= {"init_from": folder, "prune": start == "channels"}


def limited_sources(entries: Sequence[SourceSettings], samples: int) -> list[dict[str, Any]]:
    """Sources with so many samples in all, shared out by their weights, at least one each; plain data."""
    whole = sum(entry.weight for entry in entries)
    limits = [max(1, round(samples * entry.weight / whole)) for entry in entries]
    return [entry.model_dump(mode="json") | {"limit": limit} for entry, limit in zip(entries, limits, strict=True)]


def default_remedies(config: Config) -> tuple[Remedy, ...]:
    """What can be done for any config: more drawn scenes, augmentation where it is off, regularisation."""
    drawn = [
        f"data.train.{index}.options.count={2 * entry.options['count']}"
        for index, entry in enumerate(config.data.train)
        if entry.source.partition(":")[0] in DRAWN and "count" in entry.options
    ]
    remedies = [Remedy(name="data", changes=tuple(drawn))] if drawn else []
    if not config.augment.enabled:
        remedies.append(Remedy(name="augmentation", changes=("augment.enabled=true",)))
    decay = 10 * config.training.weight_decay or 1e-3
    changes = ("model.backbone.dropout=0.1", f"training.weight_decay={decay:g}")
    return (*remedies, Remedy(name="regularisation", changes=changes))
