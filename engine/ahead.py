"""Do tasks in threads, some ahead of whoever takes their results, and give those in order."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["cores", "done_ahead", "portions"]

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def portions(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield entries in lists of `size`, the last one shorter."""
    rest = iter(entries)
    while portion := list(itertools.islice(rest, size)):
        yield portion


def done_ahead(
    work: Callable[[T], R], tasks: Iterable[T], *, ahead: int, workers: int | None = None
) -> Generator[R, None, None]:
    """Yield the result of each task in order, while the next ones are being worked on.

    Args:
        work: called from several threads.
        tasks: taken one by one, from the caller's thread, as there is room.
        ahead: tasks begun for each thread before their results are asked for; bounds the memory.
        workers: threads; one for each core when left out.
    """
    workers = workers or cores()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ahead")
    try:
        begun: deque[Future[R]] = deque()
        for task in tasks:
            begun.append(pool.submit(work, task))
            if len(begun) >= ahead * workers:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        # After a failure or Ctrl-C, what has not begun is not waited for.
        pool.shutdown(cancel_futures=True)
