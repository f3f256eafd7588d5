"""Ctrl-C that is lost on its way is heeded by the next report of progress."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from siam.commands.interruption import heeded


def press_and_lose() -> None:
    """Press Ctrl-C where the KeyboardInterrupt is dropped, as it is inside a finaliser."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
    except KeyboardInterrupt:
        pass


def test_a_lost_interruption_comes_up_at_the_next_report() -> None:
    reports: list[tuple[str, int, int]] = []
    before = signal.getsignal(signal.SIGINT)
    with heeded(lambda *words: reports.append(words)) as progress:
        progress("Training", 1, 9)
        press_and_lose()
        with pytest.raises(KeyboardInterrupt):
            progress("Training", 2, 9)
    assert reports == [("Training", 1, 9)]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_stops_at_once_where_it_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt), heeded(lambda *_: None):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)


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
