"""Source + augmentation + codecs -> batches for `fit`: (pictures, targets, weights), a pure function of the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import keras
import numpy as np

from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.augment import Augmentation
from data_generators.transform.input_spec import InputSpec, fit_sample
from detector.codecs import Codec

# Two threads, through Keras' own queue. With one there is no queue, and `tf.data` runs the Python code in a thread that
# TensorFlow counts on for its kernels: every few epochs one core then stands idle (LOG.md, the data path).
WORKERS = 2
QUEUE = 8  # batches

Batch = tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]


def encode_batch(samples: Sequence[Sample], codecs: Mapping[str, Codec]) -> Batch:
    """Pictures uint8 (B, H, W, C), targets and weights of samples that are at the network's input size."""
    targets: dict[str, np.ndarray] = {}
    weights: dict[str, np.ndarray] = {}
    for codec in codecs.values():
        some_targets, some_weights = codec.encode(samples)
        targets |= some_targets
        weights |= some_weights
    return np.stack([sample.image for sample in samples]), targets, weights


class TrainingBatches(keras.utils.PyDataset):
    """An endless stream of augmented batches; batch i is the same whenever and by whomever it is asked for.

    The stream runs through one permutation of the source after the other. `fit` must be told `steps_per_epoch`; a
    resumed training begins the stream at `first_step`.

    Args:
        source: the training samples.
        augmentation: applied with the seed (seed, pass through the source, index).
        codecs: head name -> codec.
        batch_size: B.
        seed: seeds order and augmentation.
        first_step: number of batches that were seen before.
    """

    def __init__(
        self,
        source: Source,
        augmentation: Augmentation,
        codecs: Mapping[str, Codec],
        batch_size: int,
        *,
        seed: int,
        first_step: int = 0,
    ) -> None:
        super().__init__(workers=WORKERS, max_queue_size=QUEUE)
        self.source, self.augmentation, self.codecs = source, augmentation, codecs
        self.batch_size, self.seed, self.first_step = batch_size, seed, first_step

    @property
    def num_batches(self) -> None:
        """None: the stream has no end."""
        return None

    def positions(self, index: int) -> list[tuple[int, int]]:
        """(pass through the source, sample index) of every picture of a batch."""
        start = (self.first_step + index) * self.batch_size
        places = [divmod(place, len(self.source)) for place in range(start, start + self.batch_size)]
        return [(turn, int(_permutation(self.seed, turn, len(self.source))[place])) for turn, place in places]

    def __getitem__(self, index: int) -> Batch:
        samples = [
            self.augmentation.apply(self.source.sample(sample), (self.seed, turn, sample))
            for turn, sample in self.positions(index)
        ]
        samples = self.augmentation.mix(samples, (self.seed, self.first_step + index))
        return encode_batch(samples, self.codecs)

    def describe(self, index: int) -> list[str]:
        """The origin of every sample of a batch, and which of its targets are not numbers, for messages."""
        targets = self[index][1]
        lines = []
        for row, (_, sample) in enumerate(self.positions(index)):
            broken = [name for name, target in targets.items() if not np.isfinite(target[row]).all()]
            lines.append(
                self.source.sample(sample).origin + (f" (its {', '.join(broken)} holds NaN)" if broken else "")
            )
        return lines


@lru_cache(maxsize=4)
def _permutation(seed: int, turn: int, length: int) -> np.ndarray:
    order = np.random.default_rng([seed, turn]).permutation(length)
    order.flags.writeable = False
    return order


class ValidationBatches(keras.utils.PyDataset):
    """All samples of a source once, in order, fitted to the input without augmentation.

    Args:
        source: the validation samples.
        spec: the network's input.
        codecs: head name -> codec.
        batch_size: B; the last batch may be smaller.
    """

    def __init__(self, source: Source, spec: InputSpec, codecs: Mapping[str, Codec], batch_size: int) -> None:
        super().__init__(workers=1)
        self.source, self.spec, self.codecs, self.batch_size = source, spec, codecs, batch_size

    def __len__(self) -> int:
        return -(-len(self.source) // self.batch_size)

    def __getitem__(self, index: int) -> Batch:
        indices = range(index * self.batch_size, min((index + 1) * self.batch_size, len(self.source)))
        return encode_batch([fit_sample(self.source.sample(i), self.spec) for i in indices], self.codecs)


def check_monitored(monitor: str, batches: Iterable[Batch]) -> None:
    """Refuses a validation set without a label for the output whose metric chooses the best checkpoint.

    Without one the metric is 0 from the first epoch on, and the first checkpoint stays the best.

    Args:
        monitor: name of the metric, `val_<output>_<metric>` or `val_loss`.
        batches: pictures, targets, weights.

    Raises:
        ValueError: there is no label.
    """
    for _, _, weights in batches:
        whole = monitor == "val_loss" or len(weights) == 1  # Keras names no metric by its output where there is but one
        if any(value.any() for name, value in weights.items() if whole or name in monitor):
            return
    raise ValueError(
        f"The validation data labels nothing that {monitor} could measure: it holds no object, or no labels of that "
        "kind. Add pictures with the object to data.validation."
    )
