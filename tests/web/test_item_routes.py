"""The index over HTTP: pages of items, one with its neighbours, its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import siam
from siam.pictures.thumbnail import decode_thumbnail

ITEMS = "/api/v1/items"


@pytest.fixture
def client(start: Any) -> TestClient:
    started: TestClient = start()
    return started


def test_pages_join_to_the_whole_index_in_order(client: TestClient, digits: Path) -> None:
    with siam.open(digits) as run:
        total = len(run.index)
    seen: list[int] = []
    while True:
        page = client.get(ITEMS, params={"offset": len(seen), "limit": 128}).json()
        assert (page["total"], page["offset"]) == (total, len(seen))
        if not page["items"]:
            break
        seen += [item["id"] for item in page["items"]]
    assert seen == sorted(set(seen)) and len(seen) == total


def test_a_label_and_filters_must_all_hold(client: TestClient) -> None:
    sevens = client.get(f"{ITEMS}?label=7&limit=1000").json()
    assert sevens["total"] == len(sevens["items"])
    assert {item["label"] for item in sevens["items"]} == {"7"}
    middle = sevens["items"][len(sevens["items"]) // 2]["id"]
    filters = {"label": "7", "where": [f"id>{middle}", "not split=test"], "limit": 1000}
    later = client.get(ITEMS, params=filters).json()
    expected = [item["id"] for item in sevens["items"] if item["id"] > middle]
    assert [item["id"] for item in later["items"]] == expected
    # A quote in a label is a letter of it, not the end of a filter.
    assert client.get(ITEMS, params={"label": "7' or label='3"}).json()["total"] == 0
    assert client.get(ITEMS, params={"label": ""}).json()["total"] == 0


@pytest.mark.parametrize(
    "asked", ["limit=0", "limit=1001", "offset=-1", "offset=x", "where=(", "where=nothing=1"]
)
def test_pages_that_make_no_sense(client: TestClient, asked: str) -> None:
    answer = client.get(f"{ITEMS}?{asked}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "usage")


def test_an_item_is_shown_with_what_lies_near_it(client: TestClient, digits: Path) -> None:
    told = client.get(f"{ITEMS}/3?k=4").json()
    assert told["id"] == 3 and len(told["neighbours"]) == 4
    distances = [near["distance"] for near in told["neighbours"]]
    assert distances == sorted(distances) and 3 not in [n["id"] for n in told["neighbours"]]
    assert client.get(f"{ITEMS}/0").status_code == 400
    assert client.get(f"{ITEMS}/{2**53 - 1}").status_code == 404


def test_a_thumbnail_is_sent_once(client: TestClient) -> None:
    first = client.get(f"{ITEMS}/3/thumbnail")
    assert first.headers["content-type"] == "image/png"
    assert decode_thumbnail(first.content).shape == (28, 28, 1)
    tag = first.headers["etag"]
    again = client.get(f"{ITEMS}/3/thumbnail", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{ITEMS}/4/thumbnail", headers={"if-none-match": tag})
    assert other.status_code == 200
