"""Asks a model about unlabelled pictures: of all looks at one, its label, and how far they disagree."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from data_generators.cache import Progress
from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.geometry import order_corners_image
from data_generators.images import list_images, read_image
from data_generators.real.pseudo_file import MASKS_NAME, QUEUE_NAME, Kind, PseudoLabel, PseudoQueue
from data_generators.sample import Sample
from detector.codecs import Codec
from detector.disagreement import disagreement
from detector.looks import ONCE, WHOLE, Looks, SecondLook, look_at, merge_looks
from detector.prediction import run_frames
from detector.pseudo_labels.queue import LabelQueue, locked
from detector.runs import RunError
from detector.runtime import Runtime

KINDS: dict[str, Kind] = {"mask": "mask", "corners": "corners", "grid": "boxes", "box": "boxes"}
DECIMALS = 6  # of a normalised coordinate


class LabelModel:
    """A model that labels pictures with one of its heads.

    Args:
        runtime: the network.
        head: the name of the head; empty takes the only one that labels.
        looks: how often and how each picture is looked at; without second looks, all that the head can take.

    Raises:
        RunError: the model has no such head, or several.
        SettingsError: the head cannot be asked about a mirrored picture, and a mirror was asked for.
    """

    def __init__(self, runtime: Runtime, head: str = "", looks: Looks = ONCE) -> None:
        self._runtime = runtime
        codecs = runtime.card.codecs()
        self.head = _choose_head(codecs, head)
        self.codec, self.kind = codecs[self.head], KINDS[self.head]
        looks.check({self.head: self.codec})
        self.tta = looks.tta or tuple(name for name in get_args(SecondLook) if self._takes(name))
        self._tiles = looks.tiles or runtime.card.tiles or WHOLE

    def _takes(self, name: SecondLook) -> bool:
        return name != "mirror" or self.codec.may_mirror

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the labels index."""
        return self._runtime.card.class_names or ("document" if self.kind == "corners" else "object",)

    def label(self, image: np.ndarray, name: str) -> tuple[PseudoLabel, np.ndarray]:
        """The label of a picture, of all looks together, and its mask.

        The disagreement is that of the tile whose looks disagree most.

        Args:
            image: uint8 (H, W, C).
            name: of the picture.

        Returns:
            The label, and uint8 (H, W), or (0, 0) where the head predicts no mask.
        """
        thresholds = self._runtime.card.thresholds
        tiles = look_at(image, self._runtime.card.input, self._tiles, self.tta)
        looks = [look for tile in tiles for look in tile.looks]
        predictions = self.codec.decode(run_frames(self._runtime, [look.frame for look in looks]))
        merged = merge_looks(tiles, iter(predictions))
        seen = iter(zip(looks, predictions, strict=True))
        worst = max(disagreement([_mapped(*next(seen)) for _ in tile.looks]) for tile in tiles)
        sample = merged.to_sample(image, thresholds)
        label = PseudoLabel(
            image=name,
            size_hw=sample.size_hw,
            disagreement=round(float(worst), DECIMALS),
            says=merged.describe(thresholds),
            **_objects(sample, self.codec.corner_order),
        )
        return label, sample.mask if self.kind == "mask" else np.zeros((0, 0), np.uint8)

    def header(self, root: Path, images: Path) -> PseudoQueue:
        """A queue without labels, of pictures in the folder `images`, for the folder `root`."""
        path = self._runtime.path
        return PseudoQueue(
            model=str(path),
            model_hash=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
            head=self.head,
            kind=self.kind,
            class_names=self.class_names,
            corner_order=self.codec.corner_order,
            tta=self.tta,
            images=Path(os.path.relpath(images, root)).as_posix(),
        )


def label_pictures(
    model: LabelModel,
    images: str | Path,
    out: str | Path,
    *,
    anew: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> LabelQueue:
    """Labels the pictures of a folder and its sub-folders; called again it goes on after a stop.

    Args:
        model: is asked.
        images: the folder of pictures.
        out: the folder of the labels; where it lies in `images`, what is in it is not asked about.
        anew: asks again about every picture whose label is not accepted, as another model can.
        on_error: what to do with a picture that cannot be read: stop, or leave it out.
        progress: called with (pictures done, in all).

    Returns:
        The queue, which is on disk.

    Raises:
        RunError: `out` holds labels of another model or other pictures, or another process is at work there.
        DataError: there are no pictures, or one cannot be read.
    """
    source, root = Path(images).expanduser(), Path(out).expanduser()
    paths, policy = _pictures(source, root), ErrorPolicy(on_error)
    with locked(root):
        queue = _begin(root, model.header(root, source), anew)
        queue.save()
        try:
            for done, path in enumerate(paths, 1):
                name = path.relative_to(source).as_posix()
                try:
                    if name not in queue:
                        queue.add(*model.label(read_image(path), name))
                except DataError as error:
                    policy.handle(error)
                if progress:
                    progress(done, len(paths))
        finally:
            queue.save()
    policy.summarise(str(source), len(paths))
    return queue


def _pictures(source: Path, root: Path) -> list[Path]:
    """The pictures of a folder, without those that were written to the folder of the labels.

    Raises:
        DataError: there are none.
    """
    own = root.resolve() if root.resolve() != source.resolve() else root.resolve() / MASKS_NAME
    paths = [path for path in list_images(source, recursive=True) if own not in path.resolve().parents]
    if not paths:
        raise DataError(source, f"expected pictures beside those in {own}, found none.", "Check the path.")
    return paths


def _choose_head(codecs: Mapping[str, Codec], wanted: str) -> str:
    able = [name for name in codecs if name in KINDS]
    if wanted in able or (not wanted and len(able) == 1):
        return wanted or able[0]
    asked = f"`{wanted}`" if wanted else "one of them"
    raise RunError(
        f"Labels come from a head {', '.join(KINDS)}. The model has {', '.join(codecs)}, asked for was {asked}. "
        + (f"Name one with --head: {', '.join(able)}." if able else "Give another model.")
    )


def _mapped(look: Any, prediction: Any) -> Any:
    return prediction.mapped(look.to_tile)


def _objects(sample: Sample, order: str) -> dict[str, Any]:
    quads = [order_corners_image(q) if order == "image" and len(q) == 4 else q for q in sample.keypoints]
    return {
        "boxes": np.round(sample.boxes.astype(float), DECIMALS).tolist(),
        "labels": sample.labels.tolist(),
        "keypoints": [np.round(np.asarray(quad, float), DECIMALS).tolist() for quad in quads if len(quad)],
    }


def _begin(root: Path, header: PseudoQueue, anew: bool) -> LabelQueue:
    """The queue as it was left, or a new one."""
    if not (root / QUEUE_NAME).exists():
        return LabelQueue(root, header)
    before = LabelQueue.read(root)
    kept = [label for label in before.worst_first() if label.state == "accepted" or not anew]
    fixed = {"images", "kind", "class_names", "corner_order"} | (set() if anew else {"model_hash", "head", "tta"})
    changed = [name for name in sorted(fixed) if getattr(before.header, name) != getattr(header, name)]
    if changed:
        told = "; ".join(f"{name} {getattr(before.header, name)!r}, now {getattr(header, name)!r}" for name in changed)
        cure = "Give another --out" + ("." if anew else ", or --anew: accepted labels stay, the others are asked for.")
        raise RunError(f"{root / QUEUE_NAME} was begun with {told}. {cure}")
    return LabelQueue(root, header.model_copy(update={"pictures": tuple(kept)}))
