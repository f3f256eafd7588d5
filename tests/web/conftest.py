"""What tests of the page and its API share: a `siam serve` that runs, read-only or to write to."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Serve = Callable[..., contextlib.AbstractContextManager[str]]


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


@pytest.fixture(scope="session")
def served(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that shows the shared run and changes nothing."""
    with run_server(trained, tmp_path_factory.mktemp("served") / "serve.log") as address:
        yield address


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve a run:  `with serve(run_copy, "--writable") as address`."""
    return lambda run, *options: run_server(run, tmp_path / "serve.log", *options)


@pytest.fixture
def writable(run_copy: Path, serve: Serve) -> Iterator[str]:
    """The address of a server on a copy of the shared run, `run_copy`, that may be changed."""
    with serve(run_copy, "--writable") as address:
        yield address
