"""The contract of writers of box labels, and the loop that they share: a source in, a folder out, and what was lost."""

from __future__ import annotations

import io
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from data_generators.errors import DataError
from data_generators.files import read_bytes, write_atomically
from data_generators.images import decode_image, encode_image
from data_generators.real.lost_labels import LostLabels
from data_generators.sample import Sample
from data_generators.sources import Source, readable_samples

Progress = Callable[[int, int], None]


class BoxWriter(ABC):
    """Writes the labels of pictures in one format; one object writes one folder.

    Attributes:
        name: of the format, for messages.
        holds: which of "classes" (a list of classes, also of those that do not occur), "groups", "ignore", "keypoints"
            "labelled_classes" and "mask" the format has a place for.

    Args:
        root: the folder, there and empty.
        class_names: the vocabulary that the samples' labels index.
        splits: names of the splits, in order; [""] where the set has none.
    """

    name: str
    holds: frozenset[str] = frozenset()

    def __init__(self, root: Path, class_names: tuple[str, ...], splits: list[str]) -> None:
        self.root, self.class_names, self.splits = root, class_names, splits

    def prepare(self, sample: Sample) -> Sample:
        """The sample with boxes, where the format can make them of other labels."""
        return sample

    @abstractmethod
    def picture_folder(self, split: str) -> Path:
        """Where the pictures of a split go."""

    @abstractmethod
    def add(self, split: str, path: Path, sample: Sample) -> None:
        """Writes or gathers the labels of a picture.

        Args:
            split: one of `splits`.
            path: the picture, already written.
            sample: with boxes; its labels index `class_names`, none is negative.
        """

    def finish(self) -> None:  # noqa: B027 - only formats with a file about all pictures have something to do
        """Writes what is about all pictures; called once, after the last one."""

    def changes(self) -> list[str]:
        """What else was changed, beside what the format has no place for; a sentence each with a count."""
        return []


def write_box_set(
    splits: Mapping[str, Source],
    directory: str | Path,
    writer_class: type[BoxWriter],
    quality: int | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Writes sources to a new folder, which is there in full or, after a kill, not at all.

    A picture that is a JPEG or PNG file, upright and unchanged, is copied as it is.

    Args:
        splits: name of the split -> source; {"": source} writes a set without splits. Classes are joined by name.
        directory: the folder, new or empty.
        writer_class: the format.
        quality: writes all pictures as JPEG of this quality, 1 to 100; None copies files, and writes PNG where there
            is none.
        progress: called with the number of samples done and their total.

    Returns:
        What the format could not hold, a sentence each with a count.

    Raises:
        DataError: the folder is not empty, or a sample cannot be read and its source's `on_error` is `raise`.
    """
    class_names = joined_class_names(splits)
    lost = LostLabels(writer_class.name, writer_class.holds, class_names)
    with new_folder(Path(directory).expanduser()) as root:
        writer, names = writer_class(root, class_names, list(splits)), Names()
        for split, index, read in relabelled_samples(splits, class_names, progress):
            sample = writer.prepare(read)
            lost.count(sample, splits[split].labelled_classes_at(index))
            if "boxes" in sample.has:
                written = _written_objects(sample)
                path = writer.picture_folder(split) / names.unique(sample.origin, index)
                writer.add(split, write_picture(path, written, quality), written)
        writer.finish()
    return lost.sentences() + writer.changes()


def joined_class_names(splits: Mapping[str, Source]) -> tuple[str, ...]:
    """The classes of all splits, each once, in order of appearance."""
    return tuple(dict.fromkeys(name for source in splits.values() for name in source.class_names))


def relabelled_samples(
    splits: Mapping[str, Source], class_names: tuple[str, ...], progress: Progress | None
) -> Iterator[tuple[str, int, Sample]]:
    """Split, index in its source, and sample of all that can be read; labels index `class_names`."""
    done, total = 0, sum(map(len, splits.values()))
    for split, source in splits.items():
        indices = np.array([*map(class_names.index, source.class_names), -1], np.int64)  # the last one: -1 stays -1
        for index, sample in readable_samples(source):
            yield split, index, sample.relabel(indices)
            done += 1
            if progress:
                progress(done, total)


@contextmanager
def new_folder(directory: Path) -> Iterator[Path]:
    """A folder beside `directory` that takes its place at the end, and is gone where the block raises."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DataError(directory, "the folder is not empty.", "Give a new folder, or delete this one first.")
    part = directory.with_name(f".{directory.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if directory.exists():
            directory.rmdir()
        part.replace(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _written_objects(sample: Sample) -> Sample:
    """The sample with its boxes cut at the border, without objects of no class and those outside of the picture."""
    boxes = sample.boxes.clip(0, 1)
    keep = (sample.labels >= 0) & (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    arrays = {name: getattr(sample, name)[keep] for name in ("labels", "ignore", "keypoints")}
    return sample.replace(boxes=boxes[keep], **arrays)


def write_picture(path: Path, sample: Sample, quality: int | None) -> Path:
    """Writes the picture under the path, which gets its extension."""
    extension, data = (None if quality else _plain_file(sample)) or _encoded(sample, quality)
    path = path.with_name(path.name + extension)
    write_atomically(path, data)
    return path


def _encoded(sample: Sample, quality: int | None) -> tuple[str, bytes]:
    extension = ".jpg" if quality else ".png"
    return extension, encode_image(sample.image, extension, quality or 95)


def _plain_file(sample: Sample) -> tuple[str, bytes] | None:
    """Extension and bytes of the file that the sample was read from, where it is upright and has the same pixels."""
    path = Path(sample.origin)
    extension = path.suffix.lower()
    if extension not in (".jpg", ".jpeg", ".png") or not path.is_file():
        return None
    data = read_bytes(path)
    same = np.array_equal(decode_image(data, path, sample.image.shape[2]), sample.image)
    return (extension, data) if same and not _is_turned(data) else None


def _is_turned(data: bytes) -> bool:
    """Whether the picture's EXIF orientation is another than upright: programs that ignore it would see it lying."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.getexif().get(0x0112, 1) != 1


class Names:
    """Names of the written pictures, without extension: those of the files that they come from, each once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def unique(self, origin: str, index: int) -> str:
        """A name that no other picture has, also where upper and lower case are the same."""
        path = Path(origin)
        name = re.sub(r"[^\w.-]", "_", path.stem).lstrip(".") if path.is_file() else ""
        name = name or f"{index:06d}"
        number, wanted = 2, name
        while name.lower() in self._used:
            name, number = f"{wanted}_{number}", number + 1
        self._used.add(name.lower())
        return name
