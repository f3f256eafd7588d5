"""What tests of the page and its API share: a `siam serve` that runs, read-only or to write to."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from siam.engine.pack import unpack_run
from siam.index.gallery import Gallery
from siam.pictures.thumbnail import decode_thumbnail, encode_thumbnail
from siam.run_files import INDEX_FOLDER
from siam.runs.bundled_run import PACK
from siam.web.app import create_app
from siam.web.settings import Settings

Serve = Callable[..., contextlib.AbstractContextManager[str]]
Start = Callable[..., TestClient]


@contextlib.contextmanager
def run_server(run: Path, log: Path, *options: str) -> Iterator[str]:
    """Serve a run from a process of its own until the block ends; yield the page's address."""
    command = [sys.executable, "-m", "siam.cli", "serve", "--run", str(run), "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--no-open", *options], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(600):
            address = re.search(r"http://[\w.]+:\d+", log.read_text("utf-8"))
            if address or process.poll() is not None:
                break
            time.sleep(0.1)
        assert address, log.read_text("utf-8")
        yield address[0]
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()
    assert "Traceback" not in log.read_text("utf-8")


@pytest.fixture
def serve(tmp_path: Path, windows: contextlib.ExitStack) -> Serve:
    """Serve a run:  `with serve(run_copy, "--writable") as address`."""
    numbers = itertools.count()

    @contextlib.contextmanager
    def serve_run(run: Path, *options: str) -> Iterator[str]:
        log = tmp_path / f"serve-{next(numbers)}.log"
        with run_server(run, log, *options) as address, windows:
            yield address

    return serve_run


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled run, unpacked; shared, so that tests must leave it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAM_RUNS", str(tmp_path_factory.mktemp("bundled")))
        return unpack_run(PACK, name="digits").path


@pytest.fixture(scope="session")
def bundled_served(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of it, which is quickly there."""
    folder = tmp_path_factory.mktemp("served")
    run = Path(shutil.copytree(bundled, folder / "digits"))  # a map that it lays out is kept there
    with run_server(run, folder / "serve.log") as address:
        yield address


@pytest.fixture(scope="session")
def three_served(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of copies of it, "digits", "first" and "second", to be changed.

    Tests share it: one that changes a run names the items that no other names.
    """
    folder = tmp_path_factory.mktemp("three")
    for name in ("digits", "first", "second"):
        shutil.copytree(bundled, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIAM_RUNS", str(folder))
        with run_server(folder / "digits", folder / "serve.log", "--writable") as address:
            yield address


@pytest.fixture(scope="session")
def pictures(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Indexed digits as PNG files, with a pixel changed, so that none is in the index."""
    folder = tmp_path_factory.mktemp("digits")
    paths = [folder / f"{place}.png" for place in range(40)]
    with Gallery.open(bundled / INDEX_FOLDER, read_only=True) as gallery:
        for path, png in zip(paths, gallery.thumbnails(list(range(1, 41))), strict=True):
            assert png is not None
            pixels = decode_thumbnail(png).copy()
            pixels[3, 3] = 40
            path.write_bytes(encode_thumbnail(pixels))
    return paths


@pytest.fixture
def digits(bundled: Path, runs: Path) -> Path:
    """A copy of the bundled run, named "digits", that a test may write to."""
    return Path(shutil.copytree(bundled, runs / "digits"))


@pytest.fixture
def digit(digits: Path) -> bytes:
    """The picture of its item 1, as a PNG."""
    with Gallery.open(digits / INDEX_FOLDER, read_only=True) as gallery:
        (png,) = gallery.thumbnails([1])
    assert png is not None
    return png


@pytest.fixture
def start(digits: Path) -> Iterator[Start]:
    """Start a server in this process, of the run "digits", with these settings; its client."""
    clients: list[TestClient] = []

    def connect(**settings: Any) -> TestClient:
        app = create_app(Settings(run="digits", **settings))
        client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
        client.__enter__()
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.__exit__()


@pytest.fixture
def example_digits() -> list[bytes]:
    """Two pictures of digits that no index holds, as PNGs."""
    from sklearn.datasets import load_digits

    contents = []
    for number in (1700, 1750):
        content = io.BytesIO()
        small = Image.fromarray((load_digits().images[number] * 15.9).astype("uint8"))
        small.rotate(7).resize((56, 56)).save(content, "PNG")
        contents.append(content.getvalue())
    return contents
