"""Against a server on this machine that can be told to break."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from loopback_server import LoopbackServer, QuietHandler

from siam.datasets.download import download
from siam.errors import DataError

CONTENT = np.random.default_rng(0).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
PACKED = gzip.compress(CONTENT)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "file.gz"
DEAD = "http://127.0.0.1:9/"


class Mirror(LoopbackServer):
    """Serves `content` under every path; each setting is one way to go wrong."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.content = PACKED
        self.break_after: int | None = None
        self.takes_ranges = True
        self.status: int | None = None
        self.ranges: list[str | None] = []

    @property
    def address(self) -> str:
        return f"{super().address}/"


class Handler(QuietHandler):
    server: Mirror

    def do_GET(self) -> None:
        mirror = self.server
        asked = self.headers.get("Range")
        mirror.ranges.append(asked)
        if mirror.status is not None:
            self.send_error(mirror.status)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        start = start if mirror.takes_ranges else 0
        if start >= len(mirror.content):
            self.send_error(416)
            return
        rest = mirror.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: mirror.break_after])


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as server:
        yield server


@pytest.fixture
def second() -> Iterator[Mirror]:
    with Mirror() as server:
        yield server


def fetch(folder: Path, *addresses: str, name: str = NAME, sha256: str = SHA256) -> Path:
    return download(name, mirrors=addresses, folder=folder, sha256=sha256)


def test_whole_file_in_a_new_folder_with_progress(tmp_path: Path, mirror: Mirror) -> None:
    told = []
    path = download(
        NAME,
        mirrors=[mirror.address],
        folder=tmp_path / "new" / "folder",
        sha256=SHA256,
        progress=lambda *step: told.append(step),
    )
    assert path.read_bytes() == PACKED
    assert [p.name for p in path.parent.iterdir()] == [NAME]
    assert told[-1] == ("Downloading file.gz", len(PACKED), len(PACKED))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_plain_file_is_checked_as_it_is(tmp_path: Path, mirror: Mirror) -> None:
    digest = hashlib.sha256(PACKED).hexdigest()
    assert fetch(tmp_path, mirror.address, name="plain", sha256=digest).read_bytes() == PACKED


def test_broken_transfer_is_said_kept_and_resumed(tmp_path: Path, mirror: Mirror) -> None:
    mirror.break_after = 70_000
    with pytest.raises(DataError, match=f"broke off after 70000 of {len(PACKED)} bytes"):
        fetch(tmp_path, mirror.address)
    assert not (tmp_path / NAME).exists()
    mirror.break_after = None
    assert fetch(tmp_path, mirror.address).read_bytes() == PACKED
    assert mirror.ranges == [None, "bytes=70000-"]


def test_next_mirror_goes_on_where_the_first_broke_off(
    tmp_path: Path, mirror: Mirror, second: Mirror
) -> None:
    mirror.break_after = 70_000
    assert fetch(tmp_path, mirror.address, second.address).read_bytes() == PACKED
    assert second.ranges == ["bytes=70000-"]


def test_server_without_ranges_gives_the_whole_again(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / f".{NAME}.part").write_bytes(PACKED[:500])
    mirror.takes_ranges = False
    assert fetch(tmp_path, mirror.address).read_bytes() == PACKED


@pytest.mark.parametrize(
    "left", [b"of another file", PACKED, PACKED + b"too long"], ids=["other", "whole", "longer"]
)
def test_leftover_that_does_not_fit_is_replaced(
    tmp_path: Path, mirror: Mirror, left: bytes
) -> None:
    (tmp_path / f".{NAME}.part").write_bytes(left)
    assert fetch(tmp_path, mirror.address).read_bytes() == PACKED
    assert mirror.ranges == [f"bytes={len(left)}-", None]


def test_wrong_checksum_goes_to_the_next_mirror(
    tmp_path: Path, mirror: Mirror, second: Mirror
) -> None:
    mirror.content = gzip.compress(b"something else")
    assert fetch(tmp_path, mirror.address, second.address).read_bytes() == PACKED
    assert second.ranges == [None]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"something else"), f"SHA-256 is [0-9a-f]+, it must be {SHA256}"),
        (b"<html>Sign in to this network</html>", "a damaged gzip file"),
        (PACKED[:-20], "a damaged gzip file"),
    ],
    # A gzip file holds the time: workers that collect in other seconds would disagree on a name.
    ids=["another file", "a page", "cut short"],
)
def test_wrong_content_leaves_nothing_behind(
    tmp_path: Path, mirror: Mirror, content: bytes, words: str
) -> None:
    mirror.content = content
    with pytest.raises(DataError, match=words):
        fetch(tmp_path, mirror.address)
    assert not list(tmp_path.iterdir())


def test_all_mirrors_down_names_each_and_why(tmp_path: Path, mirror: Mirror) -> None:
    mirror.status = 503
    with pytest.raises(DataError) as caught:
        fetch(tmp_path, DEAD, mirror.address)
    assert f"{DEAD}: " in caught.value.problem
    assert f"{mirror.address}: 503 Service Unavailable" in caught.value.problem
    assert "Check the connection" in caught.value.cure


def test_old_file_stays_until_the_new_one_is_whole(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / NAME).write_bytes(b"old")
    mirror.break_after = 10
    with pytest.raises(DataError):
        fetch(tmp_path, mirror.address)
    assert (tmp_path / NAME).read_bytes() == b"old"


def test_folder_that_cannot_be_made_is_named(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written: (Not a directory|File exists)"):
        fetch(tmp_path / "file", mirror.address)
