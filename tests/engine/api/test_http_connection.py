"""Asking a server: kept connections, waiting while it is busy, its errors as siam's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from loopback_server import LoopbackServer, QuietHandler

import siam
from siam.engine.api.http_connection import Server, is_loopback

Reply = tuple[int, bytes, dict[str, str]]


class StandIn(LoopbackServer):
    """A server that gives the answers it is told to, the last one again and again."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.hang_up = False


class Handler(QuietHandler):
    """One connection to it."""

    protocol_version = "HTTP/1.1"
    server: StandIn

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        replies = self.server.replies
        status, content, headers = replies.pop(0) if len(replies) > 1 else replies[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.server.hang_up

    do_GET = do_POST = do


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """A server of the test's own."""
    with StandIn() as server:
        yield server


def ok(content: bytes = b'{"a": 1}') -> Reply:
    return 200, content, {}


def fault(status: int, code: str = "", **headers: str) -> Reply:
    told = f'{{"schema": 1, "error": {{"code": "{code}", "message": "no", "cure": "do"}}}}'
    return status, told.encode(), headers


def test_one_connection_is_kept_for_many_questions(stand_in: StandIn) -> None:
    stand_in.replies = [ok()]
    server = Server(stand_in.address + "/below/")
    for _ in range(3):
        query = {"k": 3, "where": ["a=1", "b=ü"], "box": None}
        assert server.ask("GET", "/runs/a b", dict[str, int], query=query) == {"a": 1}
    assert stand_in.connections == 1
    assert stand_in.asked[0][1] == "/below/api/v1/runs/a%20b?k=3&where=a%3D1&where=b%3D%C3%BC"
    server.close()


def test_threads_share_a_server(stand_in: StandIn) -> None:
    stand_in.replies = [ok()]
    server = Server(stand_in.address)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.ask("GET", "/a", dict[str, int]), range(80)))
    assert answers == [{"a": 1}] * 80
    assert stand_in.connections <= 8
    server.close()


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(stand_in: StandIn) -> None:
    stand_in.replies = [ok()]
    stand_in.hang_up = True  # without saying so
    server = Server(stand_in.address)
    for _ in range(3):
        server.ask("POST", "/a", dict[str, int], body=b"x")
        time.sleep(0.02)
    assert len(stand_in.asked) == 3
    for _ in range(3):  # what must not be done twice never goes over an old one
        server.ask("POST", "/a", dict[str, int], body=b"x", changes=True)
    assert len(stand_in.asked) == 6
    assert len(server._idle) == 1
    server.close()


def test_a_busy_server_is_asked_again_after_the_time_that_it_says(stand_in: StandIn) -> None:
    later = {"Retry-After": "0"}
    stand_in.replies = [fault(503, **later), fault(429, **later), ok()]
    server = Server(stand_in.address)
    assert server.ask("POST", "/query", dict[str, int], body=b"x") == {"a": 1}
    assert len(stand_in.asked) == 3
    stand_in.replies = [fault(503, **{"Retry-After": "30"})]
    started = time.monotonic()
    with pytest.raises(siam.RunError, match="no\ndo"):
        Server(stand_in.address, timeout=1.0).ask("GET", "/a", dict[str, int])
    assert time.monotonic() - started < 1.0  # nobody waits for what comes too late
    server.close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "usage", siam.UsageError),
        (401, "token", siam.UsageError),
        (403, "read_only", siam.UsageError),
        (404, "run", siam.RunError),
        (404, "nobody", siam.RunError),
        (409, "store", siam.StoreError),
        (413, "too_large", siam.DataError),
        (415, "content_type", siam.DataError),
        (422, "picture", siam.PictureError),
        (422, "data", siam.DataError),
        (500, "internal", siam.InternalError),
    ],
)
def test_its_errors_are_those_of_the_machine(
    stand_in: StandIn, status: int, code: str, kind: type[siam.SiamError]
) -> None:
    stand_in.replies = [fault(status, code)]
    with pytest.raises(siam.SiamError) as caught:
        Server(stand_in.address).ask("GET", "/a", dict[str, int])
    assert type(caught.value) is kind
    assert (caught.value.problem, caught.value.cure) == ("no", "do")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ok(b"<html>"), "what this siam does not understand"),
        (ok(b'{"a": "b"}'), "what this siam does not understand"),
        (ok(b"[" * 10_000), "what this siam does not understand"),
        (ok(b""), "what this siam does not understand"),
        ((502, b"<html>", {}), "status 502: it is no siam server's, or one in front"),
        ((302, b"", {"Location": "http://elsewhere/"}), "status 302: it sends elsewhere"),
    ],
    ids=["html", "type", "deep", "empty", "proxy", "redirect"],
)
def test_what_is_no_siam_server(stand_in: StandIn, reply: Reply, words: str) -> None:
    stand_in.replies = [reply]
    with pytest.raises(siam.RunError, match=words):
        Server(stand_in.address).ask("GET", "/a", dict[str, int])


def test_an_answer_that_never_ends_is_given_up(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.engine.api.http_connection.MOST", 100)
    stand_in.replies = [ok(b"1" * 101)]
    with pytest.raises(siam.RunError, match="answered with more than 100 bytes"):
        Server(stand_in.address).ask("GET", "/a", int)


def test_nobody_is_there_or_nobody_answers() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes calls and says nothing
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(siam.RunError, match="did not answer within 0.05 seconds"):
            Server(url, timeout=0.05).ask("GET", "/a", dict[str, int])
    with pytest.raises(
        siam.RunError, match=r"No siam server answers at .*\nStart one:  siam serve"
    ):
        Server(url).ask("GET", "/a", dict[str, int])


def test_a_body_that_is_refused_before_its_end() -> None:
    """The answer is read although the rest of the body could not be sent."""
    import socket

    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            told = fault(413, "too_large")[1]
            head = f"HTTP/1.1 413 Too Large\r\nContent-Length: {len(told)}\r\n\r\n"
            connection.sendall(head.encode() + told)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(2**20):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(siam.DataError, match="no"):
            Server(url).ask("POST", "/a", dict[str, int], body=bytes(8 * 2**20))
        thread.join()


def test_a_token_is_sent_in_a_header_alone(stand_in: StandIn) -> None:
    stand_in.replies = [ok()]
    server = Server(stand_in.address, token="s3cret")
    server.ask("GET", "/a", dict[str, int])
    _, path, headers, _ = stand_in.asked[0]
    assert headers["Authorization"] == "Bearer s3cret" and "s3cret" not in path
    assert "s3cret" not in repr(server) + server.url
    server.close()


def refuse(make: Callable[[], Server], words: str) -> None:
    with pytest.raises(siam.UsageError, match=words):
        make()


def test_a_token_goes_to_no_other_machine_in_the_clear() -> None:
    for host in ("192.168.1.7:8000", "siam.example.org", "127.0.0.1.example.org"):
        refuse(lambda host=host: Server(f"http://{host}", token="t"), "could read it")  # type: ignore[misc]
    assert Server("https://siam.example.org", token="t").url
    assert Server("http://192.168.1.7:8000").url
    for url in ("http://localhost:1", "http://[::1]:1", "http://127.8.9.1"):
        assert Server(url, token="t").url == url
    refuse(lambda: Server("http://localhost", token="a\r\nHost: b"), "printable ASCII")


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://a", "http://", "http://a:b", "http://a:0", "file:///etc"]
)
def test_addresses_that_are_none(url: str) -> None:
    refuse(lambda: Server(url), "A server's address is")


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(siam.UsageError, match="host, port and path alone") as caught:
        Server("https://ann:s3cret@a.example")
    assert "s3cret" not in str(caught.value)


def test_loopback() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("localhost.example.org")
