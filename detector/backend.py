"""Determinism: the one module besides `export/` that may touch TensorFlow itself."""

from __future__ import annotations

import keras


def prepare_backend(deterministic: bool) -> None:
    """With `deterministic`, the same seed gives the same weights to the bit from now on in this process.

    Raises:
        ValueError: `deterministic` on a backend other than TensorFlow.
    """
    if not deterministic:
        return
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"`training.deterministic` needs the TensorFlow backend. Received {keras.backend.backend()}. "
            "Unset KERAS_BACKEND or set training.deterministic=false."
        )
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
