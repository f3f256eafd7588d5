"""The head of a request is bounded, whatever else comes on its connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from siam.web.http_protocol import HEAD, HttpProtocol

QUESTION = b"POST / HTTP/1.1\r\nhost: localhost\r\n"


class Connection(asyncio.Transport):
    """What a server writes, and whether it has hung up."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Say how long a request's body is."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d bytes" % length})


async def send_pieces(*pieces: bytes) -> Connection:
    config = uvicorn.Config(answer, log_config=None)
    protocol = HttpProtocol(config, ServerState(), {})
    connection = Connection()
    protocol.connection_made(connection)
    for piece in pieces:
        if not connection.closed:
            protocol.data_received(piece)
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    return connection


def test_a_head_without_end_is_refused() -> None:
    headers = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 1000) for number in range(100))
    pieces = [headers[start : start + 4096] for start in range(0, len(headers), 4096)]
    connection = asyncio.run(send_pieces(QUESTION, *pieces, b"\r\n"))
    assert connection.closed
    assert connection.written.startswith(b"HTTP/1.1 400 ")
    assert b"too large" in connection.written


@pytest.mark.parametrize("cut", [3, len(QUESTION), len(QUESTION) + 10])
def test_bodies_and_the_head_that_follows_them_are_not_counted(cut: int) -> None:
    body = b"z" * (2 * HEAD)
    whole = QUESTION + b"content-length: %d\r\n\r\n" % len(body) + body
    twice = whole + whole[:cut], whole[cut:-HEAD], whole[-HEAD:]
    connection = asyncio.run(send_pieces(*twice))
    assert connection.written.count(b"HTTP/1.1 200 OK") == 2
    assert connection.written.count(b"%d bytes" % len(body)) == 2
    assert not connection.closed
