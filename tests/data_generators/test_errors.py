import logging
import pickle

import pytest

from data_generators.errors import DataError, ErrorPolicy


def test_message_names_place_problem_and_cure():
    error = DataError("corners.csv:12", "tl_x must be a number.", "Write it with a point.")
    assert str(error) == "corners.csv:12: tl_x must be a number. Write it with a point."
    assert error.where == "corners.csv:12"


def test_error_comes_back_whole_from_a_worker_process():
    error = pickle.loads(pickle.dumps(DataError("a.jpg", "truncated.", "Copy it again.")))
    assert (str(error), error.where) == ("a.jpg: truncated. Copy it again.", "a.jpg")


def test_raise_stops_at_the_first_error():
    with pytest.raises(DataError, match="truncated"):
        ErrorPolicy("raise").handle(DataError("a.jpg", "truncated.", "Copy it again."))


def test_skip_warns_and_counts_at_the_end(caplog):
    policy = ErrorPolicy("skip")
    with caplog.at_level(logging.WARNING):
        policy.handle(DataError("a.jpg", "truncated.", "Copy it again."))
        policy.summarise("photos", 5)
    assert policy.skipped == ["a.jpg"]
    assert "skipped a.jpg: truncated. Copy it again." in caplog.text
    assert "photos: skipped 1 of 5 samples" in caplog.text


def test_nothing_skipped_logs_nothing(caplog):
    ErrorPolicy("skip").summarise("photos", 5)
    assert caplog.text == ""
