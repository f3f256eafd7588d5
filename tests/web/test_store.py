"""A server whose run's gallery lies on a Milvus server: asked and changed as its own index is."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest
from milvus_server import MilvusServer
from starlette.testclient import TestClient

from siam.engine.index.push import push_run

pytestmark = pytest.mark.slow
API = "/api/v1"


@pytest.fixture
def client(digits: Path, digit: bytes, start: Any, milvus: MilvusServer) -> TestClient:
    """Of a server without an index of its own, from which `digit` was read before."""
    address = milvus.address(f"w{secrets.token_hex(8)}")
    push_run(digits, address)
    shutil.rmtree(digits / "index")
    connected: TestClient = start(store=address, writable=True)
    return connected


def items(client: TestClient, **asked: Any) -> Any:
    return client.get(f"{API}/items", params=asked).json()


def test_items_are_asked_added_labelled_and_removed(client: TestClient, digit: bytes) -> None:
    held = items(client)["total"]
    listed = client.get(f"{API}/runs").json()
    assert (listed["run"], listed["runs"][0]["pictures"]) == ("digits", held)
    told = client.get(f"{API}/runs/digits").json()
    assert told["index"]["items"] == held
    sent = {"pictures": ("seven.png", digit, "image/png")}
    added = client.post(f"{API}/items", files=sent, data={"label": "cup"}).json()
    assert added["added"] == 1
    (number,) = added["ids"]
    asked = client.post(f"{API}/query", files={"pictures": ("q.png", digit, "image/png")}).json()
    assert number in [near["id"] for near in asked["results"][0]["neighbours"][:2]]
    path = f"{API}/items/{number}"
    assert client.get(path).json()["label"] == "cup"
    assert client.get(f"{path}/thumbnail").content[:4] == b"\x89PNG"
    assert client.patch(path, json={"label": "mug"}).json()["label"] == "mug"
    assert items(client, label="mug")["total"] == 1
    chosen = {"ids": [number, 1, 1 << 40], "label": "mug"}
    assert client.post(f"{API}/items/label", json=chosen).json()["labelled"] == 1
    assert client.delete(path).json()["removed"] == 1
    assert (items(client)["total"], items(client, label="mug")["total"]) == (held, 1)


def test_what_takes_the_runs_own_index_says_so(client: TestClient) -> None:
    told = client.get(f"{API}/map/status").json()
    assert (told["status"], told["error"]["code"]) == ("failed", "store")
    assert "siam serve --store local" in told["error"]["cure"]
    assert client.get(f"{API}/map").status_code == 404
    assert client.get(f"{API}/runs/digits/audit").json()["error"]["code"] == "no_audit"


def test_a_server_that_is_away_is_said_soon_and_asked_again_later(
    client: TestClient, milvus: MilvusServer
) -> None:
    milvus.kill()
    try:
        answer = client.get(f"{API}/items")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "away")
        assert "Retry-After" in answer.headers and "127.0.0.1" not in answer.text
    finally:
        milvus.start()
    for _ in range(60):
        if "total" in items(client):
            return
    raise AssertionError("it does not answer again")
