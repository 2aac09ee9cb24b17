"""What the page asks and tells where labels of a model are accepted and rejected, over HTTP and on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.real.pseudo_file import QUEUE_NAME
from detector import api
from detector.commands import data
from detector.labelling.review import tint_of
from detector.labelling.server import LabelServer
from detector.pseudo_labels.queue import LabelQueue
from detector.runs import RunError
from tests.detector.labelling.conftest import REVIEWED, Review
from tests.detector.labelling.test_server import ask


def test_pictures_come_worst_first_with_their_labels(review: Review) -> None:
    server = review("boxes")
    overview = ask(server, "/api/pictures")[1]
    assert overview["mode"] == "review" and overview["classes"][1] == {"name": "dog", "colour": "#56b4e9"}
    assert [picture["name"] for picture in overview["pictures"]] == list(REVIEWED)
    picture = ask(server, "/api/pictures/clip%2Fa.png")[1]
    assert (picture["width"], picture["height"], picture["tinted"]) == (320, 240, False)
    assert picture["disagreement"] == 0.9 and picture["label"] is None and picture["says"] == "2 things"
    assert [outline["class"] for outline in picture["outlines"]] == [0, 1]
    assert picture["outlines"][0]["points"] == [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]]
    assert ask(server, "/pixels/clip%2Fa.png")[1].startswith(b"\xff\xd8")


def test_corners_are_outlined_as_they_lie(review: Review) -> None:
    picture = ask(review("corners"), "/api/pictures/b.png")[1]
    assert picture["outlines"][0]["points"][2] == [0.9, 0.8]


def test_marks_are_saved_and_taken_back(review: Review) -> None:
    server = review("boxes")
    for name, mark in (("b.png", "accepted"), ("clip%2Fa.png", "rejected"), ("c.png", "accepted"), ("c.png", None)):
        status, saved = ask(server, f"/api/labels/{name}", {"label": mark, "stamp": []})
        assert status == 200 and saved == {"label": mark, "state": mark or "open", "stamp": []}
    root = server.session.queue.root  # type: ignore[attr-defined]
    assert [label.state for label in LabelQueue.read(root).worst_first()] == ["rejected", "accepted", "open"]
    assert open_source(f"pseudo:{root}").groups() == ["b"]
    assert server.session.summary().startswith(
        f"1 accepted, 1 rejected of 3. Train on the accepted ones: pseudo:{root}."
    )


@pytest.mark.parametrize("body", [{}, [], 5, {"label": "good"}, {"label": ["accepted"]}, {"label": {}}, b"{"])
def test_messages_that_mean_nothing_are_refused(review: Review, body: Any) -> None:
    server = review("boxes")
    status, answer = ask(server, "/api/labels/b.png", body)
    assert status == 422 and answer["error"]
    assert {picture["state"] for picture in ask(server, "/api/pictures")[1]["pictures"]} == {"open"}


def test_what_is_not_there_is_not_found(review: Review) -> None:
    server = review("boxes")
    paths = ("/api/pictures/d.png", "/pixels/..%2Fsecret.png", "/tints/b.png", "/api/suggestions/b.png")
    assert [ask(server, path)[0] for path in paths] == [404] * 4
    assert ask(server, "/api/labels/d.png", {"label": "accepted", "stamp": []})[0] == 404


def test_masks_are_tints(review: Review) -> None:
    server = review("mask")
    assert ask(server, "/api/pictures/b.png")[1]["tinted"]
    tint = cv2.imdecode(np.frombuffer(ask(server, "/tints/b.png")[1], np.uint8), cv2.IMREAD_UNCHANGED)
    assert tint.shape == (240, 320, 4)
    assert tint[0, 0, 3] == 0 and 0 < tint[100, 60, 3] < tint[48, 60, 3]  # outside, inside, edge
    assert tint[100, 60, :3].tolist() == [130, 200, 0] and tint[150, 250, :3].tolist() == [233, 180, 86]  # BGR


def test_a_mask_without_anything_is_transparent() -> None:
    tint = cv2.imdecode(np.frombuffer(tint_of(np.zeros((3, 5), np.int32)), np.uint8), cv2.IMREAD_UNCHANGED)
    assert tint.shape == (3, 5, 4) and not tint[..., 3].any()


def test_one_page_at_a_time_and_a_broken_queue_holds_nobody_off(review: Review) -> None:
    root = review("boxes").session.queue.root  # type: ignore[attr-defined]
    with pytest.raises(RunError, match="Another process works on the labels in"):
        api.label(root)
    other = root.parent / "other"
    other.mkdir()
    (other / QUEUE_NAME).write_text("{")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"queue\.json: the file is not JSON"):
            api.label(other)


def test_the_verb_label_serves_both(
    review: Review, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = review("boxes")
    server.server_close()
    root: Path = server.session.queue.root  # type: ignore[attr-defined]
    monkeypatch.setattr(LabelServer, "serve_forever", lambda _: None)
    data.label(root, browser=False)
    printed = capsys.readouterr().out
    assert "0 accepted, 0 rejected of 3." in printed and f"detector convert pseudo:{root} labelme FOLDER" in printed
