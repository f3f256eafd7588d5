"""Two servers and the command line work on one run at once: what one does, the others find."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import siam
from siam.engine.api.remote_run import RemoteRun

COUNT = 12


def siam_command(*words: str) -> str:
    """Run a command and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "siam.cli", *words], capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture
def two(
    digits: Path, serve: Callable[..., contextlib.AbstractContextManager[str]]
) -> Iterator[tuple[RemoteRun, RemoteRun]]:
    """Two servers of one run, both of which may write."""
    with contextlib.ExitStack() as stack:
        addresses = [stack.enter_context(serve(digits, "--writable")) for _ in range(2)]
        one, other = (stack.enter_context(siam.connect(address)) for address in addresses)
        yield one, other


@pytest.mark.slow
def test_what_one_adds_the_others_find(
    two: tuple[RemoteRun, RemoteRun], digits: Path, pictures: list[Path]
) -> None:
    one, other = two
    before = len(one.index)
    assert one.query(pictures[0]).neighbours[0].label != "new"  # both have read the index
    assert other.query(pictures[0]).neighbours[0].label != "new"

    one.index.add(pictures[0], label="new")
    assert other.query(pictures[0]).neighbours[0].label == "new"
    siam_command("index", "add", str(pictures[1]), "--label", "newer", "--run", str(digits))
    for remote in two:
        assert remote.query(pictures[1]).neighbours[0].label == "newer"
        assert len(remote.index) == before + 2

    assert other.index.remove(label="new") == 1
    assert one.query(pictures[0]).neighbours[0].label != "new"
    told = json.loads(siam_command("query", str(pictures[0]), "--run", str(digits), "--json"))
    assert told["results"][0]["neighbours"][0]["label"] != "new"


@pytest.mark.slow
def test_all_write_at_once_and_nothing_is_lost(
    two: tuple[RemoteRun, RemoteRun], digits: Path, pictures: list[Path]
) -> None:
    one, other = two
    before = len(one.index)

    def send(job: tuple[RemoteRun, str, list[Path]]) -> None:
        remote, label, paths = job
        for path in paths:
            remote.index.add(path, label=label)
            remote.query(path)

    def command(paths: list[Path]) -> None:
        for place in range(0, COUNT, 4):
            words = map(str, paths[place : place + 4])
            siam_command("index", "add", *words, "--label", "command", "--run", str(digits))

    with ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(send, (one, "one", pictures[:COUNT])),
            pool.submit(send, (other, "other", pictures[COUNT : 2 * COUNT])),
            pool.submit(command, pictures[2 * COUNT :]),
        ]
        for job in jobs:
            job.result()
    for remote in two:
        labels = remote.index.info().labels
        assert {name: labels[name] for name in ("one", "other", "command")} == {
            "one": COUNT,
            "other": COUNT,
            "command": COUNT,
        }
        assert len(remote.index) == before + 3 * COUNT
    with siam.open(digits) as run:
        assert run.index.verify().clean
