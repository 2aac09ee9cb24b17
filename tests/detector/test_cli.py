"""The command line, verb by verb, on a training of seconds; in one process, so that TensorFlow is imported once."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from data_generators.formats import FORMATS, open_source
from data_generators.images import read_image
from detector import __version__, cli
from detector.commands import networks, options
from detector.config import read_config
from detector.presets import preset_names
from detector.runs import Run
from tests.conftest import REPOSITORY
from tests.detector.small_run import VALIDATION, small_values, write_config, write_every_format

EVALUATION = {"samples", "parameters", "bytes", "runtime"} | {
    *("quad_iou_mean", "quad_iou_median", "quad_iou_min", "quad_iou_below_80_share"),
    *("corner_error_percent_mean", "corner_error_percent_median"),
    *("presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr"),
}
VERBS = (
    *("init", "preview", "inspect", "generate", "convert", "cost", "train", "evaluate", "predict", "export", "label"),
    *("clean-masks", "watch", "pseudo-label", "match-camera", "compare", "sweep", "shrink", "prune", "bundle"),
    *("targets", "benchmark", "report", "formats"),
)


@dataclass(frozen=True)
class Result:
    code: int
    output: str
    error: str


Detector = Callable[..., Result]


def run_main(capsys: pytest.CaptureFixture[str], *arguments: object) -> Result:
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(sys, "argv", ["detector", *map(str, arguments)])
        cli.main()
    captured = capsys.readouterr()
    return Result(int(stop.value.code or 0), captured.out, captured.err)


@pytest.fixture
def detector(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Detector:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_main(capsys, *arguments)


def in_one_line(error: str) -> str:
    """The message of an error that is told in one line."""
    [line] = error.strip().splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("formats")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        yield write_every_format(folder)


@pytest.fixture(scope="module")
def sheets(sources: dict[str, str]) -> str:
    """`corners:FOLDER`, with the splits train and val."""
    return sources["corners"].removesuffix("#train")


@pytest.fixture(scope="module")
def config(sheets: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = small_values(Path(sheets.removeprefix("corners:")), epochs=1)
    return write_config(tmp_path_factory.mktemp("config") / "small.yaml", values)


@pytest.fixture(scope="module")
def trained(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that the command line trained."""
    folder = tmp_path_factory.mktemp("trained") / "run [1]"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(
            sys, "argv", ["detector", "train", str(config), "--run", str(folder), "--set", "training.epochs=2"]
        )
        cli.main()
    assert stop.value.code == 0
    return Run(folder)


@pytest.fixture
def broken_folder(sources: dict[str, str], tmp_path: Path) -> Path:
    """Six negatives, and a file that is no picture."""
    folder = tmp_path / "broken set"
    folder.mkdir()
    for path in Path(sources["negatives"].removeprefix("negatives:")).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def test_help_answers_without_keras_and_names_every_verb_and_format() -> None:
    code = "import sys, detector.cli as c\ntry: c.app(['--help'])\nexcept SystemExit: print('keras' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert output.endswith("False\n")
    assert all(verb in output for verb in VERBS)
    command = [sys.executable, "-m", "detector", "evaluate", "--help"]
    output = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert "FORMAT:PATH[#SPLIT]" in output
    assert all(name in options.FORMATS for name in FORMATS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_parameter_has_a_help_text(detector: Detector, verb: str) -> None:
    command = typer.main.get_command(cli.app).commands[verb]  # type: ignore[attr-defined]
    assert command.help.endswith(".")
    assert all(parameter.help.endswith((".", "samples")) for parameter in command.params)
    result = detector(verb, "--help")
    assert (result.code, result.error) == (0, "")
    assert "Usage: " in result.output


def test_version(detector: Detector) -> None:
    assert detector("--version") == Result(0, f"detector {__version__}\n", "")


def test_init_writes_a_config_that_is_the_preset(detector: Detector) -> None:
    for name in preset_names():
        result = detector("init", name)
        assert (result.code, result.error) == (0, "")
        assert f"Wrote {name}.yaml. Look at its data: detector preview --config {name}.yaml" in result.output
        assert read_config(f"{name}.yaml") == read_config(name)


def test_init_overwrites_only_with_force(detector: Detector) -> None:
    assert detector("init", "documents", "--output", "new/mine.yaml").code == 0
    Path("new/mine.yaml").write_text("precious")
    result = detector("init", "documents", "--output", "new/mine.yaml")
    assert result.code == 1
    assert "new/mine.yaml is there already. Choose another --output, or overwrite it with --force." in in_one_line(
        result.error
    )
    assert detector("init", "documents", "--output", "new/mine.yaml", "--force").code == 0
    assert read_config("new/mine.yaml") == read_config("documents")


def test_preview_draws_every_format(detector: Detector, sources: dict[str, str], config: Path) -> None:
    data = [word for source in sources.values() for word in ("--data", source)]
    result = detector("preview", *data, "--config", config, "--output", "all.png", "--count", 4)
    assert (result.code, result.error) == (0, "")
    for number, source in enumerate(sources.values(), 1):
        assert f"samples of {source} to all-{number}.png" in result.output
        assert read_image(f"all-{number}.png").shape[1] > 1000


def test_preview_draws_the_training_data_of_a_config(detector: Detector, config: Path) -> None:
    first, again, other = (
        detector("preview", "--config", config, "--count", 2, "--output", f"{name}.png", "--set", f"seed={seed}")
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert (first.code, again.code, other.code) == (0, 0, 0)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes() != Path("c.png").read_bytes()


def test_preview_skips_and_counts(detector: Detector, broken_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = f"negatives:{broken_folder}"
    result = detector("preview", "--data", source)
    assert result.code == 1
    assert "broken.jpg: the file is not a picture that can be read." in in_one_line(result.error)
    with caplog.at_level(logging.WARNING):
        assert detector("preview", "--data", source, "--on-error", "skip").code == 0
    assert "NegativesSource: skipped 1 of 7 samples" in caplog.text


def test_inspect_compares_splits_and_writes_what_it_found(detector: Detector, sheets: str) -> None:
    result = detector("inspect", f"{sheets}#train", f"{sheets}#val", "--json", "found.json", "--output", "new/look")
    assert (result.code, result.error) == (0, "")
    assert f"{sheets}#train and {sheets}#val: no near-duplicate." in result.output
    assert "Wrote new/look/inspection.json, new/look/inspection.png" in result.output
    found = json.loads(Path("found.json").read_text())
    assert found == json.loads(Path("new/look/inspection.json").read_text())
    assert found["sources"][f"{sheets}#val"]["pictures"] == VALIDATION


def test_inspect_skips_and_counts(detector: Detector, broken_folder: Path) -> None:
    source = f"negatives:{broken_folder}"
    assert "broken.jpg: the file is not a picture that can be read." in in_one_line(detector("inspect", source).error)
    assert detector("inspect", source, "--on-error", "skip").code == 0
    counts = json.loads(Path("inspection/inspection.json").read_text())["sources"][source]
    assert (counts["pictures"], counts["unreadable"], counts["pictures_without_object"]) == (6, 1, 6)


def test_generate_writes_splits_and_goes_on(detector: Detector, sources: dict[str, str]) -> None:
    scenes = sources["documents"]
    for split, count in (("train", 3), ("val", 2)):
        result = detector("generate", f"{scenes}#{split}", "set", "--split", split, "--count", count, "--seed", 4)
        assert (result.code, result.error) == (0, "")
        assert f"Wrote {count} samples, {count} in all, to set. Read them as corners:set#{split}" in result.output
        assert len(open_source(f"corners:set#{split}")) == count
    again = detector("generate", f"{scenes}#val", "set", "--split", "val", "--count", 2, "--seed", 4)
    assert "Wrote 0 samples, 2 in all" in again.output
    other = detector("generate", f"{scenes}#val", "set", "--split", "val", "--count", 2, "--seed", 5)
    assert other.code == 1
    assert "split 'val' was begun with fingerprint" in in_one_line(other.error)


def test_generate_takes_options_of_the_scenes(detector: Detector) -> None:
    options = ("layouts=[registration]", "target=registration_number", "size_hw=[72, 96]", "negative_share=0")
    words = [word for option in options for word in ("--set", option)]
    assert detector("generate", "documents:", "numbers", "--count", 2, *words).code == 0
    picture = open_source("corners:numbers").sample(0)
    assert picture.size_hw == (72, 96)
    assert (picture.boxes[0, 2:] - picture.boxes[0, :2]).prod() < 0.1, "a field, not the page"
    assert detector("generate", "documents:", "numbers", "--set", "layout=letter").code == 1


def test_generate_skips_and_counts(detector: Detector, broken_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert detector("generate", f"negatives:{broken_folder}", "a").code == 1
    with caplog.at_level(logging.WARNING):
        result = detector("generate", f"negatives:{broken_folder}", "b", "--on-error", "skip", "--quality", 80)
    assert "Wrote 6 samples, 7 in all, to b. Read them as corners:b" in result.output
    assert "skipped 1 of 7 samples" in caplog.text


def test_cost_is_told_before_training(detector: Detector, config: Path) -> None:
    result = detector("cost", config, "--json", "new/cost.json", "--set", "model.backbone.width=16")
    assert (result.code, result.error) == (0, "")
    cost = json.loads(Path("new/cost.json").read_text())
    assert f"{cost['parameters']:,}" in result.output
    assert detector("cost", config, "--json", "small.json").code == 0
    assert json.loads(Path("small.json").read_text())["parameters"] < cost["parameters"]


def test_json_goes_to_the_standard_output(detector: Detector, config: Path) -> None:
    result = detector("cost", config, "--json", "/dev/stdout")
    assert result.code == 0
    assert json.loads(result.output[result.output.index("\n{") :])["parameters"] > 0


def test_progress_is_shown_while_samples_are_scored(
    detector: Detector, trained: Run, sheets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    @contextmanager
    def record(description: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: seen.append((description, done, total))

    monkeypatch.setattr(networks, "show_progress", record)
    assert detector("evaluate", trained.best, "--data", f"{sheets}#val").code == 0
    assert seen[-1] == ("scoring", VALIDATION, VALIDATION)


def test_train_leaves_a_run_and_says_what_next(detector: Detector, trained: Run) -> None:
    assert trained.config.training.epochs == 2
    assert len(trained.read_metrics()) == 2
    result = detector("train", "--resume", "--run", trained.directory)
    assert result.code == 0
    assert "quad_iou_mean" in result.output
    assert f"Export it: detector export {trained.directory}" in result.output


def test_train_prints_which_weights_it_took_over(
    detector: Detector, config: Path, trained: Run, caplog: pytest.LogCaptureFixture
) -> None:
    changes = [f"model.init_from={json.dumps(str(trained.directory))}", "model.backbone.growth=2.0"]
    changes += ["training.samples_per_epoch=4", "training.learning_rate=1.0e-9"]
    with caplog.at_level(logging.INFO):
        result = detector("train", config, "--seed", 9, *(word for change in changes for word in ("--set", change)))
    assert result.code == 0, result.error
    assert "variables taken, " in caplog.text
    assert "left stage2_block1_conv/kernel: (3, 3, 8, 8) there, (3, 3, 8, 16) here" in caplog.text
    assert Run.open("runs/small-9").config.seed == 9


def test_train_refuses_what_would_be_lost(detector: Detector, config: Path, trained: Run) -> None:
    folder = trained.directory
    result = detector("train", config, "--run", folder)
    assert result.code == 1
    assert f"{folder} already holds a run. Continue it with --resume" in in_one_line(result.error)
    result = detector("train", config, "--run", folder, "--resume")
    assert "but asked for was: training.epochs 1 (2 in the run)." in in_one_line(result.error)
    result = detector("train", "--run", folder, "--resume", "--set", "training.batch_size=8", "--seed", 6)
    assert "seed 6 (5 in the run); training.batch_size 8 (4 in the run)" in in_one_line(result.error)
    result = detector("train", "--run", "nowhere", "--resume")
    assert "nowhere is not a run folder: it has no config.yaml." in in_one_line(result.error)


def test_evaluate_writes_what_scripts_rely_on(detector: Detector, trained: Run, sheets: str) -> None:
    result = detector(
        "evaluate", trained.directory, "--data", f"{sheets}#val", "--json", "scores.json", "--worst", "w.png"
    )
    assert (result.code, result.error) == (0, "")
    scores = json.loads(Path("scores.json").read_text())
    assert scores.keys() >= EVALUATION
    assert (scores["samples"], scores["runtime"]) == (VALIDATION, "keras-float32")
    report = json.loads((trained.directory / "report.json").read_text())
    assert {name: scores[name] for name in EVALUATION} == {name: report[name] for name in EVALUATION}
    assert read_image("w.png").shape[1] > 900
    assert f"{scores['quad_iou_mean']:.4f}" in result.output


def test_evaluate_takes_files_and_several_sources(detector: Detector, trained: Run, sources: dict[str, str]) -> None:
    data = [word for name in ("labelme", "negatives") for word in ("--data", sources[name])]
    assert detector("evaluate", trained.best, *data, "--json", "both.json").code == 0
    assert json.loads(Path("both.json").read_text())["samples"] == 12
    assert detector("evaluate", trained.best, *data[2:], "--json", "none.json").code == 0
    scores = json.loads(Path("none.json").read_text())
    assert scores["quad_iou_mean"] is None
    assert scores["presence_ap"] is None


def test_evaluate_skips_and_counts(
    detector: Detector, trained: Run, broken_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = ("evaluate", trained.best, "--data", f"negatives:{broken_folder}", "--json", "scores.json")
    assert "broken.jpg" in in_one_line(detector(*command).error)
    with caplog.at_level(logging.WARNING):
        assert detector(*command, "--on-error", "skip").code == 0
    assert "skipped 1 of 7 samples" in caplog.text
    assert json.loads(Path("scores.json").read_text())["samples"] == 6


def test_predict_writes_json_and_overlays(detector: Detector, trained: Run, sources: dict[str, str]) -> None:
    folder = sources["labelme"].removeprefix("labelme:")
    result = detector("predict", trained.directory, folder, f"{folder}/1.p*", "--output", "answers")
    assert (result.code, result.error) == (0, "")
    assert "7 pictures answered: answers/predictions.json; overlays in answers" in result.output
    rows = json.loads(Path("answers/predictions.json").read_text())
    assert rows[0]["file"] == f"{folder}/0.png"
    assert len(rows[0]["corners"]["keypoints"]) == 4
    assert len(list(Path("answers").glob("*.png"))) == 7
    assert detector("predict", trained.directory, folder, "--output", "bare", "--no-overlays").code == 0
    assert [path.name for path in Path("bare").iterdir()] == ["predictions.json"]


def test_export_prints_scores_side_by_side_and_a_run_then_stands_for_its_int8_file(
    detector: Detector, trained: Run, sheets: str, broken_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    data = ("--data", f"{sheets}#val", "--data", f"negatives:{broken_folder}")
    assert "broken.jpg" in in_one_line(detector("export", trained.directory, *data).error)
    result = detector("export", trained.directory, *data, "--on-error", "skip", "--layers", "--json", "report.json")
    assert result.code == 0, result.error
    report = json.loads(Path("report.json").read_text())
    assert list(report)[:4] == ["keras", "float", "int8", "int8-reference"]
    parity = report.pop("parity")
    assert f"reference kernels: {'not' if parity['status'] == 'not checked' else ''}" in result.output
    assert all(scores["samples"] == VALIDATION + 6 for scores in report.values())
    assert "stage1_block1_act" in result.output
    assert "lost dB" in result.output
    assert f"{report['int8']['quad_iou_mean']:.4f}" in result.output
    for model, runtime in ((trained.directory, "litert-int8"), (trained.exports / "float.tflite", "litert-float32")):
        assert detector("evaluate", model, "--data", f"{sheets}#val", "--json", "scores.json").code == 0
        scores = json.loads(Path("scores.json").read_text())
        assert scores["runtime"] == runtime
        assert scores["parameters"] == report["keras"]["parameters"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("init", "document"), "there is no preset 'document'. Did you mean documents?"),
        (("cost", "document"), "document: no such file, and no preset of that name"),
        (("cost", "documents", "--set", "training.epoch=3"), "Did you mean `epochs`?"),
        (("cost", "documents", "--set", "training.epochs"), "--set training.epochs: expected key=value"),
        (("cost", "documents", "--set", "training.epochs=["), "--set training.epochs=[: the value is not valid YAML"),
        (("cost", "documents", "--set", "data.train.7.weight=2"), "--set data.train.7.weight=2: "),
        (
            ("cost", "documents", "--set", "model.heads={corner: {}}"),
            "there is no head `corner`. Did you mean `corners`?",
        ),
        (("preview", "--data", "corner:photos"), "there is no format 'corner'. Did you mean corners?"),
        (("preview", "--data", "corners:no[/where]"), "no[/where]: expected a folder with corners.csv"),
        (("generate", "documents:", "set", "--split", "a/b"), "`split` must be of letters"),
        (("evaluate", "nothing", "--data", "documents:"), "nothing: no such run folder or file, and no shipped model"),
        (("evaluate", ".", "--data", "documents:"), ". is not a run folder: it has no config.yaml."),
        (("predict", "nothing", "a.jpg"), "nothing: no such run folder or file"),
        (("export", "nothing"), "nothing is not a run folder"),
    ],
)
def test_errors_say_what_to_do_without_a_traceback(
    detector: Detector, arguments: tuple[str, ...], message: str
) -> None:
    result = detector(*arguments)
    assert result.code == 1
    assert message in result.error
    assert result.error.startswith("error: ")
    assert "Traceback" not in result.error


def test_a_usage_error_is_no_traceback(detector: Detector, trained: Run) -> None:
    for arguments in (("evaluate", trained.best), ("trian",), ("evaluate", "a", "--data", "b", "--on-error", "stop")):
        result = detector(*arguments)
        assert result.code == 2
        assert "Usage: " in result.error


@pytest.mark.parametrize("name", ["network.keras", "network.tflite"])
def test_a_file_that_is_no_model_is_named(detector: Detector, sources: dict[str, str], name: str) -> None:
    for content in (b"", b"no model at all", b"\x20\0\0\0TFL3" + bytes(40)):
        Path(name).write_bytes(content)
        result = detector("evaluate", name, "--data", sources["labelme"])
        assert result.code == 1
        assert name in in_one_line(result.error)


def test_a_traceback_is_there_for_who_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["detector", "export", "nothing"])
    with pytest.raises(ValueError, match="nothing is not a run folder"):
        cli.main()


LEAVES = """
import atexit, os, sys
from detector import cli

class Last:
    def __del__(self):
        os.write(1, b"the interpreter ended")

last = Last()
atexit.register(print, "cleaned up", end=", ")
print("answered", end=", ")
cli.main = lambda: sys.exit({code})
cli.run()
"""


@pytest.mark.parametrize(("code", "expected"), [("130", 130), ("None", 0), ("'a word'", 1)])
def test_the_process_leaves_with_its_code_and_its_output_before_a_thread_could_abort_it(
    code: str, expected: int
) -> None:
    done = subprocess.run([sys.executable, "-c", LEAVES.format(code=code)], cwd=REPOSITORY, capture_output=True)
    assert (done.returncode, done.stdout) == (expected, b"answered, cleaned up, "), done.stderr
