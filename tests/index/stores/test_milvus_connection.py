"""Addresses, and every refusal of a server in one line: none of these needs a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest

from siam.errors import MissingExtraError, StoreError, UsageError
from siam.index.stores import milvus_connection
from siam.index.stores.milvus_address import Address, parse_address
from siam.index.stores.milvus_connection import MilvusConnection


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("milvus://localhost/digits", "http://localhost:19530"),
        ("milvus://10.0.0.1:7/digits", "http://10.0.0.1:7"),
        ("milvuss://db.example.com:443/digits", "https://db.example.com:443"),
        ("milvus://[::1]:7/digits/", "http://[::1]:7"),
    ],
)
def test_an_address_is_read_and_shown_without_its_token(
    text: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAM_STORE_TOKEN", "root:secret")
    address = parse_address(text)
    assert (address.uri, address.collection, address.token) == (uri, "digits", "root:secret")
    assert parse_address(str(address)) == address and "secret" not in str(address)


@pytest.mark.parametrize(
    "text",
    ["", "digits", "http://h/c", "milvus://h", "milvus://h/", "milvus://h/a/b", "milvus://h/1a"]
    + ["milvus://h:port/c", "milvus:///c", "milvus://h:99999/c"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="A store is given like milvus://HOST:PORT/COLLECTION"):
        parse_address(text)


@pytest.mark.parametrize("text", ["milvus://root:secret@h/c", "milvus://h/c?token=secret"])
def test_a_password_in_an_address_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="carries a password") as said:
        parse_address(text)
    assert "secret" not in str(said.value) and "SIAM_STORE_TOKEN" in said.value.cure


@pytest.fixture
def refusing() -> Iterator[Callable[[grpc.StatusCode, str], Address]]:
    """Return what starts a server that refuses every call, and gives its address."""
    servers = []

    def start(code: grpc.StatusCode, words: str) -> Address:
        def refuse(_: object, context: Any) -> bytes:
            context.abort(code, words)
            raise AssertionError

        class Refusal(grpc.GenericRpcHandler):
            def service(self, _: Any) -> Any:
                return grpc.unary_unary_rpc_method_handler(refuse)

        server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[Refusal()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return Address(f"http://127.0.0.1:{port}", "digits")

    yield start
    for server in servers:
        server.stop(None)


@pytest.mark.parametrize(
    ("code", "words", "problem", "cure"),
    [
        (
            grpc.StatusCode.UNAUTHENTICATED,
            "auth check failure",
            "refuses a client without",
            "TOKEN",
        ),
        (grpc.StatusCode.PERMISSION_DENIED, "no", "refuses a client without", "TOKEN"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "disk quota exceeded", "takes no more", "quota"),
        (grpc.StatusCode.UNAVAILABLE, "gone", "cannot be reached", "Start the server"),
        (grpc.StatusCode.INTERNAL, "shard 7\nburns", "refuses: .*shard 7 burns", "log"),
    ],
)
def test_a_refusal_is_one_line(
    refusing: Callable[[grpc.StatusCode, str], Address],
    monkeypatch: pytest.MonkeyPatch,
    code: grpc.StatusCode,
    words: str,
    problem: str,
    cure: str,
) -> None:
    if code is grpc.StatusCode.UNAVAILABLE:  # which is waited for; a busy machine takes its time
        monkeypatch.setattr(milvus_connection, "CONNECT", 1.0)
    with pytest.raises(StoreError, match=problem) as said:
        MilvusConnection(refusing(code, words), patience=0.5).call("list_collections")
    assert "\n" not in said.value.problem and cure in said.value.cure


def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_connection, "CONNECT", 0.5)
    with pytest.raises(StoreError, match=r"milvus://127.0.0.1:9/digits cannot be reached"):
        MilvusConnection(Address("http://127.0.0.1:9", "digits"))


def test_without_pymilvus_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymilvus", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'siam\[milvus\]'"):
        MilvusConnection(Address("http://127.0.0.1:9", "digits"))
