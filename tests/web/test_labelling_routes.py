"""Labelling a folder over HTTP: questions, answers, undo, and what is refused."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

URL = "/api/v1/labelling"


@pytest.fixture
def client(start: Any, tmp_path: Path, example_digits: list[bytes]) -> TestClient:
    (tmp_path / "new" / "inner").mkdir(parents=True)
    for number, png in enumerate(example_digits):
        (tmp_path / "new" / "inner" / f"{number}.png").write_bytes(png)
    started: TestClient = start(writable=True, label=tmp_path / "new")
    for _ in range(100):
        answer = started.get(URL).json()
        if "looking" not in answer:
            break
        assert answer["question"] is None and answer["looking"]["done"] <= 2
        time.sleep(0.05)
    return started


def test_pictures_are_labelled_one_by_one(client: TestClient) -> None:
    first = client.get(URL).json()
    key = first["question"]["key"]
    assert key.startswith("inner/") and first["question"]["left"] == 2
    assert (first["done"], first["can_undo"]) == (0, False)
    shown = client.get(f"{URL}/picture")
    assert shown.headers["content-type"] == "image/png"
    assert max(Image.open(io.BytesIO(shown.content)).size) <= 512
    second = client.post(f"{URL}/label", json={"label": "brand new", "key": key}).json()
    assert second["question"]["key"] != key and second["done"] == 1
    assert "brand new" in second["labels"]
    listed = client.get("/api/v1/items?label=brand new").json()["items"]
    assert [item["key"] for item in listed] == [Path(key).name]  # no folder of this machine
    back = client.post(f"{URL}/undo").json()
    assert back["question"]["key"] == key and back["done"] == 0
    assert client.get("/api/v1/items?label=brand new").json()["total"] == 0
    client.post(f"{URL}/skip")
    last = client.post(f"{URL}/skip").json()
    assert last["question"] is None
    assert client.get(f"{URL}/picture").status_code == 404
    assert client.post(f"{URL}/skip").status_code == 400


def test_an_answer_to_another_question_is_refused(client: TestClient) -> None:
    answer = client.post(f"{URL}/label", json={"label": "7", "key": "inner/9.png"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "question")
    assert client.post(f"{URL}/undo").json()["error"]["message"] == "There is nothing to undo."


def test_without_a_folder_it_says_how_to_name_one(start: Any) -> None:
    answer = start().get(URL)
    assert answer.status_code == 404
    assert "--label" in answer.json()["error"]["cure"]


def test_a_folder_that_is_not_there(start: Any, tmp_path: Path) -> None:
    client = start(writable=True, label=tmp_path / "no where" / "at all")
    answer = wait(client)
    assert answer.status_code == 422
    assert "at all" in answer.text and "no where" not in answer.text


def test_a_picture_is_named_below_its_folder(
    start: Any, tmp_path: Path, digits: Path, example_digits: list[bytes]
) -> None:
    folder = tmp_path / "my own pictures"
    folder.mkdir()
    (folder / "the first.png").write_bytes(example_digits[0])
    (folder / "the second.png").write_bytes(example_digits[1])
    client = start(writable=True, label=folder)
    key = wait(client).json()["question"]["key"]
    client.post(f"{URL}/label", json={"label": "new"})
    (item,) = client.get("/api/v1/items?label=new").json()["items"]
    client.patch(f"/api/v1/items/{item['id']}", json={"label": "other"})
    answer = client.post(f"{URL}/undo")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{key} has been labelled other")
    for picture in folder.iterdir():
        picture.write_bytes(b"no picture any more")
    for answer in (client.get(f"{URL}/picture"), client.post(f"{URL}/label", json={"label": "x"})):
        assert answer.status_code == 422
        assert "my own" not in answer.text and "the " in answer.text


def wait(client: TestClient) -> Any:
    """Return the state of the labelling once the pictures have been looked at."""
    for _ in range(200):
        answer = client.get(URL)
        if "looking" not in answer.json():
            return answer
        time.sleep(0.05)
    raise AssertionError("They are being looked at still.")
