"""The map over HTTP: computed once, kept in the run, in step with the index, a query placed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from siam.engine.projection.computation import Failure
from siam.engine.projection.gallery_map import GalleryMap
from siam.engine.projection.map_file import FILE, load_map, save_map
from siam.index.gallery import Gallery
from siam.run_files import INDEX_FOLDER

PNG = {"content-type": "image/png"}


class Instead:
    """A computation that is over at once, and counts how often one begins."""

    outcome: Any = None
    begun = 0

    def __init__(self, folder: Path) -> None:
        self.folder, self.step = folder, ("Placing pictures", 10, 500)
        type(self).begun += 1

    def wait(self) -> Any:
        return self.outcome

    def close(self) -> None:
        pass


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> type[Instead]:
    """What stands in place of a process that computes a map."""
    kind = type("Instead", (Instead,), {})
    monkeypatch.setattr("siam.web.maps.Computation", kind)
    return kind


@pytest.fixture
def mapped(digits: Path) -> GalleryMap:
    """A map of the run "digits", kept in it: item by item from left to right, all at one height."""
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        whole = by_id(gallery)
    save_map(digits / INDEX_FOLDER, whole)
    return whole


def by_id(gallery: Gallery) -> GalleryMap:
    ids, checksums = gallery.checksums()
    count = len(ids)
    places = np.stack([np.linspace(0, 1, count), np.full(count, 0.5)], axis=1).astype(np.float32)
    encoder = gallery.encoder_hash
    return GalleryMap(encoder, ids, checksums, places, np.ones(count, bool), count)


def decode(content: bytes) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
    """The header, ids, label numbers and places of a map's bytes."""
    start = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(content[4:start])
    count = header["count"]
    assert start % 8 == 0 and len(content) == start + 16 * count
    numbers = start + 8 * count
    ids = np.frombuffer(content[start:numbers], "<f8")
    labels = np.frombuffer(content[numbers : numbers + 4 * count], "<i4")
    return header, ids, labels, np.frombuffer(content[numbers + 4 * count :], "<u2").reshape(-1, 2)


def test_every_item_has_its_place_and_its_label(start: Any, mapped: GalleryMap) -> None:
    client = start()
    status = client.get("/api/v1/map/status").json()
    assert (status["status"], status["count"]) == ("ready", len(mapped.ids))
    answer = client.get("/api/v1/map")
    header, ids, labels, places = decode(answer.content)
    assert ids.tolist() == mapped.ids.tolist()
    np.testing.assert_array_equal(places, np.rint(mapped.places * 65535))
    item = client.get("/api/v1/items/5").json()
    assert header["labels"][labels[4]]["label"] == item["label"]
    assert [one["count"] for one in header["labels"]] == np.bincount(labels).tolist()
    again = client.get("/api/v1/map", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_map_that_is_not_there_is_computed_once_and_kept(
    start: Any, digits: Path, instead: type[Instead]
) -> None:
    client = start()
    missing = client.get("/api/v1/map")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "no_map")
    for _ in range(2):
        status = client.get("/api/v1/map/status").json()
        told = (status["status"], status["step"], status["done"], status["total"])
        assert told == ("computing", "Placing pictures", 10, 500)
    assert instead.begun == 1
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        instead.outcome = by_id(gallery)
    assert client.get("/api/v1/map/status").json()["status"] == "ready"
    assert load_map(digits / INDEX_FOLDER) is not None
    assert client.get("/api/v1/map").status_code == 200


def test_why_there_is_none_is_told_with_its_cure(start: Any, instead: type[Instead]) -> None:
    client = start()
    client.get("/api/v1/map/status")
    instead.outcome = Failure("openTSNE is missing.", "pip install 'siam[map]'")
    for _ in range(2):
        status = client.get("/api/v1/map/status").json()
        assert status["status"] == "failed"
        assert status["error"]["cure"] == "pip install 'siam[map]'"
    assert instead.begun == 1


def test_a_damaged_file_is_computed_anew(start: Any, digits: Path, instead: type[Instead]) -> None:
    (digits / INDEX_FOLDER / FILE).write_bytes(b"PK no map")
    assert start().get("/api/v1/map/status").json()["status"] == "computing"


def test_a_query_has_its_place_among_its_neighbours(
    start: Any, digit: bytes, mapped: GalleryMap
) -> None:
    """It is item 1 itself, which lies at the left end."""
    client: TestClient = start()
    files = [("pictures", ("a.png", digit)), ("pictures", ("b.png", b"none"))]
    first, second = client.post("/api/v1/query", files=files).json()["results"]
    assert first["position"] == [0.0, 0.5]
    assert second["position"] is None


def test_a_removed_item_is_not_on_the_map_and_what_another_process_adds_is(
    start: Any, digits: Path, mapped: GalleryMap
) -> None:
    client: TestClient = start(writable=True)
    before = client.get("/api/v1/map").headers["etag"]
    with Gallery.open(digits / INDEX_FOLDER) as gallery:
        gallery.remove([2])
        (new,) = gallery.add(gallery.vectors_of([9]), keys=["twin.png"], labels=["new"])
    answer = client.get("/api/v1/map")
    header, ids, labels, places = decode(answer.content)
    assert answer.headers["etag"] != before
    assert ids.tolist() == [*[one for one in mapped.ids.tolist() if one != 2], new]
    assert places[-1].tolist() == places[ids.tolist().index(9)].tolist()
    assert header["labels"][labels[-1]] == {"label": "new", "count": 1}


def test_a_map_of_another_encoder_places_nothing_and_is_computed_anew(
    start: Any, digits: Path, digit: bytes, mapped: GalleryMap, instead: type[Instead]
) -> None:
    save_map(digits / INDEX_FOLDER, dataclasses.replace(mapped, encoder="another"))
    client: TestClient = start()
    (result,) = client.post("/api/v1/query", content=digit, headers=PNG).json()["results"]
    assert result["position"] is None
    assert client.get("/api/v1/map/status").json()["status"] == "computing"


def test_a_question_does_not_wait_for_the_places_of_new_items(
    start: Any, digits: Path, digit: bytes, mapped: GalleryMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: TestClient = start()
    assert client.get("/api/v1/map").status_code == 200
    monkeypatch.setattr("siam.web.maps.follow_gallery", None)  # fails where it is called
    with Gallery.open(digits / INDEX_FOLDER) as gallery:
        gallery.add(gallery.vectors_of([9]), keys=["twin.png"], labels=["new"])
    (result,) = client.post("/api/v1/query", content=digit, headers=PNG).json()["results"]
    assert result["position"] == [0.0, 0.5]
