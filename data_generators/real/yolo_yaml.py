"""Reads the data.yaml of a YOLO set: its classes, and where the pictures of each split lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.images import list_images
from data_generators.yaml_text import parse_yaml

YAML_NAME = "data.yaml"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class YoloSet:
    """What a data.yaml says.

    Args:
        path: the file.
        class_names: by index.
        places: split -> its folders or lists of pictures, as written.
        roots: folders that the places may be relative to, the likeliest first.
        has_keypoints: whether keypoints follow the box on a line of a label file.
    """

    path: Path
    class_names: tuple[str, ...]
    places: dict[str, list[str]]
    roots: tuple[Path, ...]
    has_keypoints: bool

    def pictures(self, split: str | None) -> dict[Path, str]:
        """The pictures of a split, or of all splits, each with the folder, or the file and line, that names it;
        whether a listed one is there is left to its reader.

        Raises:
            DataError: there is no such split, folder or list, or a folder without a picture.
        """
        if split is not None and split not in self.places:
            raise DataError(self.path, f"there is no split {split!r}.", f"Splits there are: {', '.join(self.places)}.")
        names = list(self.places) if split is None else [split]
        return dict(item for name in names for place in self.places[name] for item in self._pictures_at(name, place))

    def _pictures_at(self, split: str, place: str) -> Iterator[tuple[Path, str]]:
        where = self._find(split, place)
        if where.is_dir():
            yield from ((path, str(where)) for path in list_images(where, recursive=True))
        elif where.suffix.lower() == ".txt":
            yield from _read_list(where, self.roots)
        else:
            cure = "Name a folder, or a text file with the path of a picture a line."
            raise DataError(self.path, f"{split}: {where} is no folder and no list of pictures.", cure)

    def _find(self, split: str, place: str) -> Path:
        """The folder or list; Roboflow writes `../train/images` for what lies beside the file."""
        names = [place, *([place[3:]] if place.startswith("../") else [])]
        candidates = [root / name for root in self.roots for name in names]
        for candidate in candidates:
            if candidate.exists():
                return candidate
        cure = f"Write `{split}` relative to `path`, and `path` relative to this file."
        raise DataError(self.path, f"{split}: there is no {candidates[0]}.", cure)


def read_yolo_set(path: str | Path) -> YoloSet:
    """Reads a data.yaml.

    Args:
        path: the file, or the folder that holds it.

    Raises:
        DataError: there is no such file, or it does not say classes and splits.
    """
    file = _find_yaml(Path(path).expanduser())
    data = _read_mapping(file)
    data.setdefault("val", data.get("validation"))  # both names are in use
    places = {split: _places(file, split, data[split]) for split in SPLITS if data.get(split)}
    if not places:
        cure = "Write `train: images/train` and `val: images/val`."
        raise DataError(file, f"expected one of {', '.join(SPLITS)}, found none.", cure)
    root = file.parent
    roots = dict.fromkeys([root / str(data.get("path") or "."), root])  # a set that was moved lies around its yaml
    return YoloSet(file, _class_names(file, data), places, tuple(roots), "kpt_shape" in data)


def _find_yaml(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(file for file in path.glob("*.y*ml") if not file.name.startswith("."))
    if path / YAML_NAME in found:
        return path / YAML_NAME
    if len(found) != 1:
        problem = f"expected {YAML_NAME} in this folder, found {', '.join(file.name for file in found) or 'none'}."
        raise DataError(path, problem, f"Name the file, or write one: `{YAML_NAME}` with path, train, val and names.")
    return found[0]


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        data = parse_yaml(read_bytes(file, f"A YOLO set is named by its {YAML_NAME}, or the folder with it."))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(file, f"the file is not YAML ({error}).", "Write one `name: value` a line.") from error
    if not isinstance(data, dict):
        raise DataError(file, f"expected a mapping, got {type(data).__name__}.", "Write path, train, val and names.")
    return data


def _places(file: Path, split: str, value: Any) -> list[str]:
    places = value if isinstance(value, list) else [value]
    if not all(isinstance(place, str) for place in places):
        raise DataError(file, f"{split} must be a path or a list of paths. Received {value!r}.", "Write it in quotes.")
    return places


def _class_names(file: Path, data: dict[str, Any]) -> tuple[str, ...]:
    """The names by index; `names` is a list, or a mapping from 0 on; `nc` alone names the classes class_0 and so on."""
    names, count = data.get("names"), data.get("nc")
    if names is None and isinstance(count, int):
        return tuple(f"class_{index}" for index in range(count))
    if isinstance(names, dict):
        by_index = {str(key): name for key, name in names.items()}  # some tools quote the keys
        indices = [str(index) for index in range(len(names))]
        if set(by_index) != set(indices):
            problem = f"the keys of `names` must be 0 to {len(names) - 1}. Received {', '.join(map(str, names))}."
            raise DataError(file, problem, "Give each class index a name.")
        names = [by_index[index] for index in indices]
    if not isinstance(names, list) or not names or len({str(name) for name in names}) != len(names):
        problem = f"`names` must give each class a name of its own. Received {names!r}."
        raise DataError(file, problem, "Write `names: [cat, dog]`.")
    if isinstance(count, int) and count != len(names):
        raise DataError(file, f"`nc` is {count}, but there are {len(names)} names.", "Correct the one or the other.")
    return tuple(map(str, names))


def _read_list(file: Path, roots: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """The pictures of a text file, a path a line, relative to the file where it begins with `./`, else to the set."""
    lines = read_bytes(file).decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or Path(line).name.startswith("."):
            continue
        candidates = [
            root / line for root in ((file.parent, *roots) if line.startswith("./") else (*roots, file.parent))
        ]
        yield next((path for path in candidates if path.is_file()), candidates[0]), f"{file}:{number}"
