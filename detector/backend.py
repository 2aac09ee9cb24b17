"""Determinism and threads: the one module besides `export/` that may touch TensorFlow itself."""

from __future__ import annotations

import cv2
import keras


def prepare_backend(deterministic: bool) -> None:
    """Makes this process ready to train. OpenCV gets one thread: more of them double the CPU time of pictures as small
    as these, which training has use for.

    Args:
        deterministic: the same seed gives the same weights to the bit from now on.

    Raises:
        ValueError: `deterministic` on a backend other than TensorFlow.
    """
    cv2.setNumThreads(1)
    if not deterministic:
        return
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"`training.deterministic` needs the TensorFlow backend. Received {keras.backend.backend()}. "
            "Unset KERAS_BACKEND or set training.deterministic=false."
        )
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
