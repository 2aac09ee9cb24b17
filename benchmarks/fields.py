"""The number on the form: a certificate's template is laid over unseen drawn photos of the same form with other values.

    python benchmarks/fields.py [--photos 300] [--forms 6] [--model documents] [--flat] [--others SOURCE] [--json FILE]

For each form, a filled scan and a `form.yaml` with one field are written. The field's box is where the numbers of
`SPECIMENS` certificates stood, and `PADDING` of its height more on each side. Each photo, 640 x 480 to 960 x 720
pixels, shows the form with other values, turned by 0, 90, 180 or 270 degrees and up to 15 more; all is asked through
`detector.prediction.predict(..., template=form.yaml)`, and once more without refinement, where the corners of the
network alone say where the field is. The paper is bent, folded and crumpled as in the default scenes, or flat with
`--flat`; on bent paper the true quadrilateral of a box is that of its four corners.

- `found`: share of photos in which the form is found: the network says that there is a document, or its print is there;
- `corners_iou_mean`: mean quad IoU of the network's corners with the paper's, 0 where nothing was found;
- `corners_good`: share with a corner IoU of at least 0.9;
- `orientation_right`: share of all photos whose first corner is the form's own top left;
- `field_iou_mean`: mean IoU of the predicted and the true quadrilateral of the field's box, 0 where nothing was found;
- `box_iou_mean`: the same of the axis-aligned boxes around the two;
- `number_inside`: share of all photos in which the tight quadrilateral around the printed number lies wholly inside the
  predicted quadrilateral of the field, to a tenth of a pixel.

The last four again as `..._good`: over the photos with good corners alone; and all of them as `..._readable`: over the
photos in which a person could read the number, whatever was found. By the drawing, never by the answer, they are those
in which the page lies whole in the picture, the number is at least `LEAST_HIGH_PX` high, and the pixels at its true
place follow the number as it was printed: by a correlation of at least `LEAST_LIKE` (no finger, glare or blur over it),
and with at least `LEAST_CONTRAST` grey values between its ink and its paper. `readable` is their share of all.

`print_found` is the share of photos in which a form is read and its print was found, not its corners alone; with
`--others` also that of pictures that do not show the form, up to `MOST_OTHERS` of each source: 0 is right there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from shapely.geometry import Polygon

from data_generators.formats import open_source
from data_generators.forms import box_quad, read_form, write_form
from data_generators.geometry import UNIT_QUAD, align_cyclic, homography_between, quad_iou
from data_generators.images import write_image
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.synthetic.certificates import draw_registration_form
from data_generators.synthetic.compositing import shrink_levels, shrink_to
from data_generators.synthetic.documents import DocumentScenes, DocumentSettings
from data_generators.transform.warp import warp_image
from detector.forms.reading import FormReader, FormReading
from detector.prediction import Answer, predict
from detector.runtime import Runtime, load_runtime

FIELD = "registration_number"
SPECIMENS, PADDING = 8, 0.4
SIZES_HW = ((480, 640), (640, 480), (720, 960), (960, 720))
SCAN_PX = 1600
GOOD_IOU, SLACK_PX = 0.9, 0.1
MOST_OTHERS = 60
LEAST_HIGH_PX, LEAST_LIKE, LEAST_CONTRAST = 8, 0.6, 20
NAMES = ("orientation_right", "field_iou_mean", "box_iou_mean", "number_inside")
FLAT = {"strength": 0}


def draw_certificate(form_seed: int, page: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A certificate with the values of `page`, and their tight boxes."""
    return draw_registration_form(np.random.default_rng(form_seed), np.random.default_rng([form_seed, page]), SCAN_PX)


@lru_cache
def field_box(form_seed: int) -> np.ndarray:
    """Where numbers stand on a form, with padding, (4,) normalised; the specimens are no pages of the photos."""
    drawn = [draw_certificate(form_seed, (1 << 30) + number) for number in range(SPECIMENS)]
    boxes = np.array([boxes[FIELD] for _, boxes in drawn], np.float64)
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    height, width = drawn[0][0].shape[:2]
    padding = PADDING * (high[1] - low[1]) * np.array([height / width, 1])
    return np.clip(np.concatenate([low - padding, high + padding]), 0, 1)


def write_template(folder: Path, form_seed: int) -> Path:
    """Writes the scan of a specimen and its `form.yaml`; returns the path."""
    path = folder / f"form-{form_seed}.yaml"
    write_form(path, draw_certificate(form_seed, 1 << 30)[0], {FIELD: field_box(form_seed)})
    return path


class CertificatePhotos(DocumentScenes):
    """Scenes of one form; each has three objects: the page, the field's box and the number's tight box."""

    def __init__(self, form_seed: int, settings: DocumentSettings) -> None:
        super().__init__(settings)
        self._form_seed, self._field = form_seed, field_box(form_seed)

    def printed_number(self) -> np.ndarray:
        """The number of the first photo as printed, uint8 (h, w, 3)."""
        levels, box = self._draw(int(self._pages(np.array([0]))[0]))
        height, width = levels[0].shape[:2]
        x0, y0, x1, y1 = np.round(box * [width, height, width, height]).astype(int)
        return levels[0][y0:y1, x0:x1]

    def _draw(self, page: int) -> tuple[list[np.ndarray], np.ndarray]:
        return _draw(self._form_seed, page, self._long_px)

    def _levels(self, page: int) -> list[np.ndarray]:
        return self._draw(page)[0]

    def _target(self, page: int) -> np.ndarray:
        return np.concatenate([UNIT_QUAD, box_quad(self._field), box_quad(self._draw(page)[1])])


@lru_cache(maxsize=64)
def _draw(form_seed: int, page: int, long_px: int) -> tuple[list[np.ndarray], np.ndarray]:
    picture, boxes = draw_certificate(form_seed, page)
    scale = min(1.0, long_px / max(picture.shape[:2]))
    size_wh = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return shrink_levels(shrink_to([picture], size_wh)), boxes[FIELD]


def make_photos(form_seed: int, number: int, flat: bool) -> CertificatePhotos:
    """A source of photo `number` alone: whole in the picture, turned by a quarter turn and a little."""
    turn_deg = 90 * (number // 4 % 4)
    values = {
        "seed": 70_000 + number,
        "count": 1,
        "pages": 2048,
        "size_hw": SIZES_HW[number % len(SIZES_HW)],
        "negative_share": 0,
        "placement": {
            "area": [0.2, 0.8],
            "rotation_deg": [turn_deg - 15, turn_deg + 15],
            "any_rotation_share": 0,
            "cut_off_share": 0,
            "tilt_deg": [0, 35],
            "photo_aspect": [0.95, 1.05],
        },
    }
    return CertificatePhotos(form_seed, DocumentSettings.parse(values | ({"paper": FLAT} if flat else {})))


def is_readable(sample: Sample, printed: np.ndarray) -> bool:
    """Whether a person could read the number: see the top of this file.

    Args:
        sample: a photo of `CertificatePhotos`.
        printed: uint8 (h, w, 3), the number as it was printed.
    """
    page, _, number = sample.keypoints.astype(np.float64)
    sides_px = np.linalg.norm((number[[3, 2]] - number[[0, 1]]) * [sample.size_hw[1], sample.size_hw[0]], axis=1)
    if page.min() < 0 or page.max() > 1 or sides_px.mean() < LEAST_HIGH_PX:
        return False
    height = round(sides_px.mean())
    size_hw = height, max(2, round(height * printed.shape[1] / printed.shape[0]))
    expected, seen = (
        cv2.cvtColor(warp_image(image, homography_between(quad, UNIT_QUAD), size_hw, "replicate"), cv2.COLOR_RGB2GRAY)
        for image, quad in ((printed, UNIT_QUAD), (sample.image, number))
    )
    alike = float(cv2.matchTemplate(seen, expected, cv2.TM_CCOEFF_NORMED)[0, 0])
    ink = expected < 0.5 * (int(expected.min()) + int(expected.max()))
    return alike >= LEAST_LIKE and float(seen[~ink].mean()) - float(seen[ink].mean()) >= LEAST_CONTRAST


def judge(answer: Answer, reading: FormReading | None, sample: Sample) -> dict[str, float]:
    """The figures of one photo."""
    page, field, number = sample.keypoints.astype(np.float64)
    if reading is None:
        return dict.fromkeys(("found", "print_found", "corners_iou_mean", "corners_good", *NAMES), 0.0)
    corners_iou = quad_iou(answer.predictions["corners"].keypoints, page)
    scale = np.array([sample.size_hw[1], sample.size_hw[0]])
    read = reading.fields[FIELD]
    return {
        "found": 1.0,
        "print_found": float(reading.refined),
        "corners_iou_mean": corners_iou,
        "corners_good": float(corners_iou >= GOOD_IOU),
        "orientation_right": float(np.array_equal(align_cyclic(reading.keypoints, page), reading.keypoints)),
        "field_iou_mean": quad_iou(read, field),
        "box_iou_mean": quad_iou(_around(read), _around(field)),
        "number_inside": float(Polygon(read * scale).buffer(SLACK_PX).contains(Polygon(number * scale))),
    }


def _around(quad: np.ndarray) -> np.ndarray:
    return box_quad(np.concatenate([quad.min(axis=0), quad.max(axis=0)]))


def measure(
    runtime: Runtime, forms: int, count: int, flat: bool
) -> tuple[dict[str, list[dict[str, float]]], list[float]]:
    """The figures of each photo, with and without refinement, and milliseconds a photo of the reading alone."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    milliseconds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = [write_template(folder, 1000 + form) for form in range(forms)]
        readers = [[FormReader(read_form(path), refine=refine) for refine in (True, False)] for path in templates]
        for number in range(count):
            form = number % forms
            photos = make_photos(1000 + form, number, flat)
            sample = photos.sample(0)
            readable = {"readable": float(is_readable(sample, photos.printed_number()))}
            write_image(folder / "photo.jpg", sample.image)
            [answer] = predict(runtime, [str(folder / "photo.jpg")], template=templates[form])
            rows["refined"].append(readable | judge(answer, answer.form, sample))
            unrefined = None
            if answer.form:
                corners, image = answer.predictions["corners"].keypoints, answer.picture.image
                begun = time.perf_counter()
                readers[form][0].read(image, corners)
                milliseconds.append(1000 * (time.perf_counter() - begun))
                unrefined = readers[form][1].read(image, corners)
            rows["unrefined"].append(readable | judge(answer, unrefined, sample))
    return rows, milliseconds


def find_on_others(runtime: Runtime, forms: int, sources: dict[str, Source]) -> dict[str, float]:
    """Name of a source -> share of its pictures, evenly spread over it, on which the print of a form is found."""
    shares = {}
    with tempfile.TemporaryDirectory() as name:
        templates = [write_template(Path(name), 1000 + form) for form in range(forms)]
        for text, source in sources.items():
            chosen = np.unique(np.linspace(0, len(source) - 1, MOST_OTHERS).round().astype(int)).tolist()
            paths = [Path(name) / f"{index}.png" for index in chosen]
            for path, index in zip(paths, chosen, strict=True):
                write_image(path, source.sample(index).image)
            parts = [(template, paths[form::forms]) for form, template in enumerate(templates)]
            answers = [answer for template, part in parts for answer in predict(runtime, part, template=template)]
            shares[text] = sum(bool(answer.form and answer.form.refined) for answer in answers) / len(chosen)
    return shares


def summarise(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means over all photos, over those with good corners, and over the readable ones."""
    figures = _means(rows, tuple(rows[0]))
    figures |= {f"{name}_good": mean for name, mean in _means([r for r in rows if r["corners_good"]], NAMES).items()}
    names = ("found", "corners_iou_mean", *NAMES)
    readable = _means([row for row in rows if row["readable"]], names)
    return figures | {f"{name}_readable": mean for name, mean in readable.items()}


def _means(rows: list[dict[str, float]], names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in names} if rows else {}


def main() -> None:
    """Draws, asks, prints, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--forms", type=int, default=6, help="number of different forms, in turns")
    parser.add_argument("--model", default="documents", help="run folder, model file or name of a shipped model")
    parser.add_argument("--flat", action="store_true", help="flat paper alone")
    parser.add_argument("--others", action="append", default=[], help="FORMAT:PATH, does not show the form; repeat it")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    runtime, sources = load_runtime(options.model), {text: open_source(text) for text in options.others}
    rows, milliseconds = measure(runtime, options.forms, options.photos, options.flat)
    figures = {kind: summarise(part) for kind, part in rows.items()}
    print(f"{options.photos} photos of {options.forms} forms{'':10}" + "".join(f"{kind:>12}" for kind in figures))
    for name in figures["refined"]:
        print(f"{name:30}" + "".join(f"{part[name]:12.4f}" for part in figures.values()))
    print(f"reading the form: {np.median(milliseconds):.0f} ms a photo (median)")
    others = find_on_others(runtime, options.forms, sources)
    for source, share in others.items():
        print(f"print found on others, {source}: {share:.4f}")
    if options.json:
        times = {"median_ms": float(np.median(milliseconds))}
        text = json.dumps({**figures, **times, "print_found_on_others": others, "photos": rows}, indent=1)
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
