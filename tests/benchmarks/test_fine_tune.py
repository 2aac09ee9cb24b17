"""Fine-tuning begins with the shipped network, on nested photos of the split `train`."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_generators.formats import open_source


def test_trials_train_on_their_photos_alone(boards: Path, tmp_path: Path) -> None:
    from fine_tune import make_trials

    header, *lines = (boards / "corners.csv").read_text().splitlines()
    rows = [line.replace(",,", f",{'test' if 'board5' in line else 'train'},", 1) for line in lines]
    (boards / "corners.csv").write_text("\n".join([header, *rows]) + "\n")
    trials = make_trials(boards, tmp_path, [2, 5], 1, ["training.epochs=3"])
    groups = {}
    for size, trial in trials.items():
        [train], [validation] = trial.config.data.train, trial.config.data.validation
        assert train == validation
        groups[size] = set(open_source(train.source).groups())
        assert trial.config.model.init_from == "documents" and trial.config.training.epochs == 3
        assert set(open_source(trial.data[0]).groups()) == {"board5"}
    assert len(groups[2]) == 2 and groups[2] < groups[5] and "board5" not in groups[5]
    with pytest.raises(ValueError, match="Asked for: 6"):
        make_trials(boards, tmp_path, [6], 1, [])
