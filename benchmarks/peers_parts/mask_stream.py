"""Feeds a peer of `mask_peers.py` with our augmented pictures, so that its worker needs nothing of ours.

    python mask_stream.py CONFIG.yaml > PIPE

The stream has no end. A batch is the pictures, uint8 (B, H, W, 3), then their masks, uint8 (B, H, W): 1 on an object,
0 elsewhere, 255 where it is to be ignored. They are those that the network of the config would see.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import yaml

from data_generators.sample import MASK_IGNORE, Sample
from detector.config import Config, read_config

LOG_NAME = "stream.log"


@contextmanager
def open_stream(config: Config, folder: Path) -> Iterator[IO[bytes]]:
    """A process that writes batches for as long as the block lasts; the block gets the end of the pipe to read from.

    Args:
        config: what the batches are made of.
        folder: for the config and the log of the process.
    """
    path = folder / "stream.yaml"
    path.write_text(yaml.safe_dump(config.to_dict()))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, str(path)]
    with (
        (folder / LOG_NAME).open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment) as process,
    ):
        try:
            yield cast(IO[bytes], process.stdout)
        finally:
            process.terminate()


class PixelCodec:
    """Masks at the size of the input, all classes as one."""

    def encode(self, samples: Sequence[Sample]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """`mask` uint8 (B, H, W), and no weights."""
        return {"mask": np.stack([_mask_of(sample) for sample in samples])}, {}


def _mask_of(sample: Sample) -> np.ndarray:
    if "mask" not in sample.has:
        return np.full(sample.size_hw, MASK_IGNORE, np.uint8)
    return np.where(sample.mask == MASK_IGNORE, MASK_IGNORE, sample.mask > 0).astype(np.uint8)


def make_batches(config: Config) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures and masks, without end."""
    from detector.batches import TrainingBatches
    from detector.data import training_sources, training_view

    source, codec = training_sources(config)[0], PixelCodec()
    codecs: Any = {"mask": codec}
    batches = TrainingBatches(
        source, training_view(config, source), codecs, config.training.batch_size, seed=config.seed
    )
    for index in itertools.count():
        pictures, targets, _ = batches[index]
        yield pictures, targets["mask"]


def main() -> None:
    """Writes batches to standard output."""
    from detector.quiet import import_keras_quietly

    with os.fdopen(os.dup(1), "wb") as pipe:
        os.dup2(2, 1)  # whatever else is printed goes to the log
        import_keras_quietly()
        for arrays in make_batches(read_config(sys.argv[1])):
            for array in arrays:
                pipe.write(np.ascontiguousarray(array).tobytes())
            pipe.flush()


if __name__ == "__main__":
    main()
