"""A folder of pictures, a model that always suggests the same, a server, and a headless browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_generators.geometry import to_pixels
from data_generators.images import write_image
from data_generators.real.pseudo_file import Kind, PseudoLabel, PseudoQueue
from detector import api
from detector.labelling.label_store import LabelStore
from detector.labelling.server import LabelServer
from detector.labelling.session import LabellingSession
from detector.labelling.suggestion import Suggest, Suggestion
from detector.pseudo_labels.queue import LabelQueue
from tests.detector.chromium import start_chromium

SUGGESTED = np.array([[0.2, 0.2], [0.8, 0.25], [0.75, 0.8], [0.15, 0.7]])
SIZE_HW = (240, 320)

Serve = Callable[..., LabelServer]
Review = Callable[[Kind], LabelServer]
REVIEWED = ("clip/a.png", "b.png", "c.png")  # worst first; the last shows nothing


def draw_page(index: int) -> np.ndarray:
    """A light page on dark ground, uint8 (240, 320, 3)."""
    image = np.full((*SIZE_HW, 3), 60 + 20 * index, np.uint8)
    cv2.fillPoly(image, [np.round(to_pixels(SUGGESTED, SIZE_HW)).astype(np.int32)], (235, 235, 225))
    return image


def suggest_page(image: np.ndarray) -> Suggestion:
    """Suggests the same page in each picture but the darkest, which it says is empty."""
    present = int(image[0, 0, 0]) != 60 + 20 * 2
    return Suggestion(present, 0.97 if present else 0.03, SUGGESTED)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with the pictures a.png, b.png and c.png; the model says that c is empty."""
    for index, name in enumerate("abc"):
        write_image(tmp_path / "photos" / f"{name}.png", draw_page(index))
    return tmp_path / "photos"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a folder until the test ends."""
    servers: list[LabelServer] = []

    def start(folder: Path, suggest: Suggest | None = suggest_page, order: str | None = None) -> LabelServer:
        servers.append(LabelServer(LabellingSession(LabelStore(folder, order), suggest)))  # type: ignore[arg-type]
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def write_labels(folder: Path, kind: Kind) -> Path:
    """The labels of a model for three pictures: two objects in each of two of them, none in the last."""
    header = PseudoQueue(
        model="m", model_hash="1", head="h", kind=kind, class_names=("cat", "dog"), images="../pictures"
    )
    queue = LabelQueue(folder / kind, header)
    boxes, quad = [(0.1, 0.2, 0.4, 0.6), (0.6, 0.3, 0.9, 0.8)], ((0.2, 0.2), (0.8, 0.3), (0.9, 0.8), (0.1, 0.7))
    for index, name in enumerate(REVIEWED):
        write_image(folder / "pictures" / name, draw_page(index))
        found, mask = ([] if index == 2 else boxes), np.zeros((0, 0), np.uint8)
        if kind == "mask":
            mask = np.zeros(SIZE_HW, np.uint8)
            for label, (x0, y0, x1, y1) in enumerate(found, 1):
                mask[round(y0 * 240) : round(y1 * 240), round(x0 * 320) : round(x1 * 320)] = label
        values = {"boxes": found, "labels": range(len(found)), "keypoints": [quad] * len(found) * (kind == "corners")}
        says = {"disagreement": 0.9 - 0.3 * index, "says": f"{len(found)} things"}
        queue.add(PseudoLabel.parse({"image": name, "size_hw": SIZE_HW} | says | values), mask)
    queue.save()
    return queue.root


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    """Serves the labels of a model, of a kind, until the test ends."""
    servers: list[LabelServer] = []

    def start(kind: Kind) -> LabelServer:
        servers.append(api.label(write_labels(tmp_path, kind)))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A headless Chromium, driven by selenium; skips where either is not there."""
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()
