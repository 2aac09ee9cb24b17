import re

import pytest

from data_generators.errors import DataError
from data_generators.files import checked_folder, expand_variables, files_content, read_bytes, write_atomically


def test_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "sub" / "a.json"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_atomically(path, b"one")

    def fail(*_):
        raise OSError("killed")

    monkeypatch.setattr("data_generators.files.os.replace", fail)
    with pytest.raises(OSError, match="killed"):
        write_atomically(path, b"two")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"one"]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a\.jpg: the file cannot be read: No such file"):
        read_bytes(tmp_path / "a.jpg")


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(DataError, match="expected a folder with pictures, but it is a file"):
        checked_folder(tmp_path / "a", "pictures")
    with pytest.raises(DataError, match="but it is not there"):
        checked_folder(tmp_path / "b", "pictures")


def test_content_changes_with_the_file(tmp_path):
    path, missing = tmp_path / "a", tmp_path / "b"
    path.write_text("1")
    before = files_content(tmp_path, [path, missing])
    assert [row[:2] for row in before["files"]] == [["a", 1], ["b", -1]]
    path.write_text("12")
    assert files_content(tmp_path, [path, missing]) != before


def test_content_knows_the_folder(tmp_path):
    first, second = files_content(tmp_path / "a", []), files_content(tmp_path / "b", [])
    assert first != second
    assert files_content(tmp_path / "b" / ".." / "a", []) == first


def test_a_variable_in_a_path_is_replaced(monkeypatch):
    monkeypatch.setenv("PHOTOS", "/photos")
    assert expand_variables("$PHOTOS/a and ${PHOTOS}s") == "/photos/a and /photoss"
    monkeypatch.delenv("PHOTOS")
    with pytest.raises(DataError, match=re.escape("PHOTOS is not set. Set it to a folder, e.g. export PHOTOS=/data")):
        expand_variables("$PHOTOS/a")


def test_the_public_sets_lie_beside_the_checkout_where_no_variable_says_otherwise(monkeypatch):
    monkeypatch.delenv("DETECTOR_DATA", raising=False)
    assert expand_variables("$DETECTOR_DATA/cats") == "../shared/data/cats"
    monkeypatch.setenv("DETECTOR_DATA", "/sets")
    assert expand_variables("$DETECTOR_DATA/cats") == "/sets/cats"
