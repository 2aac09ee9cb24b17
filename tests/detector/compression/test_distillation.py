"""A teacher beside the labels: 0 for an equal student, a loss that falls, resume, files without the teacher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from detector.build import build_model, compile_model, with_pixel_input
from detector.card import ModelCard, write_keras_card
from detector.codecs import CODECS
from detector.compression.distillation import MEANINGS, DistilledModel, Teaching, describe_teacher, with_teacher
from detector.compression.soft_losses import SOFT_LOSSES, binary_divergence, soft_loss, softmax_divergence
from detector.config import Config
from detector.heads import output_rows
from detector.losses import BoxLoss
from detector.runs import Run, RunError
from detector.training import train
from tests.detector.compression.head_sets import HEAD_SETS
from tests.detector.small_run import assert_same_weights, metrics_without_seconds, small_values, write_sheets
from tests.detector.tiny import HEADS, SIZE_HW, noise, random_network, settle_norms, tiny_config


def write_teacher(config: Config, path: Path) -> keras.Model:
    network = random_network(config)
    settle_norms(network, config.input.size_hw)
    network.save(path)
    write_keras_card(path, ModelCard.of(config, 1))
    return network


def taught_by(config: Config, teacher: Path, **distil: Any) -> Config:
    settings = config.training.model_copy(update={"distil": None})
    values = config.to_dict() | {"training": settings.model_dump(mode="json")}
    values["training"]["distil"] = {"teacher": str(teacher)} | distil
    return Config.parse(values)


def make_student(config: Config, teacher: Path, weights: keras.Model | None = None, **distil: Any) -> DistilledModel:
    network = build_model(config)
    if weights:
        network.set_weights(weights.get_weights())
    student = with_teacher(with_pixel_input(network), taught_by(config, teacher, **distil))
    assert isinstance(student, DistilledModel)
    return student


@pytest.mark.parametrize("heads", HEAD_SETS)
def test_outputs_that_equal_the_teachers_lose_nothing_and_the_further_off_the_more(heads: str) -> None:
    config = tiny_config(HEAD_SETS[heads])
    network, rows = random_network(config), output_rows(config.codecs())
    settle_norms(network, SIZE_HW)
    taught, rng = network(noise(3) / np.float32(255)), np.random.default_rng(1)
    assert set(rows) == set(taught) <= set(SOFT_LOSSES), "every output is taught"
    for name, row in rows.items():
        aside = rng.normal(size=taught[name].shape).astype(np.float32)
        students = [taught | {name: taught[name] + far * aside} for far in (0, 0.03, 0.3)]
        lost = [float(soft_loss(name, row.loss, taught, student, 2.0)) for student in students]
        assert lost[0] == pytest.approx(0, abs=1e-5), name
        assert lost[0] < 0.9 * lost[1] < 0.5 * lost[2], name


def test_the_outputs_of_a_teacher_are_weighed_as_those_of_the_labels() -> None:
    config = tiny_config(HEADS["two heads"])
    network, other, rows = random_network(config), random_network(config, seed=2), output_rows(config.codecs())
    pixels = noise(2)
    taught, told = network(pixels / np.float32(255)), other(pixels / np.float32(255))
    expected = sum(row.weight * float(soft_loss(name, row.loss, taught, told, 1.5)) for name, row in rows.items())
    teaching = Teaching(with_pixel_input(network), rows, weight=7.0, temperature=1.5)
    assert float(teaching.loss(pixels, told)) == pytest.approx(expected, rel=1e-4)


def test_a_teachers_box_inside_out_teaches_nothing() -> None:
    loss = BoxLoss()
    outside_in, student = ops.array([[0.8, 0.2, 0.1, 0.6]]), ops.array([[0.2, 0.2, 0.7, 0.6]])
    teacher = {"box_presence": ops.array([[9.0]]), "box_coordinates": outside_in}
    lost = SOFT_LOSSES["box_coordinates"]("box_coordinates", loss, teacher, {"box_coordinates": student}, 1.0)
    assert float(lost) == 0


def test_divergences_are_those_of_their_probabilities() -> None:
    rng = np.random.default_rng(1)
    teacher, student = rng.normal(0, 2, (2, 4, 3, 5)).astype(np.float32)
    p, q = (np.exp(each / 2) / np.exp(each / 2).sum(axis=1, keepdims=True) for each in (teacher, student))
    expected = 4 * (p * np.log(p / q)).sum(axis=1)
    np.testing.assert_allclose(softmax_divergence(teacher, student, 2.0, axis=1), expected, rtol=1e-4, atol=1e-5)
    p, q = (1 / (1 + np.exp(-each / 2)) for each in (teacher, student))
    expected = 4 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    np.testing.assert_allclose(binary_divergence(teacher, student, 2.0), expected, rtol=1e-3, atol=1e-5)


def test_what_the_teacher_does_not_see_teaches_no_place() -> None:
    teacher = {"corners_presence": ops.array([[-30.0], [30.0]]), "corners_heatmap": ops.zeros((2, 3, 4, 4))}
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 3, 4, 4)).astype(np.float32)
    lost = [
        float(SOFT_LOSSES["corners_heatmap"]("corners_heatmap", None, teacher, {"corners_heatmap": maps}, 1.0))
        for maps in (np.stack([first, second]), np.stack([second, second]))
    ]
    assert lost[0] == pytest.approx(lost[1], rel=1e-5)
    assert lost[0] > 0.01


def test_pictures_without_a_label_are_learnt_from_the_teacher(tmp_path: Path) -> None:
    config, pixels = tiny_config(HEADS["presence"]), noise(4)
    write_teacher(config, tmp_path / "teacher.keras")
    student = make_student(config, tmp_path / "teacher.keras", weight=3.0)
    compile_model(student, config, steps_per_epoch=10)
    labels = {"y": {"presence_logit": np.zeros((4, 1), np.float32)}}
    unlabelled = {"sample_weight": {"presence_logit": np.zeros(4, np.float32)}}
    losses = []
    for _ in range(8):
        losses.append(student.train_on_batch(pixels, **labels, **unlabelled, return_dict=True))
        student.reset_metrics()
    assert losses[0]["loss"] == pytest.approx(3 * losses[0]["distil_loss"])
    assert losses[-1]["distil_loss"] < 0.8 * losses[0]["distil_loss"]
    after = student.test_on_batch(pixels, **labels, **unlabelled, return_dict=True)
    assert after["loss"] == 0, "the validation loss is that of the labels"
    assert after["distil_loss"] > 0


def test_a_teacher_of_another_size_is_run_at_the_students(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heads = {"mask": HEADS["mask"]["mask"], "presence": {}}
    teacher = write_teacher(tiny_config(heads, size_hw=(64, 48)), tmp_path / "teacher.keras")
    config = tiny_config(heads)
    student = make_student(config, tmp_path / "teacher.keras", teacher)
    assert student.teaching is not None
    assert float(student.teaching.loss(noise(2), student(noise(2)))) == pytest.approx(0, abs=1e-5)
    assert "was trained on pictures of (64, 48, 3), and teaches on those of (32, 48, 3)" in caplog.text


@pytest.mark.parametrize(
    ("teacher", "student", "size_hw", "message"),
    [
        ("presence", "corners heatmap", SIZE_HW, "has the heads presence, and model.heads names corners. Name a"),
        ("corners simcc", "corners heatmap", SIZE_HW, "model.heads.corners.method is simcc there, heatmap here"),
        ("corners dense flatten", "corners dense flatten", (64, 48), "ties it to that size; here they are"),
        ("mask classes", "mask", SIZE_HW, r"model.classes is \('cat', 'dog'\) there, \(\) here"),
        ("grid", "grid anchors", SIZE_HW, "model.heads.grid.anchors is"),
    ],
)
def test_a_teacher_that_does_not_fit_is_refused(
    teacher: str, student: str, size_hw: tuple[int, int], message: str, tmp_path: Path
) -> None:
    write_teacher(tiny_config(HEADS[teacher], size_hw=size_hw), tmp_path / "teacher.keras")
    with pytest.raises(RunError, match=message):
        make_student(tiny_config(HEADS[student]), tmp_path / "teacher.keras")


def test_heads_without_classes_take_a_teacher_that_names_some(tmp_path: Path) -> None:
    config = tiny_config(HEADS["presence"])
    named = config.model_copy(update={"model": config.model.model_copy(update={"classes": ("document",)})})
    write_teacher(named, tmp_path / "teacher.keras")
    assert make_student(config, tmp_path / "teacher.keras").teaching


def test_outputs_without_a_soft_loss_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny_config(HEADS["presence"])
    write_teacher(config, tmp_path / "teacher.keras")
    monkeypatch.delitem(SOFT_LOSSES, "presence_logit")
    with pytest.raises(RunError, match="of which nothing can be learnt for presence_logit"):
        make_student(config, tmp_path / "teacher.keras")


def test_the_settings_that_are_compared_are_there() -> None:
    named = {field for codec in CODECS.values() for field in codec.settings_class.model_fields}
    assert set(MEANINGS) <= named


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sheets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        yield write_sheets(folder / "set")


@pytest.fixture(scope="module")
def taught(sheets: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Run]:
    """A training of two epochs of two steps with a wider network as teacher."""
    folder = tmp_path_factory.mktemp("taught")
    values = small_values(sheets, epochs=2, samples_per_epoch=8, distil={"teacher": str(folder / "teacher.keras")})
    values["model"]["heads"] = {"presence": {}}
    config = Config.parse(values)
    values["model"]["backbone"] = {"width": 16, "depths": [1, 1]}
    write_teacher(Config.parse(values | {"training": {}}), folder / "teacher.keras")
    return config, train(config, folder / "run")


def test_a_run_keeps_the_student_alone_and_notes_who_taught_it(taught: tuple[Config, Run]) -> None:
    config, run = taught
    assert {"distil_loss", "val_distil_loss"} <= run.read_metrics()[0].keys()
    best = keras.saving.load_model(run.best)
    assert type(best) is not DistilledModel
    assert best.count_params() == build_model(config).count_params()
    assert json.loads((run.directory / "data.json").read_text())["teacher"] == describe_teacher(config)["teacher"]


@pytest.mark.slow
def test_a_resumed_student_ends_as_if_nothing_had_been(
    taught: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, reference = taught
    run, write_state = Run(tmp_path / "run"), Run.write_state

    def stop_after_first(run: Run, state: dict[str, Any]) -> None:
        write_state(run, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "write_state", stop_after_first)
        train(config, run.directory)
    train(None, run.directory, resume=True)
    assert_same_weights(*(each.checkpoints / "last-0002.keras" for each in (run, reference)))
    assert_same_weights(run.best, reference.best)
    assert metrics_without_seconds(run.metrics_file) == metrics_without_seconds(reference.metrics_file)


def test_the_teacher_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "teacher.keras").touch()
    monkeypatch.chdir(tmp_path)
    config = taught_by(tiny_config(HEADS["presence"]), Path("teacher.keras")).with_absolute_paths()
    assert config.training.distil is not None
    assert config.training.distil.teacher == str(tmp_path / "teacher.keras")
    shipped = taught_by(config, Path("documents")).with_absolute_paths()
    assert shipped.training.distil is not None
    assert shipped.training.distil.teacher == "documents"
