"""Checkpoints from which a training goes on exactly, and the other callbacks."""

from __future__ import annotations

import math
import resource
from pathlib import Path

import keras
import numpy as np
import pytest

from detector.backend import prepare_backend
from detector.batches import Batch, encode_batch
from detector.build import build_model, compile_model, with_pixel_input
from detector.callbacks import Checkpoints, DivergedError, LivePictures, MetricsToFile, StopOnNaN
from detector.config import Config
from detector.locate import find_model
from detector.runs import Run, RunError
from tests.detector.small_run import draw_sheet, small_config

EPOCH = {"val_loss": 1.0}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", small_config(tmp_path))


@pytest.fixture
def model() -> keras.Model:
    """The smallest model that trains."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="dense")])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def make_checkpoints(run: Run, model: keras.Model, patience: int | None = None, counts_from: int = 0) -> Checkpoints:
    checkpoints = Checkpoints(run, lambda path: model.save(path), "val_loss", patience, counts_from)
    checkpoints.set_model(model)
    return checkpoints


def make_network(config: Config, seed: int) -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(seed)
    network = build_model(config)
    model = with_pixel_input(network)
    compile_model(model, config, 10)
    return network, model


def make_batch(config: Config, *seeds: int) -> Batch:
    samples = [draw_sheet(seed) for seed in seeds]
    size_hw = config.input.size_hw
    return encode_batch([s.replace(image=s.image[: size_hw[0], : size_hw[1]]) for s in samples], config.codecs())


def state_of(model: keras.Model) -> list[bytes]:
    return [np.asarray(variable).tobytes() for variable in (*model.variables, *model.optimizer.variables)]


def test_a_resumed_model_has_the_whole_state_and_goes_on_the_same(run: Run, tmp_path: Path) -> None:
    prepare_backend(deterministic=True)
    config = small_config(tmp_path)
    batches = [make_batch(config, *range(number, number + 4)) for number in range(4)]
    network, model = make_network(config, seed=1)
    begun = [np.asarray(variable) for variable in model.variables]
    for batch in batches[:2]:
        model.train_on_batch(*batch)
    make_checkpoints(run, model).on_epoch_end(0, EPOCH)

    _, resumed = make_network(config, seed=2)
    assert make_checkpoints(run, resumed).resume(resumed) == 1
    assert int(resumed.optimizer.iterations) == 2
    names = [variable.name for variable in resumed.variables]
    assert "seed_generator_state" in names
    assert "moving_mean" in names
    assert len(resumed.optimizer.variables) == 1 + 2 * len(resumed.trainable_variables)  # two moments each
    assert state_of(resumed) == state_of(model)
    assert all((before != np.asarray(after)).any() for before, after in zip(begun, model.variables, strict=True))

    for batch in batches[2:]:
        network.predict_on_batch(batch[0] / np.float32(255))  # as the live pictures do
        model.train_on_batch(*batch)
        resumed.train_on_batch(*batch)
    assert state_of(resumed) == state_of(model)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    config = small_config(tmp_path)
    first, again, other = (state_of(make_network(config, seed)[1]) for seed in (1, 1, 2))
    assert first == again != other


def test_only_the_last_checkpoint_stays(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model)
    for epoch in range(3):
        checkpoints.on_epoch_end(epoch, {"val_loss": float(epoch)})
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["best.keras", "last-0003.keras"]
    state = run.read_state()
    assert state is not None
    assert (state["epoch"], state["checkpoint"], state["best"], state["waited"]) == (3, "last-0003.keras", 0.0, 2)


def test_a_crash_between_weights_and_state_leaves_a_pair_that_fits(
    run: Run, model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, missing_ok: bool = False) -> None:
        if not missing_ok:  # a temporary file is removed, which is none of the places
            raise SystemError("a kill")

    def fill(value: float) -> None:
        model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])

    checkpoints = make_checkpoints(run, model)
    fill(1.0)
    checkpoints.on_epoch_end(0, EPOCH)
    fill(2.0)
    for place in (Run, "write_state"), (Path, "unlink"):  # before the state, before the removal of the old weights
        with monkeypatch.context() as patch, pytest.raises(SystemError, match="a kill"):
            patch.setattr(*place, crash)
            checkpoints.on_epoch_end(1, EPOCH)
        assert {path.name for path in run.checkpoints.glob("last-*")} >= {"last-0001.keras", "last-0002.keras"}
        state = run.read_state()
        assert state is not None
        fill(0.0)
        assert make_checkpoints(run, model).resume(model) == state["epoch"]
        assert model.get_weights()[0].max() == state["epoch"]
        fill(2.0)
    assert state["epoch"] == 2
    checkpoints.on_epoch_end(2, EPOCH)
    assert [path.name for path in run.checkpoints.glob("last-*")] == ["last-0003.keras"]


def test_the_best_is_that_of_the_least_value(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model)
    for epoch, value in enumerate((3.0, 2.0, 2.5)):
        model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
        checkpoints.on_epoch_end(epoch, {"val_loss": value})
    assert keras.saving.load_model(run.best).get_weights()[0].max() == 2.0


def test_a_better_checkpoint_takes_away_what_was_exported_of_the_one_before(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model)
    checkpoints.on_epoch_end(0, {"val_loss": 2.0})
    run.exports.mkdir()
    for name in ("int8.tflite", "float.tflite", "model.json", "report.json"):
        (run.exports / name).touch()
    checkpoints.on_epoch_end(1, {"val_loss": 3.0})
    assert find_model(run.directory) == run.exports / "int8.tflite"
    checkpoints.on_epoch_end(2, {"val_loss": 1.0})
    assert not list(run.exports.iterdir())
    assert find_model(run.directory) == run.best


def test_early_stopping_counts_on_after_a_resume(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model, patience=2)
    for epoch, value in enumerate((5.0, 4.0, 4.0)):
        checkpoints.on_epoch_end(epoch, {"val_loss": value})
    assert not model.stop_training
    resumed = make_checkpoints(run, model, patience=2)
    assert resumed.resume(model) == 3
    assert not resumed.has_stopped()
    resumed.on_epoch_end(3, {"val_loss": 4.5})
    assert model.stop_training
    finished = make_checkpoints(run, model, patience=2)
    assert finished.resume(model) == 4
    assert finished.has_stopped()


def test_early_stopping_counts_no_epoch_with_frozen_stages(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model, patience=2, counts_from=3)
    for epoch, value in enumerate((1.0, 4.0, 4.0, 4.0)):
        checkpoints.on_epoch_end(epoch, {"val_loss": value})
    assert (checkpoints.waited, model.stop_training) == (1, False)
    checkpoints.on_epoch_end(4, {"val_loss": 4.0})
    assert model.stop_training


def test_nothing_to_resume_leaves_the_model_as_it_is(run: Run, model: keras.Model) -> None:
    assert make_checkpoints(run, model).resume(model) == 0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_monitored_metric_that_is_no_number_stops_before_anything_is_written(
    run: Run, model: keras.Model, value: float
) -> None:
    with pytest.raises(DivergedError, match=r"val_loss is not a number after epoch 3.* Lower training\.learning_rate"):
        make_checkpoints(run, model).on_epoch_end(2, {"val_loss": value})
    assert run.read_state() is None
    assert not run.checkpoints.exists()


def test_an_unknown_metric_is_named(run: Run, model: keras.Model) -> None:
    with pytest.raises(KeyError, match=r"val_loss is not among \['loss'\]"):
        make_checkpoints(run, model).on_epoch_end(0, {"loss": 1.0})


def test_a_checkpoint_that_is_gone_is_named(run: Run, model: keras.Model) -> None:
    make_checkpoints(run, model).on_epoch_end(0, EPOCH)
    (run.checkpoints / "last-0001.keras").unlink()
    with pytest.raises(RunError, match=r"last-0001\.keras is gone, and .*state\.json goes on from it\. Put it back"):
        make_checkpoints(run, model).resume(model)


def test_a_full_disk_is_an_error_with_a_cure_and_keeps_the_last_epoch(run: Run, model: keras.Model) -> None:
    checkpoints = make_checkpoints(run, model)
    checkpoints.on_epoch_end(0, EPOCH)
    before = {path.name: path.read_bytes() for path in run.checkpoints.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        message = r"last-0002\.keras cannot be written \(File too large\)\. Make room, or give a folder .* written\.$"
        with pytest.raises(RunError, match=message):
            checkpoints.on_epoch_end(1, {"val_loss": 2.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in run.checkpoints.iterdir()} == before
    assert make_checkpoints(run, model).resume(model) == 1


def test_metrics_become_a_line_an_epoch(run: Run, model: keras.Model) -> None:
    metrics = MetricsToFile(run)
    metrics.set_model(model)
    for epoch in range(2):
        metrics.on_epoch_begin(epoch)
        metrics.on_epoch_end(epoch, {"loss": 0.5})
    rows = run.read_metrics()
    assert [(row["epoch"], row["loss"]) for row in rows] == [(1, 0.5), (2, 0.5)]
    assert rows[0]["learning_rate"] == pytest.approx(0.001)
    assert 0 <= rows[0]["seconds"] < 1


def test_a_loss_that_is_no_number_names_epoch_batch_and_samples() -> None:
    asked = []

    def describe(index: int) -> list[str]:
        asked.append(index)
        return [f"photo {number}.jpg" for number in range(10)]

    stop = StopOnNaN(describe, 4)
    for epoch in (5, 6):  # resumed after five epochs
        stop.on_epoch_begin(epoch)
        for batch in range(4):
            if (epoch, batch) == (6, 2):
                message = r"batch 3 of 4 in epoch 7 \(box_loss, loss\)\. Its samples: photo 0\.jpg; .*7\.jpg \.\.\.\."
                with pytest.raises(DivergedError, match=message):
                    stop.on_train_batch_end(batch, {"auc": 0.5, "box_loss": math.nan, "loss": math.nan})
                break
            stop.on_train_batch_end(batch, {"loss": 1.0})
    assert asked == [6]


def test_pictures_come_every_few_epochs() -> None:
    drawn: list[int] = []
    pictures = LivePictures(drawn.append, every=2)
    for epoch in range(5):
        pictures.on_epoch_end(epoch)
    assert drawn == [2, 4]


def test_determinism_is_for_tensorflow_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    prepare_backend(deterministic=False)
    with pytest.raises(ValueError, match=r"needs the TensorFlow backend\. Received jax\. Unset KERAS_BACKEND or set"):
        prepare_backend(deterministic=True)
