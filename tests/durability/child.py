"""A `siam` command in a forked child of this process, which has everything imported already."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import shim
from cases import rows_of
from typer.main import get_command

from siam.cli import app
from siam.index.catalogue import Catalogue

LIGHT = ("cv2", "faiss", "ai_edge_litert.interpreter", "siam.engine.index.sync")
INDEX = ("numpy.random", "siam.engine.index.item_options", "siam.index.verify")
KERAS = ("siam.engine.train", "siam.engine.report", "siam.engine.export", "matplotlib.figure")

COMMAND = get_command(app)  # made once, for it takes longer than most that it is asked to do


@dataclass(frozen=True)
class End:
    """How a command ended.

    Attributes:
        code: its exit code, or -9 where it was killed.
        output, errors: what it wrote.
        commits: the states of the index that it was told were committed.
        seconds: wall time.
    """

    code: int
    output: str
    errors: str
    commits: tuple[str, ...]
    seconds: float


def import_all(keras: bool) -> None:
    """Import what the commands need, so that a child begins at once."""
    for name in (*LIGHT, *INDEX):
        importlib.import_module(name)
    if keras:
        from siam.training.native_logs import quiet_native_logs

        with quiet_native_logs():
            importlib.import_module("keras")
            importlib.import_module("siam.siamese.training")
        for name in KERAS:
            importlib.import_module(name)


def run_command(
    words: tuple[str, ...],
    place: Path,
    arm: Callable[[], None] = lambda: None,
    *,
    until: Callable[[], bool] | None = None,
    meanwhile: Callable[[], None] | None = None,
    said: str = "said",
) -> End:
    """Run a command in a child, with `place` as its working folder, to its end or a kill.

    Args:
        words: the command without "siam".
        place: holds `runs`.
        arm: called in the child before it begins.
        until: kill it as soon as this is true.
        meanwhile: it is stopped then, this is called, and it goes on.
        said: the folder beside `place` that takes what it writes.
    """
    kept = place.parent / said
    kept.mkdir(exist_ok=True)
    output, errors, commits = (kept / name for name in ("output", "errors", "commits"))
    commits.write_bytes(b"")
    began = time.perf_counter()
    child = os.fork()
    if not child:
        _be_the_command(words, place, arm, (output, errors, commits))
    if until is not None:
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if until():
                os.kill(child, signal.SIGSTOP if meanwhile else signal.SIGKILL)
                if meanwhile:
                    meanwhile()
                    os.kill(child, signal.SIGCONT)
                break
            time.sleep(0.002)
        else:
            raise AssertionError(f"{words} ended before it could be killed")
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    told = tuple(commits.read_text().split())
    return End(code, output.read_text("utf-8"), errors.read_text("utf-8"), told, seconds)


def _be_the_command(
    words: tuple[str, ...], place: Path, arm: Callable[[], None], files: tuple[Path, Path, Path]
) -> None:
    code: object = 70
    try:
        for number, path in enumerate(files[:2], 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.chdir(place)
        os.environ["SIAM_RUNS"] = str(place / "runs")
        _tell_commits(os.open(files[2], os.O_WRONLY | os.O_APPEND))
        arm()
        try:
            COMMAND(words, prog_name="siam")
            code = 0
        except SystemExit as end:
            code = end.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code if isinstance(code, int) else 1)


def _tell_commits(told: int) -> None:
    """Have the state of the catalogue after each of its commits written down."""
    writing = Catalogue.writing

    @contextlib.contextmanager
    def noted(catalogue: Catalogue) -> Iterator[sqlite3.Connection]:
        with writing(catalogue) as connection:
            yield connection
        state = rows_of(connection)
        os.write(told, f"{state}\n".encode())
        shim.note(state)

    Catalogue.writing = noted  # type: ignore[assignment, method-assign]
