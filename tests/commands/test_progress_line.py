"""What a command says of long work: a line that lives, on a terminal and in a pipe."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from siam.cli import app
from siam.commands import console, progress_line
from siam.commands.progress_line import ProgressLine
from siam.progress import Stage


class Clock:
    """A time that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress_line, "time", self)

    def monotonic(self) -> float:
        """Return the time, in seconds."""
        return self.now


class Terminal(io.StringIO):
    """A stream that can draw over a line."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for another thread, or fail."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_share_detail_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    line = ProgressLine(io.StringIO())
    line.report("Compiling the first step", 0, 0)
    clock.now += 30  # which is not the pace of the steps that follow
    assert line.words() == "30 s so far"
    line.report(Stage("Training", "epoch 1 of 6, loss 0.5"), 1, 100)
    assert line.words() == "1 %, epoch 1 of 6, loss 0.5"
    clock.now += 10
    line.report(Stage("Training", "epoch 2 of 6, loss 0.25"), 21, 100)
    assert line.words() == "21 %, epoch 2 of 6, loss 0.25, 40 s left"
    # A step that takes its time is no reason to hope.
    clock.now += 10
    assert line.words() == "21 %, epoch 2 of 6, loss 0.25, 1 min left"
    line.report("Training", 100, 100)
    assert line.words() == "100 %"


def test_the_pace_is_that_of_the_last_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    line = ProgressLine(io.StringIO())
    for done in range(400):  # the machine has become ten times as slow after 100 of them
        clock.now += 1 if done < 100 else 10
        line.report("Reading", done, 1000)
    assert line.words() == "40 %, 1 h 40 min left"


def test_a_pipe_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_line, "FIRST_PRINTED", 0.01)
    monkeypatch.setattr(progress_line, "UNSAID_PRINTED", 0.02)
    monkeypatch.setattr(progress_line, "THEN_PRINTED", 0.01)
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        wait_until(lambda: "Starting\n" in stream.getvalue())
        line.report(Stage("Reading", "c\x1bats"), 1, 4)
        wait_until(lambda: "Reading: 25 %, c\\x1bats\n" in stream.getvalue())
        line.hide()
        length = len(stream.getvalue())
        time.sleep(0.05)
        assert len(stream.getvalue()) == length
    assert not set(stream.getvalue()) & {"\r", "\x1b"}


def test_a_pipe_hears_early_of_what_says_what_it_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_line, "FIRST_PRINTED", 0.01)
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        time.sleep(0.05)
        assert stream.getvalue() == ""  # most often it is soon done
        line.report("Loading TensorFlow", 0, 0)
        wait_until(lambda: stream.getvalue() == "Loading TensorFlow\n")


def test_a_terminal_gets_a_line_that_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_line, "FIRST_DRAWN", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    stream, standard_output = Terminal(), sys.stdout
    with ProgressLine(stream) as line:
        line.report(Stage("Reading", "cats"), 1, 4)
        wait_until(lambda: "Reading" in stream.getvalue() and "cats" in stream.getvalue())
        assert sys.stdout is standard_output  # where answers go, to a pipe perhaps
        line.hide()
        length = len(stream.getvalue())
        time.sleep(0.05)
        assert len(stream.getvalue()) == length
        line.report("Writing", 0, 0)
        wait_until(lambda: "Writing" in stream.getvalue())
    assert line.live is None


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_what_is_soon_done_says_nothing(kind: type[io.StringIO]) -> None:
    stream = kind()
    with ProgressLine(stream) as line:
        line.report("Reading", 1, 4)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("command", "said"), [("evaluate", ["Starting"]), ("query", [])])
def test_a_slow_command_speaks_before_it_imports_what_makes_it_slow(
    monkeypatch: pytest.MonkeyPatch, command: str, said: list[str]
) -> None:
    told: list[str] = []
    monkeypatch.setattr(console, "progress", lambda what, *_: told.append(what))
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    assert told == said
