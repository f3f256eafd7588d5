"""Work in threads: a map in order and bounded, and what nobody need wait for."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from siam.parallel import begin, cores, parallel_map, portions


def test_cores_are_known_where_the_system_tells_no_affinity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 4}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert cores() == 6
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert cores() == 1


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siam.parallel.cores", lambda: 2)


def test_results_come_in_the_order_of_their_tasks() -> None:
    def slow_if_even(number: int) -> int:
        time.sleep(0.002 if number % 2 == 0 else 0)
        return number * number

    assert list(parallel_map(slow_if_even, range(50), ahead=3)) == [n * n for n in range(50)]
    assert list(parallel_map(slow_if_even, [], ahead=3)) == []


def test_two_tasks_are_worked_on_at_once() -> None:
    meeting = threading.Barrier(2, timeout=10)
    assert len(list(parallel_map(lambda _: meeting.wait(), range(4), ahead=2))) == 4


def test_only_so_many_tasks_are_taken_ahead() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield number

    results = parallel_map(lambda number: number, tasks(), ahead=3)
    for seen in range(1, 100):
        next(results)
        assert taken - seen <= 2 * 3
    results.close()


def test_the_first_failure_ends_it() -> None:
    def failing(number: int) -> int:
        if number == 5:
            raise ValueError("the fifth")
        return number

    results = parallel_map(failing, itertools.count(), ahead=2)
    assert list(itertools.islice(results, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="the fifth"):
        next(results)


def test_a_failure_of_what_was_begun_is_raised_where_its_result_is_asked_for() -> None:
    begun = begin(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        begun.result()


def test_a_process_ends_while_what_was_begun_goes_on() -> None:
    code = "import time; from siam.parallel import begin; begin(lambda: time.sleep(600))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_portions_hold_everything_in_order() -> None:
    assert list(portions(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(portions([], 3)) == []
