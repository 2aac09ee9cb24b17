"""Every ingredient of the scenes has a row, every row is a config, and costs are paired by seed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data_generators.settings import Settings
from data_generators.synthetic.documents import DocumentSettings

NO_INGREDIENTS = {
    "seed",
    "count",
    "size_hw",
    "target",
    "templates",
    "template_share",
    "backgrounds",
    "placement.overhang",
}


def options(**given: object) -> argparse.Namespace:
    values = {"only": None, "each": [], "backgrounds": None, "count": 50, "epochs": 1, "set": []}
    return argparse.Namespace(**values | given)


def leaves(settings: type[Settings], path: str = "") -> Iterator[str]:
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Settings):
            yield from leaves(kind, f"{path}{name}.")
        else:
            yield path + name


def test_every_ingredient_of_the_scenes_has_a_row() -> None:
    from scene_ablation import ABLATIONS, SCENES, WITH_BACKGROUNDS

    changed = {line.partition("=")[0] for row in (ABLATIONS | WITH_BACKGROUNDS).values() for line in row}
    missing = {name for name in leaves(DocumentSettings) if SCENES + name not in changed} - NO_INGREDIENTS
    assert not missing, "add a row to ABLATIONS"


def test_every_row_is_a_config_of_its_own(tmp_path: Path) -> None:
    from scene_ablation import KINDS, chosen_rows, make_config

    from data_generators.synthetic.document_settings import DocumentSettings

    (tmp_path / "photos").mkdir()
    given = options(each=list(KINDS), backgrounds=[tmp_path / "photos"])
    rows = chosen_rows(given)
    configs = [make_config(changes, 2, given) for changes in rows.values()]
    assert next(iter(rows)) == "everything" and len(configs) > 60
    seen = []
    for config in configs:
        [scenes] = config.data.train
        seen.append((DocumentSettings.parse(scenes.options), config.augment))
        assert seen[-1][0].seed == config.seed == 2
        assert config.data.validation == configs[0].data.validation
    assert all(one != other for number, one in enumerate(seen) for other in seen[:number])


def test_an_unknown_row_is_refused() -> None:
    from scene_ablation import chosen_rows

    assert list(chosen_rows(options(only=["tilt"]))) == ["everything", "tilt"]
    with pytest.raises(SystemExit, match=r"no row tilts. The rows: .*tilt, "):
        chosen_rows(options(only=["tilts"]))


def test_nothing_to_measure_on_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from scene_ablation import data_of

    monkeypatch.delenv("DETECTOR_DATA", raising=False)
    with pytest.raises(SystemExit, match="Give --data corners:FOLDER"):
        data_of(argparse.Namespace(data=[]))
    monkeypatch.setenv("DETECTOR_DATA", "/data")
    assert data_of(argparse.Namespace(data=["corners:mine"])) == ("corners:mine", "corners:/data/corners_paper_sheets")


def test_costs_are_paired_by_seed_and_sorted(capsys: pytest.CaptureFixture[str]) -> None:
    from scene_ablation import FULL, make_table, print_table

    ious = {FULL: (0.90, 0.80), "tilt": (0.89, 0.79), "clutter": (0.70, 0.66)}
    scores = {
        (name, seed): {
            "validation": {"quad_iou_mean": 0.5},
            "corners:/photos/mine": {"quad_iou_mean": values[seed - 1], "quad_iou_below_80_share": 0.25},
        }
        for name, values in ious.items()
        for seed in (1, 2)
    }
    table = make_table(scores, list(ious), 2)
    assert [row["without"] for row in table] == [FULL, "clutter", "tilt"]
    tilt = table[2]["corners:/photos/mine"]
    assert tilt["cost"] == pytest.approx(0.01) and tilt["cost_error"] == pytest.approx(0, abs=1e-9)
    assert table[1]["corners:/photos/mine"]["cost_error"] == pytest.approx(0.03)
    print_table(table)
    printed = capsys.readouterr().out
    assert "mine" in printed and "+0.1700 +- 0.0300" in printed and "25.0%" in printed
    assert tilt["below_rows"] == pytest.approx((0.85 + 0.84 + 0.68) / 3 - 0.84)
    assert f"+- {tilt['pooled_error']:.4f}" in printed.splitlines()[-1]


def test_noise_is_what_rows_and_seeds_do_not_explain() -> None:
    from scene_ablation import training_noise

    random = np.random.default_rng(1)
    effects = random.normal(0, 5, (400, 1)) + random.normal(0, 5, (1, 3))
    assert training_noise(effects) == pytest.approx(0, abs=1e-9)
    assert training_noise(effects + random.normal(0, 0.02, (400, 3))) == pytest.approx(0.02, rel=0.1)
    assert np.isnan(training_noise(effects[:, :1]))
