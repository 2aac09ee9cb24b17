"""The presence of cats is measured against each set of negatives, by the score of cats alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import write_image
from detector.card import ModelCard
from detector.codecs.box import BoxCodec
from detector.codecs.grid import GridCodec
from detector.codecs.presence import PresenceCodec
from detector.runtime import Outputs, Runtime
from tests.detector.tiny import GRID, tiny_config

SURE, UNSURE = 4.0, -4.0
CAT_RED, DOG_BLUE, GREY = (200, 0, 0), (0, 0, 200), (90, 90, 90)


class RedIsCat(Runtime):
    """Sees a cat in the first cell of a red picture and a dog in that of a blue one; a `box` head sees red alone."""

    name = "fake"

    def __init__(self, heads: dict[str, Any]) -> None:
        self.card, self.path = ModelCard.of(tiny_config(heads), 42), Path(__file__)

    def run(self, images: np.ndarray) -> Outputs:
        red, blue = (images[:, 0, 0, channel] > 100 for channel in (0, 2))
        if "box" in self.card.heads:
            presence = np.where(red, SURE, UNSURE).astype(np.float32)[:, None]
            return {"box_presence": presence, "box_coordinates": np.full((len(images), 4), 0.5, np.float32)}
        objectness = np.full((len(images), 24), UNSURE, np.float32)
        objectness[:, 0] = np.where(red | blue, SURE, UNSURE)
        classes = np.full((len(images), 24, 2), UNSURE, np.float32)
        classes[:, :, 0], classes[:, :, 1] = (np.where(each, SURE, UNSURE)[:, None] for each in (red, blue))
        return {
            "grid_objectness": objectness,
            "grid_boxes": np.full((len(images), 24, 4), 0.2, np.float32),
            "grid_classes": classes,
        }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two cats, one of them beside a dog, two dogs, two textures of which one is red, and a sheet."""
    labels = {"a": (CAT_RED, "1"), "b": (CAT_RED, "01"), "c": (DOG_BLUE, "0"), "d": (DOG_BLUE, "0")}
    for name, (colour, classes) in labels.items():
        _write(tmp_path / f"boxes_dogcat/images/val/{name}.jpg", colour)
        file = tmp_path / f"boxes_dogcat/labels/val/{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{label} 0.4 0.5 0.{3 + place} 0.4\n" for place, label in enumerate(classes)))
    (tmp_path / "boxes_dogcat/data.yaml").write_text("path: .\nval: images/val\nnames: {0: dog, 1: cat}\n")
    _write(tmp_path / "textures/banded_1.jpg", GREY)
    _write(tmp_path / "textures/banded_2.jpg", CAT_RED)
    _write(tmp_path / "corners_paper_sheets/images/sheet.jpg", GREY)
    return tmp_path


def _write(path: Path, colour: tuple[int, int, int]) -> None:
    write_image(path, np.full((30, 40, 3), colour, np.uint8))


@pytest.mark.parametrize("heads", [{"grid": GRID}, {"box": {"method": "dense"}}], ids=lambda heads: "".join(heads))
def test_each_set_is_measured_for_itself(data: Path, heads: dict[str, Any]) -> None:
    from cat_presence import measure

    figures = measure(RedIsCat(heads), data)
    told = {
        name: (row["positives"], row["negatives"], row["presence_roc_auc"]) for name, row in figures["scores"].items()
    }
    assert told == {"dogs": (2, 2, 1.0), "textures": (2, 2, 0.75), "sheets": (2, 1, 1.0)}
    assert figures["most_alarming"]["textures"][0][0] == "textures/banded_2.jpg"
    assert [name for name, _ in figures["least_sure_cats"]] == [f"boxes_dogcat/images/val/{name}.jpg" for name in "ab"]


def test_textures_that_training_has_seen_can_be_left_out(data: Path) -> None:
    from cat_presence import measure, open_negatives

    seen = open_source(f"negatives:{data}/textures#train", class_name="cat", val_share=0.5).groups()
    left = open_negatives(f"negatives:{data}/textures", held_out=True).groups()
    assert sorted(seen + left) == ["banded_1.jpg", "banded_2.jpg"]
    assert measure(RedIsCat({"grid": GRID}), data, held_out=True)["scores"]["textures"]["negatives"] == len(left)


def test_a_head_that_cannot_tell_cats_is_refused() -> None:
    from cat_presence import choose_head

    spec, both, cat = tiny_config({"presence": {}}).input, ("cat", "dog"), ("cat",)

    def head(codec: Any, classes: tuple[str, ...], **settings: Any) -> dict[str, Any]:
        return {codec.name: codec(codec.settings_class(**settings), spec, classes)}

    assert choose_head(head(PresenceCodec, both) | head(GridCodec, both)) == "grid"
    assert choose_head(head(BoxCodec, both, of=cat)) == "box"
    assert choose_head(head(PresenceCodec, cat)) == "presence"
    for refused in (
        head(BoxCodec, both),
        head(PresenceCodec, both),
        head(GridCodec, ("dog",)),
        head(BoxCodec, ("dog",)),
    ):
        with pytest.raises(
            SystemExit, match=r"Expected a head that says whether there is a cat\. Received (box|presence|grid) of"
        ):
            choose_head(refused)


def test_a_table_is_printed_and_json_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import cat_presence

    monkeypatch.setattr(cat_presence, "load_runtime", lambda _: RedIsCat({"grid": GRID}))
    monkeypatch.setattr("sys.argv", ["cat_presence.py", "m", "--data", str(data), "--json", str(tmp_path / "a.json")])
    cat_presence.main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[3][:5] == ["textures", "2", "2", "0.7500", "0.97"]
    assert '"presence_roc_auc": 0.75' in (tmp_path / "a.json").read_text()
