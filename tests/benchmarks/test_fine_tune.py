"""Fine-tuning begins with the shipped network, on nested photos of the split `train`."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_generators.formats import open_source


def test_trials_train_on_their_photos_alone(boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fine_tune
    from fine_tune import make_trials

    header, *lines = (boards / "corners.csv").read_text().splitlines()
    (tmp_path / "pages").mkdir()
    monkeypatch.setattr(fine_tune, "LABELS", tmp_path / "pages" / "corners.csv")
    fine_tune.LABELS.write_text("\n".join([header, lines[0], lines[10]]) + "\n")
    tested = ("board4", "board5")
    rows = [line.replace(",,", f",{'test' if any(name in line for name in tested) else 'train'},", 1) for line in lines]
    (boards / "corners.csv").write_text("\n".join([header, *rows]) + "\n")
    trials = make_trials(boards, tmp_path, [2, 4], 1, ["training.epochs=3"])
    groups = {}
    for size, trial in trials.items():
        [train], [validation] = trial.config.data.train, trial.config.data.validation
        assert train == validation
        groups[size] = set(open_source(train.source).groups())
        assert trial.config.model.init_from == "documents" and trial.config.training.epochs == 3
        assert [set(open_source(each).groups()) for each in trial.data] == [set(tested), {"board4"}]
    assert len(groups[2]) == 2 and groups[2] < groups[4] and not groups[4] & set(tested)
    with pytest.raises(ValueError, match="Asked for: 5"):
        make_trials(boards, tmp_path, [5], 1, [])
