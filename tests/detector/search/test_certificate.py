"""The certificate says what won, what failed and why, and how to train the winner again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detector.runs import write_json
from detector.search.certificate import Circumstances, certificate_text, make_certificate, write_certificate
from detector.search.ladder_rungs import Rung
from tests.detector.search.ladder_world import World, capacity, make_config, make_ladder

HOW = Circumstances("detector shrink mine.yaml", ("int8_bytes<=60000",), 600.0)


def by_capacity(rung: Rung) -> tuple[float, float]:
    return (capacity(rung.config),) * 2


def test_the_winner_the_failures_and_the_front(tmp_path: Path) -> None:
    ladder = make_ladder(World(by_capacity), goal=0.7)
    certificate = make_certificate(ladder, ladder.climb(), HOW)
    best = ladder.record.best()
    assert best and certificate["ending"] == "found"
    winner = certificate["winner"]
    assert (winner["name"], winner["value"]) == (best.rung.name, best.value)
    assert winner["channels"] == best.rung.config.model.backbone.stage_channels()
    names = {row["name"] for row in certificate["rungs"]}
    assert winner["name"] in certificate["front"] and set(certificate["front"]) <= names
    assert len(certificate["rungs"]) == len(ladder.record.outcomes)
    small = [row for row in certificate["rungs"] if row["phase"] == "overfit" and not row["passed"]]
    assert small and all("too small: on the 64 pictures that it was trained on 0." in row["why"] for row in small)
    write_certificate(tmp_path, certificate)
    assert json.loads((tmp_path / "certificate.json").read_text()) == json.loads(json.dumps(certificate))
    text = (tmp_path / "certificate.md").read_text()
    assert text == certificate_text(certificate)
    assert f"{winner['int8_bytes']:,} bytes int8" in text
    assert "rungs in 10.0 minutes; seed 1; budgets: int8_bytes<=60000; remedies that helped: none." in text


def test_commands_train_the_rungs_that_the_winner_begins_from_first() -> None:
    ladder = make_ladder(World(by_capacity), goal=0.7)
    winner = make_certificate(ladder, ladder.climb(), HOW)["winner"]
    trained = [line.split("--run ")[1].split()[0] for line in winner["commands"] if line.startswith("detector train")]
    assert trained[-1] == f"again/{winner['name']}"
    for line in winner["commands"]:
        if "--set" in line:
            donor = line.partition("model.init_from=")[2]
            assert donor in trained and trained.index(donor) < len(trained) - 1


def test_where_nothing_passes_it_says_so() -> None:
    ladder = make_ladder(World(lambda _: (0.5, 0.6)))
    certificate = make_certificate(ladder, ladder.climb(), HOW)
    assert certificate["winner"] is None and certificate["nearest"]
    text = certificate_text(certificate)
    assert "**No rung passes.**" in text and "0.5 where 0.8 is asked" in text


@pytest.mark.parametrize("most", [0, 2, 5])
def test_when_the_time_was_up(most: int) -> None:
    ladder = make_ladder(World(by_capacity, most=most), goal=0.7)
    text = certificate_text(make_certificate(ladder, ladder.climb(), HOW))
    assert "The time was up before all was tried: the same command goes on from here." in text


def test_overfitting_underfitting_and_divergence_are_told_apart(tmp_path: Path) -> None:
    gap = make_ladder(World(lambda rung: (0.9, 0.9) if rung.phase == "overfit" else (0.6, 0.95)))
    reasons = {row["why"] for row in make_certificate(gap, gap.climb(), HOW)["rungs"] if row["phase"] != "overfit"}
    assert reasons == {"0.6 where 0.8 is asked, 0.95 on training pictures: it overfits"}
    world = World(lambda rung: (0.9, 0.9) if rung.phase == "overfit" else (float("nan"), float("nan")))
    lost = make_ladder(world, make_config(most_width=6))
    certificate = make_certificate(lost, lost.climb(), HOW)
    write_json(tmp_path / "certificate.json", certificate)  # no NaN in JSON
    assert certificate_text(certificate)
