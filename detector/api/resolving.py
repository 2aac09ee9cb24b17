"""What the verbs take as a config."""

from __future__ import annotations

from pathlib import Path

from detector.config import Config, read_config

AnyConfig = Config | str | Path


def resolve(config: AnyConfig) -> Config:
    """The config itself, read where its file or preset is named."""
    return config if isinstance(config, Config) else read_config(config)
