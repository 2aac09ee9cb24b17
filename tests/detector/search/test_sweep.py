"""A sweep without trainings: the same trials with one worker and with three, after stops, deaths and bad values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data_generators.errors import DataError
from data_generators.settings import SettingsError
from detector.config import Config
from detector.runs import RunError
from detector.search import study as study_module
from detector.search import sweep as sweep_module
from detector.search.outcome import Job, Outcome
from detector.search.seeds import Repeated
from detector.search.study import Row, Study
from detector.search.sweep import Driver, PreparedData, SweepOptions, sweep
from tests.detector.search.sweeping import ThreadWorkers, WorkerDiedError, fake_result, sweep_config

pytest.importorskip("optuna", reason="a sweep needs optuna")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Keeps studies in memory, by the URL of their storage; polls often."""
    from optuna import storages

    kept: dict[str, Any] = {}
    new = storages.InMemoryStorage

    def get_storage(given: Any) -> Any:
        return kept.setdefault(given, new()) if isinstance(given, str) else given or new()

    monkeypatch.setattr(storages, "get_storage", get_storage)
    monkeypatch.setattr(sweep_module, "POLL_SECONDS", 0.05)
    return kept


def run(
    folder: Path,
    config: Config | None = None,
    workers: ThreadWorkers | None = None,
    show: Callable[[list[Row]], None] = lambda _: None,
    **options: Any,
) -> list[Row]:
    """Runs a study to its end, without making data."""
    config = config or sweep_config()
    workers, study = workers or ThreadWorkers(2), Study(folder, config, options.pop("storage", None))
    try:
        Driver(study, config, workers, lambda *_: None, show).run(**options)  # type: ignore[arg-type]
    finally:
        workers.stop()
    return study.rows()


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random", "grid"])
def test_the_same_trials_whatever_the_number_of_workers(sampler: str, tmp_path: Path) -> None:
    rate = {"training.learning_rate": [1e-3, 4e-3]} if sampler == "grid" else {}
    space = sweep_config().to_dict()["search"]["space"] | rate
    config = sweep_config(sampler=sampler, space=space, trials=16, population=4)
    one = run(tmp_path / "one", config, ThreadWorkers(1))
    three = run(tmp_path / "three", config, ThreadWorkers(3))
    assert len(one) == 16 and one == three
    assert all(row.state == "complete" for row in one)
    others = run(tmp_path / "others", sweep_config(sampler=sampler, space=space, seed=5, trials=3))
    assert ([row.values for row in others] == [row.values for row in one[:3]]) == (sampler == "grid")


def test_tpe_learns_from_the_trials_before(tmp_path: Path) -> None:
    rows = run(tmp_path, sweep_config(trials=40, objectives={"quad_iou_mean": "maximize"}, lag=0), ThreadWorkers(1))
    scores = [row.objectives["quad_iou_mean"] for row in rows]
    assert sum(scores[-12:]) > sum(scores[:12]) + 0.5


def test_stopped_anywhere_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    expected = run(tmp_path / "undisturbed")
    calls: list[int] = []
    for stop_after in (1, 4, 7, 1000):
        workers, shown = ThreadWorkers(2), _counts_down(stop_after)
        try:
            rows = run(tmp_path / "disturbed", workers=workers, show=lambda _, shown=shown: next(shown))
        except KeyboardInterrupt:
            rows = json.loads((tmp_path / "disturbed" / "trials.json").read_text())["trials"]
            ended = [row["number"] for row in rows if row["state"] != "running"]
        calls += [number for number in workers.done if number not in calls]
    assert rows == expected
    assert sorted(calls) == [row.number for row in expected if row.same_as is None]
    assert ended


def _counts_down(count: int) -> Iterator[None]:
    yield from [None] * count
    raise KeyboardInterrupt


def test_files_of_the_study_folder(tmp_path: Path) -> None:
    rows = run(tmp_path)
    trials, front = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("trials", "front"))
    assert [Row(**row) for row in trials["trials"]] == rows
    assert trials["objectives"] == {"quad_iou_mean": "maximize", "macs": "minimize"}
    points = [tuple(row["objectives"].values()) for row in front["trials"]]
    assert 1 < len(points) < len(rows)
    for score, macs in (tuple(row.objectives.values()) for row in rows):
        assert all((score, -macs) <= (s, -m) or s > score or m < macs for s, m in points)
    assert not any(s >= score and m <= macs and (s, m) != (score, macs) for s, m in points for score, macs in points)


def test_a_study_lies_in_a_file_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    rows = run(tmp_path, sweep_config(trials=2))
    assert (tmp_path / "study.db").stat().st_size > 0
    assert Study(tmp_path, sweep_config(trials=2)).rows() == rows


def test_values_that_were_tried_are_not_trained_again(tmp_path: Path) -> None:
    space = {"model.backbone.width": [8, 16]}
    workers = ThreadWorkers(1)
    rows = run(tmp_path, sweep_config(space=space, sampler="random", trials=8), workers)
    assert len(workers.done) == 2
    assert [row.result for row in rows if row.same_as is not None] == [
        rows[row.same_as].result for row in rows if row.same_as is not None
    ]


def test_a_dead_workers_trial_is_run_again_but_not_for_ever(tmp_path: Path) -> None:
    attempts: dict[int, int] = {}

    def do(job: Job) -> Outcome:
        attempts[job.number] = attempts.get(job.number, 0) + 1
        if job.number == 5 or (job.number == 2 and attempts[2] < 3):
            raise WorkerDiedError("killed")
        return Outcome("complete", fake_result(job.config))

    rows = run(tmp_path, workers=ThreadWorkers(2, do))
    assert attempts[2] == attempts[5] == 3
    assert [row.state for row in rows if row.number in (2, 5)] == ["complete", "failed"]
    assert "died 3 times (killed); there may be too little memory" in rows[5].reason


def test_values_that_do_not_go_together_fail_with_their_reason(tmp_path: Path) -> None:
    space = {"model.backbone.depths": [[1, 1, 1], [1, 1, 1, 1, 1, 1]]}  # 32 x 48 pixels are no multiple of 64
    rows = run(tmp_path, sweep_config(space=space, sampler="grid"))
    assert [row.state for row in rows] == ["complete", "failed"]
    assert "model.backbone.depths=[1, 1, 1, 1, 1, 1]" in rows[1].reason
    assert "must be multiples of 64" in rows[1].reason


def test_a_score_that_the_data_do_not_give_fails_the_trial(tmp_path: Path) -> None:
    rows = run(tmp_path, sweep_config(objectives={"presence_ap": "maximize"}, trials=1))
    assert (rows[0].state, rows[0].reason) == ("failed", "the validation data give no presence_ap")


def test_data_that_cannot_be_used_stop_the_sweep_and_the_trial_stays(tmp_path: Path) -> None:
    def do(_: Job) -> Outcome:
        raise DataError("photos/3.png", "cannot be decoded.", "Remove it.")

    with pytest.raises(DataError, match=r"photos/3\.png"):
        run(tmp_path, workers=ThreadWorkers(1, do))
    workers = ThreadWorkers(1)
    assert all(row.state == "complete" for row in run(tmp_path, workers=workers))
    assert 0 in workers.done


def test_the_end_of_the_time_leaves_trials_to_the_next_call(tmp_path: Path) -> None:
    assert len(run(tmp_path, seconds=0.0)) == 0
    rows = run(tmp_path, workers=ThreadWorkers(1), seconds=0.1)
    assert len(rows) < 12
    assert len(run(tmp_path)) == 12


def test_a_sweep_that_is_done_goes_on_where_there_are_more_trials(tmp_path: Path) -> None:
    first = run(tmp_path)
    workers = ThreadWorkers(1)
    rows = run(tmp_path, sweep_config(trials=14), workers)
    assert [row.values for row in rows[:12]] == [row.values for row in first]
    assert set(workers.done) <= {12, 13}
    with pytest.raises(RunError, match=r"holds a sweep of another config or space; only search\.trials may change"):
        run(tmp_path, sweep_config(seed=9))


def test_trials_are_cut_by_those_that_cost_no_more(tmp_path: Path) -> None:
    jobs: dict[int, Job] = {}

    def do(job: Job) -> Outcome:
        jobs[job.number] = job
        if job.number == 4:
            return Outcome("cut", reason="worse than the middle one")
        return Outcome("complete", fake_result(job.config))

    rows = run(tmp_path, workers=ThreadWorkers(2, do))
    assert (rows[4].state, rows[4].reason, rows[4].objectives) == ("cut", "worse than the middle one", {})
    assert jobs[2].rivals == ()
    assert [rival.costs["macs"] for rival in jobs[9].rivals] == [rows[n].result["macs"] for n in (0, 1, 2, 3, 5)]
    run(tmp_path / "uncut", sweep_config(cut=False), ThreadWorkers(2, do))
    assert jobs[9].rivals == ()


def test_machines_that_share_a_storage_share_the_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "STALE_SECONDS", 0.2)
    monkeypatch.setattr(study_module, "CONFIRM_SECONDS", 0.0)
    storage, config = f"sqlite:///{tmp_path / 'shared.db'}", sweep_config()
    dead = Study(tmp_path / "dead", config, storage)
    assert [dead.begin_trial(), dead.begin_trial()] == [0, 1]
    dead.choose_values(1)
    alive = Study(tmp_path / "alive", config, storage)
    assert alive.adopt() == []
    assert alive.begin_trial() == 2
    alive.show_life()
    rows = run(tmp_path / "other", config, storage=storage)  # adopts all three
    expected = run(tmp_path / "alone", config)
    assert [(row.values, row.objectives) for row in rows] == [(row.values, row.objectives) for row in expected]


def test_a_storage_that_cannot_be_opened_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"^host/database cannot be opened as a study") as error:
        Study(tmp_path, sweep_config(), "nodatabase://user:secret@host/database")
    assert "secret" not in str(error.value)


def test_unknown_paths_and_objectives_are_refused_before_the_first_trial(tmp_path: Path) -> None:
    wrong = sweep_config(space={"model.backbone.widht": [8]})
    with pytest.raises(SettingsError, match=r"model\.backbone\.widht: .*Did you mean `model\.backbone\.width`\?"):
        sweep(wrong, tmp_path / "path")
    with pytest.raises(SettingsError, match=r"no trial has a quad_iou_maen\. Did you mean quad_iou_mean\?"):
        sweep(sweep_config(objectives={"quad_iou_maen": "maximize"}), tmp_path / "objective", SweepOptions(jobs=1))
    with pytest.raises(SettingsError, match="in int8, but here is dynamic"):
        sweep(sweep_config(space={"export.precision": ["int8", "dynamic"]}), tmp_path / "precision")
    assert not [*tmp_path.iterdir()]  # corrected, it can be begun there
    with pytest.raises(SettingsError, match="there is nothing to search"):
        sweep(sweep_config().model_copy(update={"search": None}), tmp_path / "nothing")


def test_data_are_prepared_once_for_all_trials_that_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[int, int]] = []
    monkeypatch.setattr(sweep_module, "training_sources", lambda config, _: opened.append(config.input.size_hw))
    prepare, config = PreparedData(), sweep_config()
    larger = config.model_copy(update={"input": config.input.model_copy(update={"size_hw": (64, 96)})})
    for each in (config, config.model_copy(update={"seed": 7}), larger, config):
        prepare(each, lambda: None)
    assert opened == [(32, 48), (64, 96)]


def test_a_trial_takes_the_outcome_of_its_twin_whatever_it_is(tmp_path: Path) -> None:
    def do(_: Job) -> Outcome:
        return Outcome("cut", reason="hopeless")

    rows = run(tmp_path, sweep_config(space={"model.backbone.width": [8]}, trials=3), ThreadWorkers(3, do))
    assert [(row.state, row.reason, row.same_as) for row in rows] == [
        ("cut", "hopeless", None),
        ("cut", "hopeless", 0),
        ("cut", "hopeless", 0),
    ]


def seeded_result(job: Job) -> Outcome:
    result = fake_result(job.config)
    result["metrics"]["quad_iou_mean"] += 0.001 * job.config.seed
    return Outcome("complete", result)


def test_the_front_with_other_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "PreparedData", lambda _: lambda *_: None)
    monkeypatch.setattr(sweep_module, "make_workers", lambda options: ThreadWorkers(options.jobs or 1, seeded_result))
    shown: list[Repeated] = []
    sweep(sweep_config(), tmp_path, SweepOptions(jobs=2, seeds=2))  # more are asked for later
    rows = sweep(sweep_config(), tmp_path, SweepOptions(jobs=2, seeds=3), show_repeated=shown.append)
    front = [row for row in rows if row.on_front and row.same_as is None]
    assert [repeated.row.number for repeated in shown] == [row.number for row in front] and front
    seed = sweep_config().seed
    for repeated in shown:
        first, *others = repeated.objectives["quad_iou_mean"]
        assert repeated.seeds == (seed, seed + 1, seed + 2)
        assert first == repeated.row.objectives["quad_iou_mean"]
        assert others == pytest.approx([first + 0.001, first + 0.002])
    told = json.loads((tmp_path / "seeds.json").read_text())
    assert told["front"] == [repeated.to_json() for repeated in shown]
    assert told["objectives"] == sweep_config().to_dict()["search"]["objectives"]


def test_seeds_are_not_begun_before_the_trials_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "PreparedData", lambda _: lambda *_: None)
    monkeypatch.setattr(sweep_module, "make_workers", lambda _: ThreadWorkers(1, seeded_result))
    sweep(sweep_config(trials=200), tmp_path, SweepOptions(seconds=0.1, seeds=3))
    assert not (tmp_path / "seeds.json").exists()


def test_seeds_of_a_space_that_tries_seeds(tmp_path: Path) -> None:
    config = sweep_config(space={"seed": [1, 2]})
    with pytest.raises(SettingsError, match="tries `seed` already"):
        sweep(config, tmp_path, SweepOptions(seeds=2))
