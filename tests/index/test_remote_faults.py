"""Servers that are killed, connections that are cut, clients that write at once: all is kept."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from milvus_server import MilvusServer

from siam.index.gallery import Gallery
from siam.index.push import push
from siam.index.remote_gallery import RemoteGallery
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.verify import verify

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send 600 pictures in ten batches."""
    monkeypatch.setattr("siam.index.stores.milvus_changes.MOST_ROWS", 60)
    monkeypatch.setattr("siam.index.push.PIECE", 60)


@pytest.fixture
def address(milvus: MilvusServer) -> str:
    return milvus.address(f"f{secrets.token_hex(8)}")


def opened(address: str) -> RemoteGallery:
    return RemoteGallery.connect(address, dim=16, encoder_hash="e" * 64, read_only=False)


def pushed(gallery: Gallery, address: str, **more: Any) -> None:
    with contextlib.closing(MilvusConnection(parse_address(address))) as connection:
        push(gallery, connection, **more)


def check_whole(address: str, gallery: Gallery) -> None:
    """The store holds what the gallery does, item by item."""
    with opened(address) as remote:
        assert verify(remote).clean
        for mine, own in zip(remote.everything(), gallery.everything(), strict=True):
            np.testing.assert_array_equal(mine, own)


class Restart:
    """Kills the server at the third call of `tell`, and starts it again a second later."""

    def __init__(self, server: MilvusServer) -> None:
        self._server, self._calls, self._thread = server, 0, threading.Thread(target=self._start)

    def tell(self, *_: object) -> None:
        self._calls += 1
        if self._calls == 3:
            self._server.kill()
            self._thread.start()

    def _start(self) -> None:
        time.sleep(1)
        self._server.start()

    def join(self) -> None:
        assert self._calls >= 3
        self._thread.join()


def test_a_server_that_is_killed_during_a_push_is_waited_for(
    gallery: Gallery, milvus: MilvusServer, address: str
) -> None:
    restart = Restart(milvus)
    pushed(gallery, address, progress=restart.tell)
    restart.join()
    check_whole(address, gallery)


def test_a_push_that_was_cut_short_goes_on_from_where_it_was(
    gallery: Gallery, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pushed(gallery, address, progress=stop)
    sent: list[int] = []
    insert = MilvusConnection.insert
    monkeypatch.setattr(
        MilvusConnection,
        "insert",
        lambda self, name, rows: (sent.append(len(rows)), insert(self, name, rows))[1],
    )
    with contextlib.closing(MilvusConnection(parse_address(address))) as connection:
        assert push(gallery, connection).sent <= 420  # the last batches come again
    assert 0 < sum(sent) <= 300
    check_whole(address, gallery)


def test_clients_add_remove_and_ask_while_the_server_is_started_again(
    gallery: Gallery, milvus: MilvusServer, address: str, clustered: Any
) -> None:
    pushed(gallery, address)
    new = clustered(300, seed=5)
    with opened(address) as remote:
        for change in ("add", "remove", "search"):
            restart = Restart(milvus)
            for start in range(0, 300, 50):
                restart.tell()
                part = slice(start, start + 50)
                if change == "add":
                    remote.add(new[part], keys=[f"n{i}" for i in range(start, start + 50)])
                elif change == "remove":
                    assert remote.remove(range(start + 1, start + 51)) == 50
                else:
                    found = remote.search(new[part], 1)
                    np.testing.assert_allclose(found.distances, 0, atol=1e-6)
            restart.join()
        assert len(remote) == 600
        assert verify(remote).clean


def test_two_clients_that_write_at_once_lose_and_double_nothing(
    gallery: Gallery, address: str, clustered: Any
) -> None:
    pushed(gallery, address)
    new = clustered(200, seed=6)
    failed: list[BaseException] = []

    def write(rows: range) -> None:
        try:
            with opened(address) as remote:
                for start in range(rows.start, rows.stop, 20):
                    keys = [f"n{i}" for i in range(start, start + 20)]
                    remote.add(new[start : start + 20], keys=keys, labels=["new"] * 20)
        except BaseException as error:
            failed.append(error)

    both = [threading.Thread(target=write, args=(rows,)) for rows in (range(140), range(60, 200))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert not failed
    with opened(address) as remote:
        assert len(remote) == 800
        assert len(remote.select("label=new")) == 200
        assert verify(remote).clean


class Proxy:
    """Passes bytes on between a client and a server; after `most` of the client's, cuts once."""

    def __init__(self, port: int, most: int) -> None:
        self._target, self._left, self.cuts = port, most, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for pair in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(4096):
                target.sendall(content)
                if counted and not self.cuts:
                    self._left -= len(content)
                    if self._left < 0:
                        self.cuts += 1
                        break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(params=[12_000, 40_000, 90_000])
def proxy(request: pytest.FixtureRequest, milvus: MilvusServer) -> Iterator[Proxy]:
    made = Proxy(milvus.port, request.param)
    yield made
    made.close()


def test_a_connection_that_is_cut_in_a_batch_is_made_anew(
    gallery: Gallery, milvus: MilvusServer, address: str, proxy: Proxy
) -> None:
    through = milvus.address(parse_address(address).collection, proxy.port)
    pushed(gallery, through)
    assert proxy.cuts == 1
    check_whole(address, gallery)


def test_a_connection_that_is_cut_while_clients_change_and_ask_is_made_anew(
    gallery: Gallery, milvus: MilvusServer, address: str, proxy: Proxy, clustered: Any
) -> None:
    pushed(gallery, address)
    new = clustered(300, seed=5)
    with opened(milvus.address(parse_address(address).collection, proxy.port)) as remote:
        for start in range(0, 300, 50):
            part = slice(start, start + 50)
            remote.add(new[part], keys=[f"n{i}" for i in range(start, start + 50)])
            np.testing.assert_allclose(remote.search(new[part], 1).distances, 0, atol=1e-6)
            assert remote.remove(range(start + 1, start + 51)) == 50
        while not proxy.cuts:
            np.testing.assert_allclose(remote.search(new, 1).distances, 0, atol=1e-6)
    with opened(address) as remote:
        assert len(remote) == 600
        assert verify(remote).clean


@pytest.mark.parametrize("kind", ["HNSW", "IVF_FLAT", "IVF_SQ8"])
def test_an_approximate_index_answers_after_its_server_was_killed(
    gallery: Gallery, milvus: MilvusServer, address: str, kind: str
) -> None:
    restart = Restart(milvus)
    pushed(gallery, address, kind=kind, progress=restart.tell)
    restart.join()
    milvus.kill()
    milvus.start()
    check_whole(address, gallery)
