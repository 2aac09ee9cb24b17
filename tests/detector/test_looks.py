"""Looks at a picture: a network that sees what is there says the same, however often and wherever it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.geometry import apply_homography, order_corners_image
from data_generators.preview import write_png
from data_generators.sample import sample_with_corners
from data_generators.settings import SettingsError
from data_generators.transform.input_spec import InputSpec, fit_image
from data_generators.transform.tiling import TileSettings
from detector.codecs.boxes import BoxesPrediction
from detector.evaluation import evaluate_sources
from detector.looks import ONCE, WHOLE, Looks, Tile, look_at, merge_looks, parse_looks
from detector.prediction import predict, predict_images
from detector.runtime import Outputs
from tests.detector.fake import DENSE_HEADS, FakeRuntime
from tests.detector.test_evaluation import Listed

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]])
DOTS = np.array([[0.3, 0.3], [0.65, 0.35], [0.7, 0.75], [0.25, 0.6]])
EVERY = ("mirror", "smaller", "larger")
GRID = TileSettings(rows=1, columns=2)


def dotted(size_hw: tuple[int, int] = (240, 400), dots: np.ndarray = DOTS) -> np.ndarray:
    """A black picture with four dots in four colours."""
    image = np.zeros((*size_hw, 3), np.uint8)
    for (x, y), colour in zip(dots * [size_hw[1], size_hw[0]], COLOURS, strict=True):
        image[round(y) - 9 : round(y) + 9, round(x) - 9 : round(x) + 9] = colour
    return image


class Seeing(FakeRuntime):
    """Answers with the middles of the four dots in image order; not present where one of them is missing."""

    def __init__(self, fit: str = "letterbox", tiles: TileSettings | None = None, **corners: Any) -> None:
        super().__init__(DOTS, fit=fit, heads={"corners": DENSE_HEADS["corners"] | corners, "presence": {}})
        spec = InputSpec(size_hw=(96, 160), fit=fit)
        self.card = self.card.with_changes(input=spec, tiles=tiles)

    def run(self, images: np.ndarray) -> Outputs:
        self.batches.append(images)
        quads = np.stack([self._middles(image.astype(float)) for image in images])
        seen = np.isfinite(quads).all(axis=(1, 2))
        logits = np.where(seen, 5.0, -5.0).astype(np.float32)[:, None]
        points = np.stack([order_corners_image(quad) for quad in np.nan_to_num(quads)]).astype(np.float32)
        return {"corners_presence": logits, "corners_coordinates": points, "presence_logit": logits}

    @staticmethod
    def _middles(image: np.ndarray) -> np.ndarray:
        rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
        places = np.stack([columns + 0.5, rows + 0.5], axis=-1) / [image.shape[1], image.shape[0]]
        weights = [np.clip(image @ (np.where(c, 1, -1)) - 255 * (c.sum() / 255 - 1), 0, 255) for c in COLOURS]
        return np.stack(
            [(places * w[..., None]).sum(axis=(0, 1)) / w.sum() if w.sum() > 1000 else [np.nan] * 2 for w in weights]
        )


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("size_hw", [(240, 400), (390, 250)])
@pytest.mark.parametrize("tta", [(), ("mirror",), EVERY])
def test_a_network_that_sees_says_the_same_of_every_look(fit: str, size_hw: tuple[int, int], tta: Any) -> None:
    runtime = Seeing(fit)
    [answer] = predict_images(runtime, [dotted(size_hw)], looks=Looks(tta=tta))
    assert len(runtime.batches[0]) == 1 + len(tta)
    np.testing.assert_allclose(answer["corners"].keypoints, DOTS, atol=0.006)
    assert answer["corners"].presence == pytest.approx(1, abs=0.01)
    assert answer["presence"].presence == pytest.approx(1, abs=0.01)


def test_each_look_maps_its_own_frame_back() -> None:
    runtime, image = Seeing(), dotted()
    [tile] = look_at(image, runtime.card.input, WHOLE, EVERY)
    frames = np.stack([look.frame for look in tile.looks])
    np.testing.assert_array_equal(frames[0], fit_image(image, runtime.card.input))
    for look, points in zip(tile.looks, runtime.run(frames)["corners_coordinates"], strict=True):
        mapped = apply_homography(look.to_tile, points)
        np.testing.assert_allclose(order_corners_image(mapped), DOTS, atol=0.006)
    np.testing.assert_allclose([look.window for look in tile.looks[:3]], [[0, 0, 1, 1]] * 3)
    np.testing.assert_allclose(tile.looks[3].window, [1 / 12, 1 / 12, 11 / 12, 11 / 12])


@pytest.mark.parametrize("tta", [(), ("mirror", "smaller")])
def test_small_corners_are_found_in_the_tile_that_shows_them(tta: Any) -> None:
    dots = DOTS * [0.4, 0.8] + [0.55, 0.1]
    runtime = Seeing(tiles=TileSettings(rows=1, columns=2, whole=False))
    [answer] = predict_images(runtime, [dotted(dots=dots)], looks=Looks(tta=tta))
    assert len(runtime.batches[0]) == 2 * (1 + len(tta))
    np.testing.assert_allclose(answer["corners"].keypoints, dots, atol=0.006)
    assert answer["presence"].presence > 0.9
    [nothing] = predict_images(runtime, [np.zeros((240, 400, 3), np.uint8)], looks=Looks(tta=tta))
    assert nothing["presence"].presence < 0.1


def test_tiles_of_several_pictures_keep_to_their_pictures() -> None:
    runtime = Seeing(tiles=GRID)
    sizes = [(240, 400), (390, 250)] * 6
    answers = predict_images(runtime, [dotted(size) for size in sizes])
    assert [len(batch) for batch in runtime.batches] == [32, 4]
    for answer in answers:
        np.testing.assert_allclose(answer["corners"].keypoints, DOTS, atol=0.006)


def test_the_card_says_how_pictures_are_cut_and_the_caller_has_the_last_word() -> None:
    runtime = Seeing(tiles=GRID)
    for looks, frames in ((ONCE, 3), (Looks(tiles=TileSettings(rows=2, columns=2)), 5), (Looks(tiles=WHOLE), 1)):
        predict_images(runtime, [dotted()], looks=looks)
        assert len(runtime.batches[-1]) == frames


@pytest.mark.parametrize("corners", [{"order": "object"}, {"points": 5}])
def test_keypoints_that_a_mirror_swaps_are_not_mirrored(corners: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"`mirror` is not for the head `corners`: .* Leave `mirror` out of --tta"):
        predict_images(Seeing(**corners), [dotted()], looks=Looks(tta=("mirror",)))
    Looks(tta=("smaller",)).check(Seeing(**corners).card.codecs())


def test_boxes_of_mirrored_and_cut_looks() -> None:
    """A perfect network, whose boxes are those of the labels in each look."""
    box = np.array([0.42, 0.2, 0.58, 0.5])  # in both tiles, whole in neither
    image = np.zeros((200, 400, 3), np.uint8)
    tiles = look_at(image, InputSpec(size_hw=(96, 160)), TileSettings(rows=1, columns=2, overlap=0.1), EVERY)
    predictions = [
        _seen(box, tile, np.linalg.inv(tile.to_picture @ look.to_tile)) for tile in tiles for look in tile.looks
    ]
    merged = merge_looks(tiles, iter(predictions))
    np.testing.assert_allclose(merged.boxes, [box], atol=1e-6)
    np.testing.assert_allclose(merged.scores, [0.8], atol=1e-6)


def _seen(box: np.ndarray, tile: Tile, to_frame: np.ndarray) -> BoxesPrediction:
    """The part of a box that a tile shows, as a perfect network finds it in one of its frames."""
    part = np.concatenate([np.maximum(box[:2], tile.window[:2]), np.minimum(box[2:], tile.window[2:])])
    found = BoxesPrediction(part[None].astype(np.float32), np.array([0.8], np.float32), np.zeros(1, np.int64))
    framed = found.mapped(to_frame)
    return BoxesPrediction(framed.boxes.clip(0, 1), framed.scores, framed.labels)


def test_scores_and_answers_of_files_take_looks(tmp_path: Path) -> None:
    runtime = Seeing()
    sample = sample_with_corners(dotted(), DOTS[None].astype(np.float32), group="", origin="dots")
    looks = Looks(tiles=GRID, tta=("mirror",))
    scores = evaluate_sources(runtime, [Listed([sample])], looks=looks).scores
    assert scores["quad_iou_mean"] > 0.97
    write_png(tmp_path / "dots.png", dotted())
    [answer] = predict(runtime, [str(tmp_path / "dots.png")], looks=looks)
    assert [len(batch) for batch in runtime.batches] == [6, 6]
    np.testing.assert_allclose(answer.predictions["corners"].keypoints, DOTS, atol=0.006)


def test_looks_as_the_command_line_names_them() -> None:
    assert parse_looks(None, None) == ONCE
    looks = parse_looks("2x3", 0.3, ["mirror", "smaller"])
    assert looks == Looks(tiles=TileSettings(rows=2, columns=3, overlap=0.3), tta=("mirror", "smaller"))
    assert looks.to_json()["tta"] == ["mirror", "smaller"]
    assert looks.to_json()["tiles"]["columns"] == 3
    assert ONCE.to_json() == {}


@pytest.mark.parametrize(
    ("tiles", "overlap", "tta", "message"),
    [
        ("2", None, [], r"--tiles must be ROWSxCOLUMNS, e.g. 2x3, and --overlap goes with it. Received 2"),
        (None, 0.3, [], r"Received no --tiles"),
        ("0x3", None, [], r"--tiles, --tta is not valid:\n  tiles.rows: .* greater than or equal to 1"),
        (None, None, ["mirror", "mirror"], r"every look may be named once"),
        (None, None, ["upside-down"], r"tta.0: .*'mirror', 'smaller' or 'larger'"),
    ],
)
def test_looks_that_are_refused(tiles: str | None, overlap: float | None, tta: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_looks(tiles, overlap, tta)
