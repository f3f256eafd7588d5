"""What is taken in: so many bytes, pixels and pictures, refused before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from siam.errors import BusyError
from siam.web.middleware.body_limit import BodyLimit
from siam.web.settings import Settings

QUERY = "/api/v1/query"
PNG = {"content-type": "image/png"}


def pieces(count: int, size: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * size


def test_a_body_that_says_it_is_too_large_is_not_read(start: Any) -> None:
    client = start(body_bytes=1000)
    answer = client.post(QUERY, content=b"x" * 1001, headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_body_of_unknown_length_is_counted_as_it_comes(start: Any) -> None:
    client = start(body_bytes=1000)
    answer = client.post(QUERY, content=pieces(5, 300), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    form = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(QUERY, content=pieces(5, 300), headers=form)
    assert answer.status_code in (400, 413)


def test_bodies_that_are_too_much_together_are_sent_again_later() -> None:
    """By hand: one request is held in the middle of its body while the other comes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    limit = BodyLimit(app, Settings(held_bytes=1000, body_bytes=900))
    scope = {"type": "http", "headers": [(b"content-length", b"800")]}

    async def both() -> None:
        async with anyio.create_task_group() as group:
            release = anyio.Event()

            async def slow() -> dict[str, Any]:
                await release.wait()
                return {"type": "http.request", "body": b"x" * 800}

            group.start_soon(limit, scope, slow, None)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Exception, match="Too much is being sent") as refused:
                await limit(scope, slow, None)
            assert refused.value.status == 503 and refused.value.retry_after  # type: ignore[attr-defined]
            release.set()
        await limit(scope, slow, None)  # what was let go is free again

    anyio.run(both)


def test_a_body_that_does_not_come_ends_the_request() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def never() -> Any:
        await anyio.sleep_forever()

    limit = BodyLimit(app, Settings(body_seconds=0.01))
    with pytest.raises(Exception, match="did not come") as refused:
        anyio.run(limit, {"type": "http", "headers": []}, never, None)
    assert refused.value.status == 408  # type: ignore[attr-defined]


def test_a_body_that_comes_a_letter_at_a_time_ends_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def trickle() -> dict[str, Any]:
        await anyio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    limit = BodyLimit(app, Settings(body_seconds=0.05))
    with pytest.raises(Exception, match="did not come"):
        anyio.run(limit, {"type": "http", "headers": []}, trickle, None)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has so many pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b""))


def test_too_many_pixels_are_refused_before_they_are_unpacked(start: Any) -> None:
    answer = start().post(QUERY, content=bomb(50_000, 50_000), headers=PNG)
    assert answer.status_code == 422
    assert "too large" in answer.json()["error"]["message"]


def test_too_many_pictures_at_once(start: Any, digit: bytes) -> None:
    client = start(pictures=3)
    files = [("pictures", ("a.png", digit))] * 4
    answer = client.post(QUERY, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many")
    assert client.post(QUERY, files=files[:3]).status_code == 200


def test_pictures_that_wait_are_bounded(start: Any, digit: bytes) -> None:
    client: TestClient = start(pictures=2)
    desk = client.app.state.service.desk  # type: ignore[attr-defined]
    with desk.hold(2):
        answer = client.post(QUERY, content=digit, headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert client.post(QUERY, content=digit, headers=PNG).status_code == 200
    assert desk.held == 0


def test_who_goes_away_in_the_middle_is_no_fault(
    start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = start()
    messages = [
        {"type": "http.request", "body": b"half of a picture", "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": QUERY,
        "raw_path": QUERY.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"image/png")],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(client.app, scope, receive, send)
    assert not sent and not messages
    assert "Unforeseen" not in caplog.text
    assert 'status="499"' in client.get("/api/v1/metrics").text


def test_what_cannot_be_foreseen_tells_nothing(start: Any, monkeypatch: Any) -> None:
    """A fault of siam's own: no traceback and no path goes out, the log has both."""

    def fail(*_: object, **__: object) -> Future[None]:
        raise RuntimeError("in /home/ann/secret/place.py")

    monkeypatch.setattr("siam.index.reader.Reader.select", fail)
    answer = start().get("/api/v1/items")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "ann" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_index_that_another_writes_to_is_tried_again_later(start: Any, monkeypatch: Any) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BusyError("Another process is writing to the index /home/ann/runs/index.")

    monkeypatch.setattr("siam.index.gallery.Gallery.remove", fail)
    answer = start(writable=True).delete("/api/v1/items/1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert answer.headers["retry-after"] and "ann" not in answer.text


def test_no_path_of_the_machine_is_told(start: Any, digits: Any, digit: bytes) -> None:
    from siam.engine.index.sync import add, open_to_index

    pictures = digits.parent.parent / "a folder" / "cat"
    pictures.mkdir(parents=True)
    (pictures / "1.png").write_bytes(digit)
    with open_to_index("digits") as run:
        add(run, [str(pictures / "1.png")], label="cat")
    client = start()
    total = client.get("/api/v1/items").json()["total"]
    texts = [
        client.post(QUERY, content=digit, headers=PNG).text,
        client.post(f"{QUERY}?k=1000", content=digit, headers=PNG).text,
        client.get("/api/v1/items?label=cat").text,
        client.get(f"/api/v1/items?offset={total - 1}").text,
        client.get("/api/v1/runs").text,
        client.get("/api/v1/runs/digits").text,
        client.get("/api/v1/runs/nothing").text,
        client.get("/api/v1/metrics").text,
    ]
    assert '"cat/1.png"' in texts[2]
    for text in texts:
        assert str(digits.parent.parent) not in text


def test_a_run_that_was_taken_away_names_no_folder(start: Any, digits: Any, digit: bytes) -> None:
    client = start()
    (digits / "manifest.json").unlink()
    answer = client.post(QUERY, content=digit, headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "run")
    assert str(digits.parent) not in answer.text


@pytest.mark.parametrize(
    "name",
    ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "/etc/passwd", "../../pyproject.toml", ".hidden"]
    + ["index.html/..", "a\\b.js", "index.py", "nothing.js", "index.html%00.js"],
)
def test_no_file_but_the_pages_own_is_served(start: Any, name: str) -> None:
    answer = start().get(f"/static/{name}")
    assert answer.status_code == 404


def test_the_pages_files_are_kept_by_the_browser(start: Any) -> None:
    client = start()
    first = client.get("/static/index.html")
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    again = client.get("/static/index.html", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/").content == first.content
    plain = client.get("/static/index.html", headers={"accept-encoding": "identity"})
    assert plain.content == first.content and "content-encoding" not in plain.headers


@pytest.mark.parametrize("run", ["..", "../digits", "/", "digits/index", "a/b", "x.siam", ""])
def test_no_run_but_those_of_the_folder_is_asked(start: Any, run: str, digits: Any) -> None:
    (digits.parent / "x.siam").write_bytes(io.BytesIO(b"no pack").read())
    answer = start().get("/api/v1/items", params={"run": run})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_run")
