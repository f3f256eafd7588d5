"""Work in threads: how many cores there are, and a map whose results come in order."""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["begin", "cores", "parallel_map", "portions"]

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """Return how many cores this process may use; all of the machine where nothing tells."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def portions(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield entries in lists of `size`, the last one shorter.

    Example:
        >>> list(portions(range(5), 2))
        [[0, 1], [2, 3], [4]]
    """
    rest = iter(entries)
    while portion := list(itertools.islice(rest, size)):
        yield portion


def parallel_map(
    work: Callable[[T], R], tasks: Iterable[T], *, ahead: int, workers: int | None = None
) -> Generator[R, None, None]:
    """Yield the result of each task in order, while the next ones are being worked on.

    Args:
        work: called from several threads. What it raises is raised in its result's place, and
            ends the map.
        tasks: taken one by one, from the caller's thread, as there is room.
        ahead: tasks begun for each thread before their results are asked for; bounds the memory.
        workers: threads; one for each core when left out.

    Example:
        >>> list(parallel_map(abs, [-1, 2, -3], ahead=2))
        [1, 2, 3]
    """
    from concurrent.futures import ThreadPoolExecutor

    workers = workers or cores()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="parallel")
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


def begin(work: Callable[[], T]) -> Future[T]:
    """Begin work in a thread of its own, which nobody waits for who does not ask for its result.

    It ends with the process: Ctrl-C is answered while it goes on.

    Example:
        >>> begin(lambda: 2 + 2).result()
        4
    """
    from concurrent.futures import Future

    begun: Future[T] = Future()

    def run() -> None:
        try:
            begun.set_result(work())
        except BaseException as error:  # raised where the result is asked for
            begun.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return begun
