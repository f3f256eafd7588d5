"""Ctrl-C waits for a step of a training alone, is never lost, and is answered with what is kept.

A reader that goes away ends a command, a connection that is closed does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

import pytest
import typer
from typer.testing import CliRunner

from siam.commands.console import SiamGroup
from siam.commands.interruption import heeded, interruptible
from siam.progress import Stage


def press() -> None:
    """Press Ctrl-C, and let Python notice."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass


def press_and_lose() -> None:
    """Press Ctrl-C where the KeyboardInterrupt is dropped, as it is inside a finaliser."""
    with contextlib.suppress(KeyboardInterrupt):
        press()


def test_a_lost_interruption_comes_up_at_the_next_report() -> None:
    reports: list[tuple[str, int, int]] = []
    before = signal.getsignal(signal.SIGINT)
    with heeded(lambda *words: reports.append(words)) as progress:
        progress("Reading", 1, 9)
        press_and_lose()
        with pytest.raises(KeyboardInterrupt):
            progress("Training", 2, 9)
    assert reports == [("Reading", 1, 9)]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_stops_at_once_where_it_is_not_lost() -> None:
    with heeded(lambda *_: None), pytest.raises(KeyboardInterrupt):
        press()


@pytest.mark.parametrize("stage", ["Reading", "Compiling the first step", "Indexing"])
def test_nothing_but_a_step_is_waited_for(stage: str) -> None:
    with heeded(lambda *_: None) as progress:
        progress(stage, 0, 0)
        with pytest.raises(KeyboardInterrupt):
            press()


def test_a_step_of_a_training_is_waited_for_but_once(capsys: pytest.CaptureFixture[str]) -> None:
    with heeded(lambda *_: None) as progress:
        progress(Stage("Training", "loss 0.1"), 1, 9)
        press()
        assert "Stopping after this step; press Ctrl-C again" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            press()
        with pytest.raises(KeyboardInterrupt):
            progress("Training", 2, 9)


def test_what_is_kept_is_said_and_the_code_is_130() -> None:
    app = typer.Typer(cls=SiamGroup)

    @app.command()
    def work() -> None:
        with interruptible("half of it is kept."):
            raise KeyboardInterrupt

    @app.command()
    def other() -> None:
        raise KeyboardInterrupt

    for command, said in (
        ("work", "Interrupted; half of it is kept.\n"),
        ("other", "Interrupted.\n"),
    ):
        answer = CliRunner().invoke(app, [command])
        assert (answer.exit_code, answer.stderr) == (130, said)


def test_another_thread_is_left_to_the_main_one() -> None:
    def bar(what: str, done: int, total: int) -> None:
        raise AssertionError("not reported to here")

    given: list[bool] = []

    def work() -> None:
        with heeded(bar) as progress:
            given.append(progress is bar)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert given == [True]


def test_a_reader_that_goes_away_is_no_answer() -> None:
    """`siam ... | head`: ended by the signal, as any Unix command, and not by "no match"."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "siam.cli", "doctor", "--json"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writing)
    assert ended.returncode == -signal.SIGPIPE
    assert ended.stderr == ""


def test_a_connection_that_is_closed_does_not_end_the_process() -> None:
    script = """
import socket, sys
from siam.cli import main
sys.argv = ["siam", "--version"]
try:
    main()
except SystemExit:
    here, there = socket.socketpair()
    there.close()
    try:
        here.send(b"a question")
    except BrokenPipeError:
        sys.exit("told of it")
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (1, "told of it\n")
