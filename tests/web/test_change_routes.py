"""Items added, labelled and removed over HTTP, and that a server that only reads refuses it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import siam

ITEMS = "/api/v1/items"


@pytest.fixture
def client(start: Any) -> TestClient:
    started: TestClient = start(writable=True)
    return started


@pytest.fixture
def pictures(example_digits: list[bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("pictures", (f"{n}.png", png)) for n, png in enumerate(example_digits)]


def test_added_items_are_found_at_once(client: TestClient, pictures: Any, digits: Path) -> None:
    fields = {"label": " new ", "meta": json.dumps({"lux": 40})}
    answer = client.post(ITEMS, files=pictures, data=fields)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["added"], told["updated"], len(told["ids"])) == (2, 0, 2)
    listed = client.get(f"{ITEMS}?label=new&where=lux=40").json()
    assert [item["id"] for item in listed["items"]] == told["ids"]
    assert listed["items"][0]["key"].startswith("sent/")
    again = client.post(ITEMS, files=pictures, data={"label": "newer"}).json()
    assert (again["added"], again["updated"], again["ids"]) == (0, 2, told["ids"])
    near = client.post(
        "/api/v1/query?k=1", content=pictures[0][1][1], headers={"content-type": "image/png"}
    ).json()["results"][0]["neighbours"]
    assert (near[0]["id"], near[0]["label"]) == (told["ids"][0], "newer")
    # The command line sees it too, while the server runs.
    with siam.open(digits) as run:
        assert run.query(pictures[0][1][1], k=1).neighbours[0].id == told["ids"][0]


def test_one_that_is_no_picture_is_told_apart(client: TestClient, pictures: Any) -> None:
    files = [("pictures", ("bad.png", b"no picture")), pictures[0], pictures[0]]
    told = client.post(ITEMS, files=files).json()
    assert (told["added"], len(set(told["ids"]))) == (1, 1)
    assert "error" in told["results"][0]
    assert told["results"][1]["id"] == told["results"][2]["id"] == told["ids"][0]


@pytest.mark.parametrize(
    "fields",
    [{"label": "x" * 201}, {"meta": "[1]"}, {"meta": "{"}, {"meta": '{"label": 1}'}]
    + [{"meta": '{"a": {"b": 1}}'}, {"label": "  "}, {"label": "a\x1bb"}],
    ids=["long label", "list", "no JSON", "column", "nested", "blank label", "escape"],
)
def test_labels_and_values_that_make_no_sense(
    client: TestClient, pictures: Any, fields: dict[str, str]
) -> None:
    before = client.get(ITEMS).json()["total"]
    answer = client.post(ITEMS, files=pictures, data=fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "usage")
    assert client.get(ITEMS).json()["total"] == before


def test_labels_change_and_go(client: TestClient) -> None:
    assert client.patch(f"{ITEMS}/1", json={"label": "zero"}).json()["label"] == "zero"
    assert client.patch(f"{ITEMS}/1", json={"label": None}).json()["label"] is None
    assert client.get(f"{ITEMS}/1").json()["label"] is None
    changed = client.post(f"{ITEMS}/label", json={"ids": [1, 2, 10**9], "label": "some"})
    assert changed.json() == {"schema": 1, "labelled": 2}
    assert client.get(f"{ITEMS}?label=some").json()["total"] == 2
    assert client.patch(f"{ITEMS}/{10**9}", json={"label": "x"}).status_code == 404


def test_removed_items_are_gone(client: TestClient) -> None:
    total = client.get(ITEMS).json()["total"]
    assert client.delete(f"{ITEMS}/1").json() == {"schema": 1, "removed": 1}
    assert client.delete(f"{ITEMS}/1").status_code == 404
    assert client.post(f"{ITEMS}/remove", json={"ids": [1, 2, 3]}).json()["removed"] == 2
    assert client.get(ITEMS).json()["total"] == total - 3
    assert client.get(f"{ITEMS}/2/thumbnail").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", None),
        ("PATCH", "/1", {"label": "x"}),
        ("DELETE", "/1", None),
        ("POST", "/label", {"ids": [1], "label": "x"}),
        ("POST", "/remove", {"ids": [1]}),
    ],
)
def test_a_server_that_only_reads_says_how_to_let_it_write(
    start: Any, method: str, path: str, body: Any
) -> None:
    client = start()
    before = client.get(f"{ITEMS}/1").json()
    answer = client.request(method, ITEMS + path, json=body)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "read_only"
    assert "--writable" in answer.json()["error"]["cure"]
    assert client.get(f"{ITEMS}/1").json() == before


def test_a_body_of_another_kind_is_refused(client: TestClient) -> None:
    plain = client.post(
        f"{ITEMS}/remove", content='{"ids": [1]}', headers={"content-type": "text/plain"}
    )
    assert (plain.status_code, plain.json()["error"]["code"]) == (415, "media_type")
    odd = client.post(f"{ITEMS}/remove", json={"ids": ["a"]})
    assert (odd.status_code, odd.json()["error"]["code"]) == (400, "usage")
    assert client.get(f"{ITEMS}/1").status_code == 200


def test_readers_are_answered_while_writers_wait(
    client: TestClient, pictures: Any, digit: bytes, monkeypatch: Any
) -> None:
    """As where another process holds on to the index: each writer waits in a thread."""
    over = threading.Event()

    def wait(*_: object, **__: object) -> int:
        over.wait(30)
        return 0

    monkeypatch.setattr("siam.index.gallery.Gallery.remove", wait)
    monkeypatch.setattr("siam.web.routes.changes.add_sent", wait)
    statuses: list[int] = []
    asked = [lambda: client.delete(f"{ITEMS}/1"), lambda: client.post(ITEMS, files=pictures)]
    threads = [
        threading.Thread(target=lambda ask=ask: statuses.append(ask().status_code))
        for ask in asked * 6
    ]
    for thread in threads:
        thread.start()
    while len(statuses) < 4:  # the ninth and those after it are sent away
        time.sleep(0.01)
    assert statuses == [503] * 4
    answer = client.post("/api/v1/query", content=digit, headers={"content-type": "image/png"})
    assert answer.status_code == 200
    assert client.get(f"{ITEMS}/1").status_code == 200
    over.set()
    for thread in threads:
        thread.join()
