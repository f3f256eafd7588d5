"""Questions over HTTP: the answers are the engine's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import siam

PNG = {"content-type": "image/png"}


@pytest.fixture
def client(start: Any) -> TestClient:
    started: TestClient = start()
    return started


def test_a_query_answers_as_the_engine_does(client: TestClient, digits: Path, digit: bytes) -> None:
    answer = client.post("/api/v1/query?k=3", content=digit, headers=PNG)
    assert answer.status_code == 200
    with siam.open(digits) as run:
        own = run.query(digit, k=3).to_dict()
    (told,) = answer.json()["results"]
    assert answer.json()["schema"] == 1 and answer.json()["run"] == "digits"
    assert told == own | {"input": "picture", "position": None}


def test_one_bad_picture_among_several_is_reported(client: TestClient, digit: bytes) -> None:
    files = [("pictures", ("a.png", digit)), ("pictures", ("C:\\ann\\b.png", b"no picture"))]
    first, second = client.post("/api/v1/query", files=files).json()["results"]
    assert first["verdict"] == "match" and first["input"] == "a.png"
    assert second["input"] == "b.png" and "not a picture" in second["error"]


def test_a_single_bad_picture_is_refused(client: TestClient) -> None:
    answer = client.post("/api/v1/query", content=b"no picture", headers=PNG)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "picture"


def test_steps_show_what_the_network_saw(client: TestClient, digit: bytes) -> None:
    answer = client.post("/api/v1/query?steps=1", content=digit, headers=PNG).json()
    steps = answer["results"][0]["steps"]
    assert steps[0]["name"] == "original"
    assert all(step["picture"].startswith("data:image/png;base64,") for step in steps)


def test_two_pictures_are_compared(client: TestClient, digits: Path, digit: bytes) -> None:
    files = {"left": ("l.png", digit), "right": ("r.png", digit)}
    told = client.post("/api/v1/verify?threshold=0.5", files=files).json()
    with siam.open(digits) as run:
        own = run.verify(digit, digit, threshold=0.5).to_dict()
    assert told == own | {"schema": 1, "run": "digits", "left": "l.png", "right": "r.png"}
    without = client.post("/api/v1/verify", files={"left": ("l.png", digit)})
    assert (without.status_code, without.json()["error"]["code"]) == (400, "usage")


def test_embeddings_are_the_engines(client: TestClient, digits: Path, digit: bytes) -> None:
    told = client.post("/api/v1/embed", content=digit, headers=PNG).json()
    with siam.open(digits) as run:
        own = run.embed(digit)
    assert told["results"][0]["embedding"] == pytest.approx(own.tolist(), abs=1e-6)
    assert told["dim"] == len(own)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("k=0", 400, "usage"),
        ("treshold=0.5", 400, "usage"),
        ("threshold=nan", 400, "usage"),
        ("threshold=3", 400, "usage"),
        ("rotate=45", 400, "usage"),
        ("box=1,2,3", 400, "usage"),
        ("box=900,900,910,910", 422, "picture"),
        ("where=label", 400, "usage"),
        ("where=colour=red", 400, "usage"),
        ("threshold=0.5&false_accept_rate=0.1", 400, "usage"),
        ("run=nothing", 404, "no_run"),
        ("run=../digits", 404, "no_run"),
    ],
)
def test_options_that_make_no_sense(
    client: TestClient, digit: bytes, asked: str, status: int, code: str
) -> None:
    answer = client.post(f"/api/v1/query?{asked}", content=digit, headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["schema"] == 1


def test_another_content_type_is_refused(client: TestClient, digit: bytes) -> None:
    answer = client.post("/api/v1/query", content=digit, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "media_type")
    assert client.post("/api/v1/query", content=b"", headers=PNG).status_code == 400


def test_the_shortcut_past_the_framework_tells_and_counts_as_it_does(
    client: TestClient, digit: bytes
) -> None:
    broken = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/api/v1/verify", content=b"x", headers=broken)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "usage")
    assert client.post("/api/v1/query", content=digit, headers=PNG).status_code == 200
    assert client.get("/api/v1/query").status_code == 405
    counted = client.get("/api/v1/metrics").text
    for method, route, status in (("POST", "verify", 400), ("POST", "query", 200)):
        labels = f'method="{method}",route="/{route}",status="{status}"'
        assert f"siam_requests_total{{{labels}}} 1" in counted
