"""Writes the ONNX bundle: a checkpoint as `model.onnx`, compared with Keras through onnxruntime before it counts."""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detector.card import CARD_NAME, ModelCard, read_keras_card
from detector.export.decode_plan import Tensor, plan_of
from detector.quiet import import_keras_quietly, quiet_stderr
from detector.runs import RunError, write_json

if TYPE_CHECKING:
    from detector.targets.target import Target

logger = logging.getLogger(__name__)

MOST_DIFFERENCE = 1e-4  # of any output from that of Keras, as a share of its greatest value or of 1
FRAMES = 8  # of noise that are compared
EXTRA = "Writing ONNX needs onnx, tf2onnx and onnxruntime: pip install 'detector[onnx]'."


def write_onnx(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
    """`model.onnx`, float32, with the card in its metadata, and `plan.json`.

    Input and outputs are those of the LiteRT files: `image` (1, H, W, C) in [0, 1], an output a tensor.

    Args:
        model: a `.keras` file with card.
        folder: empty.
        target: not needed; boards have the writer's face in common.

    Returns:
        The files.

    Raises:
        RunError: a package is missing, or the file answers otherwise than Keras.
    """
    _require_packages()
    card = read_keras_card(model)
    network = _load(model, card)
    path = folder / "model.onnx"
    _convert(network, path)
    difference, outputs = _compare(network, path, card)
    if not difference <= MOST_DIFFERENCE:
        raise RunError(
            f"{model}: the ONNX file answers otherwise than Keras, by {difference:.1e}; {MOST_DIFFERENCE:.0e} is "
            "allowed. Report it with the model's config, and take the LiteRT files meanwhile."
        )
    logger.info("ONNX differs from Keras by %.1e at most", difference)
    _add_card(path, card, difference)
    shape = (1, *card.input.size_hw, card.input.channels)
    tensors = {name: Tensor(value.shape, "float32") for name, value in outputs.items()}
    write_json(folder / "plan.json", plan_of(card, Tensor(shape, "float32"), tensors))
    return [path, folder / "plan.json"]


def _require_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise RunError(f"{EXTRA} Missing: {error.name}.") from None


def _load(model: Path, card: ModelCard) -> Any:
    """The network as it is exported."""
    import_keras_quietly()
    import keras

    from detector.build import for_export

    if keras.backend.backend() != "tensorflow":
        raise RunError(
            f"Export needs the TensorFlow backend. Received {keras.backend.backend()}. Unset KERAS_BACKEND for it."
        )
    return for_export(keras.saving.load_model(model, compile=False), card.heads)


def _convert(network: Any, path: Path) -> None:
    import keras

    signature = [keras.InputSpec(shape=(1, *network.input.shape[1:]), dtype="float32", name="image")]
    with quiet_stderr(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter warns of its own internals
        network.export(path, format="onnx", input_signature=signature, verbose=False)


def _compare(network: Any, path: Path, card: ModelCard) -> tuple[float, dict[str, np.ndarray]]:
    """The greatest difference, see MOST_DIFFERENCE, over frames of noise, and the outputs of the last frame."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    rng, difference, outputs = np.random.default_rng(0), 0.0, {}
    for _ in range(FRAMES):
        frame = rng.random((1, *card.input.size_hw, card.input.channels), np.float32)
        outputs = dict(zip(names, session.run(names, {"image": frame}), strict=True))
        for name, expected in network.predict_on_batch(frame).items():
            share = np.abs(outputs[name] - expected).max() / max(1.0, np.abs(expected).max())
            difference = max(difference, float(share))
    return difference, outputs


def _add_card(path: Path, card: ModelCard, difference: float) -> None:
    """Puts the card into `metadata_props`, and how far the file is from Keras."""
    import onnx

    model = onnx.load(path)
    properties = {CARD_NAME: card.to_text(), "difference_from_keras": f"{difference:.2e}"}
    onnx.helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    onnx.save(model, path)
