"""Trains and asks a UNet of segmentation_models.pytorch, for `mask_peers.py`: runs in an environment of its own.

    PYTHON smp_worker.py REQUEST.json RESULT.json < BATCHES

The request holds `verb`, the name of a function below, and its arguments; BATCHES is what `mask_stream.py` writes.
Nothing of `detector` is imported here.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch_parts import count_macs, count_parameters, declare_torchvision_operators

ENCODER = "tu-lcnet_035"
DECODER = (64, 32, 16, 16, 8)  # 386,835 parameters in all
LEARNING_RATE = 2e-3
WARM_UP = 0.05  # of the budget
IGNORED = 255
BATCH = 32  # pictures that are asked about at once

Result = dict[str, Any]


def build() -> torch.nn.Module:
    """Pictures (B, 3, H, W) in [0, 1] -> logits (B, 1, H, W); random weights."""
    import segmentation_models_pytorch as smp

    return smp.Unet(ENCODER, encoder_weights=None, decoder_channels=DECODER, classes=1)


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [0, 1], channels last in memory."""
    return (torch.from_numpy(pictures).float() / 255).permute(0, 3, 1, 2)


def train(*, cpu_seconds: float, seed: int, size_hw: list[int], batch_size: int, weights: str) -> Result:
    """Trains from random weights until the CPU seconds are spent, with a cosine over them; all that is kept is the end.

    Args:
        cpu_seconds: of this process, after its imports.
        seed: of the weights.
        size_hw: of the pictures.
        batch_size: B.
        weights: the file to write.

    Returns:
        `cpu_seconds`, `pictures` trained on, `pictures_per_cpu_second`, `loss` of the last step.
    """
    torch.manual_seed(seed)
    network = build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.01)
    begun, pictures, spent, loss = time.process_time(), 0, 0.0, torch.zeros(())
    while spent < cpu_seconds:
        frames, masks = read_batch(batch_size, size_hw)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * share_of_rate(spent / cpu_seconds)
        loss = mask_loss(network(to_tensor(frames))[:, 0], torch.from_numpy(masks))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pictures, spent = pictures + batch_size, time.process_time() - begun
    torch.save(network.state_dict(), weights)
    rate = {"pictures_per_cpu_second": pictures / spent, "loss": float(loss.detach())}
    return {"cpu_seconds": spent, "pictures": pictures} | rate


def read_batch(batch_size: int, size_hw: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (B, H, W, 3) and masks uint8 (B, H, W) from standard input.

    Raises:
        SystemExit: it ended.
    """
    arrays = []
    for shape in ((batch_size, *size_hw, 3), (batch_size, *size_hw)):
        data = sys.stdin.buffer.read(math.prod(shape))
        if len(data) < math.prod(shape):
            raise SystemExit("The stream of pictures has ended; stream.log beside this log says why.")
        arrays.append(np.frombuffer(bytearray(data), np.uint8).reshape(shape))
    return arrays[0], arrays[1]


def share_of_rate(spent: float) -> float:
    """The share of the learning rate after a share of the budget: a linear rise, then half a cosine."""
    if spent < WARM_UP:
        return max(spent / WARM_UP, 0.01)
    return (1 + math.cos(math.pi * min(1.0, (spent - WARM_UP) / (1 - WARM_UP)))) / 2


def mask_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Cross-entropy + Dice over the pixels that are not ignored, both (B, H, W)."""
    known, target = (masks != IGNORED).float(), (masks == 1).float()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    found = torch.sigmoid(logits) * known
    dice = 1 - (2 * (found * target).sum((1, 2)) + 1) / (found.sum((1, 2)) + (target * known).sum((1, 2)) + 1)
    return (entropy * known).sum() / known.sum().clamp(min=1) + dice.mean()


def predict(*, weights: str, frames: str, answers: str, rounds: int) -> Result:
    """Asks for the masks of pictures, and how long one takes on one thread.

    Args:
        weights: the file that `train` wrote.
        frames: a `.npy` file, uint8 (N, H, W, 3).
        answers: the `.npy` file to write: probabilities float32 (N, H, W).
        rounds: that are timed.

    Returns:
        `version`, `parameters`, `macs`, and `float_ms`, the median of CPU milliseconds, traced and frozen.
    """
    import segmentation_models_pytorch as smp

    torch.set_num_threads(1)
    network, pictures = build(), np.load(frames)
    network.load_state_dict(torch.load(weights))
    network.eval()
    with torch.inference_mode():
        parts = [network(to_tensor(pictures[begin : begin + BATCH])) for begin in range(0, len(pictures), BATCH)]
    np.save(answers, torch.sigmoid(torch.cat(parts))[:, 0].numpy())
    one = to_tensor(pictures[:1]).contiguous()
    size = {"parameters": count_parameters(network), "macs": count_macs(network, one)}
    return {"version": smp.__version__, "float_ms": time_one(network, one, rounds)} | size


def time_one(network: torch.nn.Module, picture: torch.Tensor, rounds: int) -> float:
    """Median CPU milliseconds of a picture, after some to warm up."""
    times = []
    with torch.inference_mode():
        frozen = torch.jit.freeze(torch.jit.trace(network, picture))
        for _ in range(20 + rounds):
            begun = time.process_time()
            frozen(picture)
            times.append(1000 * (time.process_time() - begun))
    return float(np.median(times[20:]))


VERBS = {verb.__name__: verb for verb in (train, predict)}


def main() -> None:
    """Does what the request says."""
    request = json.loads(Path(sys.argv[1]).read_text())
    kept = declare_torchvision_operators()
    result = VERBS[request.pop("verb")](**request)
    Path(sys.argv[2]).write_text(json.dumps(result))
    del kept


if __name__ == "__main__":
    main()
