"""Small pictures that come at once are one thread's work; what else comes waits for none of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from siam.engine.answers.decision import QueryOptions
from siam.engine.reading import NO_OPTIONS
from siam.web import desk as module
from siam.web.desk import Desk
from siam.web.picture_request import SMALL, Outcome
from siam.web.served_runs import ServedRuns


@pytest.fixture
def desk(digits: Path) -> Iterator[Desk]:
    runs = ServedRuns(str(digits), writable=False)
    desk = Desk(runs, most=512)
    yield desk
    desk.close()
    runs.close()


async def ask(desk: Desk, *contents: bytes, k: int = 3) -> Any:
    def finish(outcome: Outcome) -> Any:
        return outcome.answers

    sources = [(f"picture {place}", content) for place, content in enumerate(contents)]
    return await desk.ask(
        None, sources, options=QueryOptions(k=k), picture=NO_OPTIONS, finish=finish
    )


def test_those_that_wait_are_read_together(
    desk: Desk, digit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a large one meanwhile: no small one holds it up."""
    read = module.read
    counts: list[int] = []
    begun, free = threading.Event(), threading.Event()

    def slow(run: Any, sources: Sequence[Any], picture: Any) -> Any:
        if len(sources[0][1]) <= SMALL:
            counts.append(len(sources))
            begun.set()
            assert free.wait(30)
        return read(run, sources, picture)

    monkeypatch.setattr(module, "read", slow)
    monkeypatch.setattr(module, "PATIENCE", 60.0)  # however busy the machine is

    async def ask_all() -> list[Any]:
        first = asyncio.create_task(ask(desk, digit))
        assert await asyncio.to_thread(begun.wait, 30)
        others = [asyncio.create_task(ask(desk, digit, k=k)) for k in range(1, 9)]
        large = digit + bytes(SMALL)  # what follows a PNG's end is passed over
        assert len(await asyncio.wait_for(ask(desk, large), 30)) == 1
        free.set()
        return await asyncio.gather(first, *others)

    answers = asyncio.run(ask_all())
    assert counts == [1, 8]
    assert [len(one.neighbours) for (one,) in answers] == [3, *range(1, 9)]


def test_small_ones_do_not_wait_long_for_one_that_takes_long(
    desk: Desk, digit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    read = module.read
    begun, free = threading.Event(), threading.Event()

    def slow(run: Any, sources: Sequence[Any], picture: Any) -> Any:
        if not begun.is_set():
            begun.set()
            assert free.wait(30)
        return read(run, sources, picture)

    monkeypatch.setattr(module, "read", slow)

    async def ask_both() -> None:
        first = asyncio.create_task(ask(desk, digit))
        assert await asyncio.to_thread(begun.wait, 30)
        assert len(await asyncio.wait_for(ask(desk, digit), 30)) == 1
        free.set()
        assert len(await first) == 1

    asyncio.run(ask_both())


def test_one_who_has_gone_away_is_passed_over(
    desk: Desk, digit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = module.read
    begun, free = threading.Event(), threading.Event()

    def slow(*words: Any) -> Any:
        begun.set()
        assert free.wait(30)
        return read(*words)

    monkeypatch.setattr(module, "read", slow)

    async def ask_all() -> Any:
        gone, waiting = (asyncio.create_task(ask(desk, digit)) for _ in range(2))
        assert await asyncio.to_thread(begun.wait, 30)
        never_read = asyncio.create_task(ask(desk, digit))
        await asyncio.sleep(0)
        gone.cancel()
        never_read.cancel()
        free.set()
        return await waiting

    assert len(asyncio.run(ask_all())) == 1
    assert desk.held == 0


def test_an_error_is_that_of_all_whom_it_stops(
    desk: Desk, digit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read", lambda *_: 1 / 0)

    async def ask_all() -> list[Any]:
        return await asyncio.gather(*(ask(desk, digit) for _ in range(3)), return_exceptions=True)

    assert [type(error) for error in asyncio.run(ask_all())] == [ZeroDivisionError] * 3
    monkeypatch.undo()
    assert len(asyncio.run(ask(desk, digit))) == 1  # as if nothing had been
