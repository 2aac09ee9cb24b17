"""The widths of a network that pruning may choose: of each stage of the backbone, and of each head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from detector.codecs import HeadSettings
from detector.compression.channels import ChannelTrace, trace_channels
from detector.compression.importance import channel_importance
from detector.config import Config
from detector.models.backbone import stage_of

STAGE_STEP = 4  # of `model.backbone.channels`
HEAD_WIDTHS = ("channels", "max_channels")  # settings of heads that are widths

Widths = Mapping[int | str, int]  # stage, counted from 1, or head -> channels


@dataclass(frozen=True)
class Dial:
    """The width of a stage or head, and the channels that it governs.

    Args:
        width: channels now; of a mask's decoder those of its finest level.
        step: what it is a multiple of.
        importance: of the channels of each layer that it governs, over their mean; one array a layer.
    """

    width: int
    step: int
    importance: tuple[np.ndarray, ...]

    def width_at(self, threshold: float) -> int:
        """Channels that are left when those of less importance go, in whole steps."""
        if not self.importance:
            return self.width
        share = float(np.mean([np.mean(each >= threshold) for each in self.importance]))
        return round_to(share * self.width, self.step)


def round_to(channels: float, step: int) -> int:
    """The nearest multiple of a step, one at least."""
    return max(step, step * round(channels / step))


def find_dials(config: Config, network: keras.Model) -> dict[int | str, Dial]:
    """The dials of a trained network: stages by their number, then heads by their name."""
    trace = trace_channels(network)
    importance = channel_importance(network, trace)
    dials: dict[int | str, Dial] = {}
    for stage, width in enumerate(config.model.backbone.stage_channels(), 1):
        dials[stage] = Dial(width, STAGE_STEP, tuple(_relative(trace, importance, stage)))
    for name, settings in config.model.heads.items():
        channels: int | None = getattr(settings, "channels", None)
        if channels:
            dials[name] = Dial(channels, _head_step(settings), tuple(_relative(trace, importance, name)))
    return dials


def narrow(config: Config, widths: Widths, source: str | Path) -> Config:
    """The config of a narrower network that takes over channels of another.

    Args:
        config: of the wider network.
        widths: channels of all stages and some heads.
        source: the wider network, as `model.init_from` names it.
    """
    values = config.to_dict()
    for name, settings in config.model.heads.items():
        head = values["model"]["heads"][name]
        share = widths[name] / head["channels"] if name in widths else 1
        head |= {field: round_to(share * head[field], _head_step(settings)) for field in HEAD_WIDTHS if field in head}
    values["model"] |= {"init_from": str(source), "prune": True}
    values["model"]["backbone"]["channels"] = [width for dial, width in widths.items() if isinstance(dial, int)]
    return Config.parse(values)


def _head_step(settings: HeadSettings) -> int:
    """What `channels` of a head must be a multiple of."""
    field = type(settings).model_fields["channels"]
    return int(next(each.multiple_of for each in field.metadata if hasattr(each, "multiple_of")))


def _relative(trace: ChannelTrace, importance: np.ndarray, dial: int | str) -> Iterator[np.ndarray]:
    """The importance of the channels that a stage or head passes on, over their mean; one array a layer."""
    passed_on = np.concatenate([*trace.reads.values()])
    for numbers, names in trace.groups():
        mine = all(_is_of(name, dial) for name in names)
        if mine and np.isin(numbers, passed_on).any():
            yield importance[numbers] / max(importance[numbers].mean(), np.finfo(np.float64).tiny)


def _is_of(layer: str, dial: int | str) -> bool:
    return stage_of(layer) == dial if isinstance(dial, int) else layer.startswith(f"{dial}_")
