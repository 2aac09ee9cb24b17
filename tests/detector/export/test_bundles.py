"""Bundles: a folder all or nothing, in place of an earlier one alone; what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detector.export.bundles import BUNDLES, write_bundle
from detector.export.file_fit import check_file
from detector.locate import find_model
from detector.runs import RunError
from detector.targets import Target, read_target, target_names
from detector.tflm import tflm_is_there
from tests.detector.test_cli import run_main

H7 = read_target("openmv-h7")


def fake_writer(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
    (folder / "src").mkdir()
    for name in ("src/model.bin", "README.txt"):
        (folder / name).write_bytes(model.read_bytes()[:10])
    return [folder / "src" / "model.bin", folder / "README.txt"]


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUNDLES, "openmv", fake_writer)


@pytest.mark.usefixtures("bundles")
def test_a_bundle_replaces_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    first = write_bundle("documents-small", folder, H7)
    assert first.files == ("README.txt", "src/model.bin", "bundle.json")
    assert {path.name for path in folder.iterdir()} == {"README.txt", "src", "bundle.json"}
    record = json.loads((folder / "bundle.json").read_text())
    assert record["kind"] == "openmv" and record["target"] == "openmv-h7"
    assert write_bundle("documents-small", folder, kind="openmv").files == first.files
    assert [path.name for path in tmp_path.iterdir()] == ["board"]


@pytest.mark.usefixtures("bundles")
def test_what_a_person_has_made_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"board is there already and is no bundle\. Choose another --output"):
        write_bundle("documents-small", folder, kind="openmv")
    (folder / "notes.txt").unlink()
    write_bundle("documents-small", folder, kind="openmv")
    (folder / "README.txt").write_text("changed")
    with pytest.raises(RunError, match=r"README\.txt was changed or added since the bundle was written"):
        write_bundle("documents-small", folder, kind="openmv")


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
        (folder / "half").write_text("")
        raise RunError("no")

    monkeypatch.setitem(BUNDLES, "openmv", fail)
    with pytest.raises(RunError, match="no"):
        write_bundle("documents-small", tmp_path / "board", kind="openmv")
    assert not list(tmp_path.iterdir())


def test_wrong_kinds_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no bundle of the kind floppy\. Kinds: .*openmv"):
        write_bundle("documents-small", tmp_path / "board", kind="floppy")
    network = find_model("documents-small").with_suffix(".keras")
    with pytest.raises(RunError, match=r"made of a \.tflite file\. Received .*keras\. Run `detector export RUN`"):
        write_bundle(network, tmp_path / "board", kind="openmv")


def test_every_target_has_a_bundle() -> None:
    kinds = {read_target(name).bundle for name in target_names()}
    assert kinds == set(BUNDLES) - {"web-linked"}  # a choice beside `web`


def test_a_file_that_a_target_cannot_run_is_refused() -> None:
    narrow = H7.model_copy(update={"operators": ("ADD",), "fits": ("letterbox",), "channels": (1,)})
    with pytest.raises(RunError, match=r"does not fit OpenMV Cam H7.*CONV_2D, which .*`input\.channels` is 3"):
        check_file(find_model("documents-small"), narrow)


@pytest.mark.skipif(not tflm_is_there(), reason="tflite-micro is not installed: no arena is measured")
def test_memory_is_that_of_the_interpreter() -> None:
    path = find_model("documents-small")
    note = check_file(path, H7)
    assert note.startswith("Memory: 137,024 of 243,302 bytes") and "as TensorFlow Lite Micro allocates it" in note
    assert "the copy of a file" in check_file(path, H7.model_copy(update={"flash_bytes": 100}))
    with pytest.raises(RunError, match=r"361,568 bytes of memory are needed, 243,302 are there"):
        check_file(find_model("documents"), H7)


def test_where_memory_does_not_matter_nothing_is_measured() -> None:
    assert check_file(find_model("documents-small"), read_target("phone")) == "Memory: as much as it wants."


def test_without_tflm_the_memory_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.export.file_fit.tflm_is_there", lambda: False)
    assert "predicted, and not checked: TensorFlow" in check_file(find_model("documents-small"), H7)


@pytest.mark.usefixtures("bundles")
def test_the_verb(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = run_main(capsys, "bundle", "documents-small", "--kind", "openmv", "--output", tmp_path / "board")
    assert result.code == 0 and f"Begin with {tmp_path}/board/README.txt" in result.output
    result = run_main(capsys, "bundle", "documents-small", "--output", tmp_path / "other")
    assert result.code == 1 and "expected --target NAME, e.g. --target openmv-h7, or --kind KIND" in result.error
    result = run_main(capsys, "bundle", "documents-small", "--target", "openmv-h8", "--output", tmp_path / "other")
    assert result.code == 1 and "Did you mean `openmv-h7`?" in result.error
