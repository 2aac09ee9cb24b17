"""The server of the labelling page, asked without a browser: what it answers, and whom it refuses."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from data_generators.formats import open_source
from detector import api
from detector.commands import data
from detector.labelling.label_store import LabelStore
from detector.labelling.server import LabelServer
from detector.labelling.suggestion import load_suggest
from detector.runs import RunError, WriteError
from tests.detector.labelling.conftest import SIZE_HW, SUGGESTED, Serve, draw_page

CHANGE = {"label": {"corners": SUGGESTED.tolist(), "done": True}, "stamp": ["-1", "0"]}
JSON = {"Content-Type": "application/json"}


def ask(server: LabelServer, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and body, JSON decoded."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET" if body is None else "POST", path, data, named if body is None else {**JSON, **named})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(answer) if is_json else answer


def test_page_and_its_parts_are_served(serve: Serve, pictures: Path) -> None:
    server = serve(pictures)
    assert server.server_address[0] == "127.0.0.1"
    for path, part in {"/": b"<title>", "/page.js": b"import", "/page.css": b":root", "/icon.svg": b"<svg"}.items():
        status, body = ask(server, path)
        assert status == 200 and part in body
    assert b"http:" not in ask(server, "/")[1]


def test_a_label_is_saved_and_listed(serve: Serve, pictures: Path) -> None:
    server = serve(pictures)
    assert ask(server, "/api/pictures/a.png")[1] | {"stamp": 0} == {
        **{"name": "a.png", "width": 320, "height": 240, "label": None, "state": "open", "stamp": 0}
    }
    status, saved = ask(server, "/api/labels/a.png", CHANGE)
    assert status == 200 and saved["state"] == "done"
    unfinished = {"label": {"corners": [], "done": False}, "stamp": ["-1", "0"]}
    assert ask(server, "/api/labels/b.png", unfinished)[0] == 200
    listed = ask(server, "/api/pictures")[1]
    assert [picture["state"] for picture in listed["pictures"]] == ["done", "unfinished", "open"]
    assert (listed["order"], listed["suggests"]) == ("image", True)
    np.testing.assert_allclose(open_source(f"corners:{pictures}").sample(0).keypoints[0], SUGGESTED, atol=1e-6)


def test_suggestions_come_from_the_model(serve: Serve, pictures: Path) -> None:
    suggestion = ask(serve(pictures), "/api/suggestions/c.png")[1]
    assert suggestion == {"present": False, "presence": 0.03, "corners": SUGGESTED.tolist()}
    assert ask(serve(pictures, None), "/api/suggestions/c.png") == (200, None)


def test_pictures_are_upright(serve: Serve, pictures: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(np.rot90(draw_page(0))).save(pictures / "turned.jpg", exif=exif, quality=95)
    server = serve(pictures)
    picture = ask(server, "/api/pictures/turned.jpg")[1]
    assert (picture["height"], picture["width"]) == SIZE_HW
    pixels = cv2.imdecode(np.frombuffer(ask(server, "/pixels/turned.jpg")[1], np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(pixels.astype(int) - draw_page(0)).mean() < 2
    assert ask(server, "/api/labels/turned.jpg", CHANGE)[0] == 200
    sample = open_source(f"labelme:{pictures}").sample(0)
    assert sample.size_hw == SIZE_HW
    np.testing.assert_allclose(sample.keypoints[0], SUGGESTED, atol=1e-6)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_hosts_are_refused(serve: Serve, pictures: Path, host: str) -> None:
    server = serve(pictures)
    for path in ("/", "/api/pictures", "/pixels/a.png"):
        status, answer = ask(server, path, Host=host)
        assert status == 403 and "expected the host 127.0.0.1 or localhost" in answer["error"]
    assert ask(server, "/", Host="localhost:9999")[0] == 200  # a port that is forwarded from a phone


def test_other_pages_cannot_write(serve: Serve, pictures: Path) -> None:
    server = serve(pictures)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Content_Type": "text/plain"}):
        assert ask(server, "/api/labels/a.png", CHANGE, **headers)[0] == 403
    assert ask(server, "/api/labels/a.png", CHANGE, Host="evil.example", Origin="http://evil.example")[0] == 403
    assert not list(pictures.glob("*.json"))
    assert ask(server, "/api/labels/a.png", CHANGE, Origin=server.url.rstrip("/"))[0] == 200


@pytest.mark.parametrize(
    "name", ["../secret.png", "%2e%2e%2fsecret.png", "..%5csecret.png", "/etc/passwd", "d.png", ""]
)
def test_nothing_outside_the_folder_is_read_or_written(serve: Serve, pictures: Path, name: str) -> None:
    (pictures.parent / "secret.png").write_bytes((pictures / "a.png").read_bytes())
    server = serve(pictures)
    for route in ("/pixels/", "/api/suggestions/", "/page/"):
        assert ask(server, route + name)[0] == 404
    assert ask(server, "/api/labels/" + name, CHANGE)[0] == 404
    assert not list(pictures.parent.glob("*.json"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        *[{}, [], 5, b"{", {"label": None}, {"label": {}, "stamp": ["1", "2"]}, {"label": None, "stamp": 3}],
        {"label": {"corners": [[1, 2]], "done": True}, "stamp": ["-1", "0"]},
        {"label": {"corners": [[], []], "done": True}, "stamp": ["-1", "0"]},
        {"label": {"corners": [[10**400, 0]] * 4, "done": True}, "stamp": ["-1", "0"]},
        {"label": None, "stamp": [float("inf"), 0]},
        {"label": {"corners": [], "done": "yes"}, "stamp": ["-1", "0"]},
        {"label": {"corners": [["a", 0]] * 4, "done": True}, "stamp": ["-1", "0"]},
        b'{"label": {"corners": [[NaN, 0], [1, 0], [1, 1], [0, 1]], "done": true}, "stamp": ["-1", "0"]}',
    ],
)
def test_messages_that_mean_nothing_are_refused(serve: Serve, pictures: Path, body: Any) -> None:
    status, answer = ask(serve(pictures), "/api/labels/a.png", body)
    assert status == 422 and answer["error"]
    assert not list(pictures.glob("*.json"))


def test_too_long_a_message_is_refused(serve: Serve, pictures: Path) -> None:
    assert ask(serve(pictures), "/api/labels/a.png", b" " * 70_000)[0] == 404


def test_pictures_that_cannot_be_read_are_named(serve: Serve, pictures: Path) -> None:
    (pictures / "b.png").write_bytes((pictures / "b.png").read_bytes()[:200])
    (pictures / "c.json").write_text("[]")
    server = serve(pictures)
    for route in ("/api/pictures/", "/pixels/", "/api/suggestions/"):
        status, answer = ask(server, f"{route}b.png")
        assert status == 422 and "b.png: the picture cannot be decoded" in answer["error"]
    assert "c.json: expected a LabelMe file" in ask(server, "/api/pictures/c.png")[1]["error"]
    assert [picture["state"] for picture in ask(server, "/api/pictures")[1]["pictures"]] == [
        "open",
        "open",
        "unreadable",
    ]


def test_conflicts_and_full_disks_have_a_status_of_their_own(
    serve: Serve, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(pictures)
    assert ask(server, "/api/labels/a.png", {**CHANGE, "stamp": ["5", "5"]})[0] == 409

    def fail(*_: Any) -> None:
        raise WriteError(pictures / "a.json", OSError(28, "No space left on device"))

    monkeypatch.setattr(LabelStore, "write", fail)
    status, answer = ask(server, "/api/labels/a.png", CHANGE)
    assert status == 507 and "a.json" in answer["error"]


def test_the_shipped_model_suggests_corners(pictures: Path) -> None:
    with api.label(pictures) as server:
        suggestion = server.session.views["api/suggestions"]("a.png")
    assert suggestion is not None and suggestion["present"]
    np.testing.assert_allclose(suggestion["corners"], SUGGESTED, atol=0.03)
    with pytest.raises(RunError, match="no such run folder or file"):
        load_suggest("unknown")


def test_a_model_without_corners_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.detector.fake import FakeRuntime

    monkeypatch.setattr(
        "detector.labelling.suggestion.load_runtime", lambda _: FakeRuntime(SUGGESTED, heads={"presence": {}})
    )
    with pytest.raises(
        RunError, match=r"expected a model with the head `corners`, this one has presence\. .*--no-model"
    ):
        load_suggest("presence.tflite")


def test_a_port_that_is_taken_is_named(serve: Serve, pictures: Path) -> None:
    port = serve(pictures).server_port
    with pytest.raises(RunError, match=rf"port {port} of 127\.0\.0\.1 cannot be had .* Choose another --port"):
        api.label(pictures, model=None, port=port)


def test_the_verb_opens_the_page_and_says_how_to_read_the_labels(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def stop(_: LabelServer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(LabelServer, "serve_forever", stop)
    data.label(pictures, no_model=True)
    [url] = opened
    printed = capsys.readouterr().out
    assert url.startswith("http://127.0.0.1:") and url in printed
    assert f"0 of 3 pictures done. Read them as corners:{pictures} or labelme:{pictures}" in printed
