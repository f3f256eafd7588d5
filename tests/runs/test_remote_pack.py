"""A packed run at an address, on a server of this machine: fetched once, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_server import LoopbackServer, QuietHandler
from typer.testing import CliRunner

import siam
from siam.atomic import sha256
from siam.cli import app
from siam.datasets.download import fetch
from siam.errors import RunError, UsageError
from siam.runs.bundled_run import PACK
from siam.runs.remote_pack import fetch_pack
from siam.runs.runs_folder import find_run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digit.jpg"


class Shelf(LoopbackServer):
    """Serves `content` at every path, or leads elsewhere; tells what was asked for."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.content = PACK.read_bytes()
        self.leads_to: str | None = None
        self.tells_size = True
        self.asked: list[str] = []

    @property
    def file(self) -> str:
        return f"{self.address}/runs/digits.siam"

    @property
    def pinned(self) -> str:
        return f"{self.file}#sha256={hashlib.sha256(self.content).hexdigest()}"


class Handler(QuietHandler):
    server: Shelf

    def do_GET(self) -> None:
        shelf = self.server
        shelf.asked.append(self.path)
        self.send_response(302 if shelf.leads_to else 200)
        if shelf.leads_to:
            self.send_header("Location", shelf.leads_to)
        if shelf.tells_size:
            self.send_header("Content-Length", str(len(shelf.content)))
        self.end_headers()
        self.wfile.write(shelf.content)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as server:
        yield server


@pytest.fixture(autouse=True)
def cache(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache"


def test_it_is_fetched_once_and_answers(shelf: Shelf, cache: Path) -> None:
    told: list[tuple[str, int, int]] = []
    file = fetch_pack(shelf.pinned, progress=lambda *step: told.append(step))
    assert file == cache / "packs" / f"{sha256(PACK)}.siam" and file.read_bytes() == shelf.content
    assert told[-1] == ("Downloading digits.siam", len(shelf.content), len(shelf.content))
    assert find_run(shelf.pinned).name == "digits"
    with siam.open(shelf.pinned) as run, siam.open(PACK) as same:
        answer = run.query(EXAMPLE)
        assert (answer.label, answer.verdict) == ("5", "match")
        assert same.path == run.path
    assert shelf.asked == ["/runs/digits.siam"]


def test_the_command_line_takes_it_by_run(shelf: Shelf) -> None:
    for words in (["query", str(EXAMPLE)], ["index", "info"]):
        result = CliRunner().invoke(app, [*words, "--run", shelf.pinned])
        assert result.exit_code == 0, result.stderr
    assert len(shelf.asked) == 1


def test_without_the_checksum_it_is_refused_with_what_to_append(shelf: Shelf) -> None:
    for address in (shelf.file, f"{shelf.file}#sha256=12", "ftp://host/x.siam#sha256=" + "0" * 64):
        with pytest.raises(UsageError, match=r"(?s)SHA-256.*#sha256="):
            find_run(address)
    assert CliRunner().invoke(app, ["query", "x.png", "--run", shelf.file]).exit_code == 2
    assert not shelf.asked


FAULTS: dict[str, tuple[Callable[[Shelf], object], str]] = {
    "another file": (lambda shelf: setattr(shelf, "content", b"PK other"), "SHA-256 is"),
    "redirection": (lambda shelf: setattr(shelf, "leads_to", "http://192.0.2.1/"), "no HTTPS"),
    "file": (lambda shelf: setattr(shelf, "leads_to", "file:///etc/hosts"), "is not allowed"),
}


@pytest.mark.parametrize(("change", "words"), FAULTS.values(), ids=FAULTS)
def test_what_is_another_or_leads_astray_leaves_nothing(
    shelf: Shelf, cache: Path, change: Callable[[Shelf], object], words: str
) -> None:
    address = shelf.pinned
    change(shelf)
    with pytest.raises(RunError, match=f"could not be fetched: .*{words}"):
        fetch_pack(address)
    assert not list((cache / "packs").iterdir())


@pytest.mark.parametrize("tells_size", [True, False], ids=["said", "unsaid"])
def test_more_bytes_than_are_meant_are_not_kept(
    shelf: Shelf, tmp_path: Path, tells_size: bool
) -> None:
    shelf.tells_size = tells_size
    failure = fetch(shelf.file, tmp_path / "x.siam", sha256=sha256(PACK), most=100_000)
    assert failure == "it is larger than 100,000 bytes"
    assert not list(tmp_path.glob("*x.siam*"))


def test_only_https_or_this_machine_is_asked(shelf: Shelf) -> None:
    with pytest.raises(RunError, match="no HTTPS address"):
        fetch_pack(f"http://192.0.2.1/x.siam#sha256={sha256(PACK)}")
    with pytest.raises(RunError, match="no HTTPS address"):
        fetch_pack(f"http://127.0.0.1.example.org/x.siam#sha256={sha256(PACK)}")
