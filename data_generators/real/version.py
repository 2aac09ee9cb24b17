"""What the samples of a reader depend on beside its files: the code of the readers, and what decodes pictures."""

from __future__ import annotations

from pathlib import Path

from data_generators.images import decoder_versions
from data_generators.sources import hash_code

PACKAGE = Path(__file__).parents[1]
READ_WITH = (PACKAGE / "real", PACKAGE / "geometry.py", PACKAGE / "images.py", PACKAGE / "sample.py")


def reader_version() -> list[str]:
    """For `Source.content` of every reader; it changes with each change of their code."""
    return [hash_code(*READ_WITH), *decoder_versions()]
