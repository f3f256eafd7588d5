"""Takes in requests with pictures: read in threads, answered in batches, so many at once.

Small pictures are one thread's work, which takes all that wait and hands their answers over
together: threads that take turns at them wait for Python's lock, and for one another, longer than
they save. Large ones are read in a thread for each core.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from siam.engine.answers.answer import Unreadable
from siam.engine.answers.decision import DEFAULTS, QueryOptions
from siam.engine.open_run import OpenRun
from siam.engine.query import answer_batch
from siam.engine.reading import PictureOptions, PreparedPicture, Source, read_one, read_portion
from siam.errors import SiamError
from siam.faiss_library import load_faiss
from siam.parallel import cores
from siam.pictures.thumbnail import encode_thumbnail
from siam.web.api_error import ApiError
from siam.web.batching import LARGEST, Job
from siam.web.malloc_arenas import trim_arenas
from siam.web.picture_request import Outcome, PictureRequest, Result, deliver
from siam.web.served_runs import ServedRun, ServedRuns
from siam.web.store_build import build_beside

__all__ = ["Desk"]

T = TypeVar("T")
# Seconds after which a client that was turned away may try again.
AGAIN = 1
# Seconds after which another thread is sent to small pictures: few bytes may be a picture of many
# megapixels, which the next ones are not to wait for.
PATIENCE, NEVER = 0.5, -math.inf


class Desk:
    """Reads pictures in a thread for each core, and joins them to the encoder's batches.

    Args:
        runs: that are served.
        most: pictures that are in memory at once.

    Attributes:
        held: pictures that are in memory now.
    """

    def __init__(self, runs: ServedRuns, *, most: int) -> None:
        self._runs = runs
        self._most = most
        self.held = 0
        self._lock = threading.Lock()
        self._small: deque[PictureRequest] = deque()
        self._taken_up = NEVER  # when a thread last took some of them, and is at it still
        self._pool = ThreadPoolExecutor(
            cores() + 1, thread_name_prefix="pictures", initializer=calm
        )

        self._writers = ThreadPoolExecutor(1, thread_name_prefix="writer")

    @contextlib.contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Count pictures as held in this block. Called by the event loop alone.

        Raises:
            ApiError: there are too many already.
        """
        if count > self._most:
            raise ApiError(
                413, "too_many", f"At most {self._most} pictures at once, received {count}."
            )
        if self.held + count > self._most:
            raise ApiError(
                503, "overloaded", "Too many pictures are waiting.", "Try again later.", AGAIN
            )
        self.held += count
        try:
            yield
        finally:
            self.held -= count

    async def ask(
        self,
        run: str | None,
        sources: Sequence[tuple[str, bytes]],
        *,
        options: QueryOptions | None,
        picture: PictureOptions,
        finish: Callable[[Outcome], T],
        writes: bool = False,
    ) -> T:
        """Read pictures and answer for them, all of it in threads.

        Args:
            run: a run's name; None = the one that is served.
            sources: (name, content) of each picture.
            options: how neighbours are decided upon; None for embeddings alone.
            picture: what the client says of the pictures.
            finish: makes of it what is to be sent, while the run is open still.
            writes: whether `finish` writes, and so may wait for another process that does.

        Raises:
            ApiError: too many pictures at once, or no such run.
            SiamError: as `answer_batch`, and what `finish` raises.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        request = PictureRequest(run, sources, options, picture, finish, writes, loop, done)
        with self.hold(len(sources)):
            if not request.small:
                self._pool.submit(self._begin, [request])
            elif self._wait(request):
                self._pool.submit(self._take_small)
            return await done

    def _wait(self, request: PictureRequest) -> bool:
        """Let a small request wait; tell whether a thread is to be sent to those that do."""
        now = time.monotonic()
        with self._lock:
            self._small.append(request)
            needed = now - self._taken_up > PATIENCE
            if needed:
                self._taken_up = now
        return needed

    def _take_small(self) -> None:
        """Answer small requests, those that are alike together, until none waits."""
        while group := self._next():
            self._begin(group)

    def _next(self) -> list[PictureRequest]:
        """Take the request that waits longest, and those like it that come next."""
        with self._lock:
            if not self._small:
                self._taken_up = NEVER
                return []
            self._taken_up = time.monotonic()
            group = [self._small.popleft()]
            count = len(group[0].sources)
            while self._small and group[0].like(self._small[0]):
                count += len(self._small[0].sources)
                if count > LARGEST:
                    break
                group.append(self._small.popleft())
        return group

    def _begin(self, group: Sequence[PictureRequest]) -> None:
        """Read the pictures of requests that are alike, and have them answered."""
        group = [one for one in group if not one.done.cancelled()]
        if not group:
            return
        try:
            served = self._runs.take(group[0].run, users=len(group))
        except BaseException as error:
            deliver([(one, None, error) for one in group])
            return
        try:
            sources = [source for one in group for source in one.sources]
            pictures = iter(read(served.opened, sources, group[0].picture))
            jobs = [
                Job(served.opened, list(islice(pictures, len(one.sources))), one.options)
                for one in group
            ]
            more = served.batches.join(jobs)
        except BaseException as error:
            self._runs.give(served, users=len(group))
            deliver([(one, None, error) for one in group])
            return
        if more:
            self._pool.submit(self._go_on, served)
        ready: list[tuple[PictureRequest, Job]] = []
        for one, job in zip(group, jobs, strict=True):
            if job.future.done() and not one.writes:
                ready.append((one, job))
            else:  # by a thread that has others to answer after it
                job.future.add_done_callback(partial(self._end_later, one, served, job))
        self._end(served, ready)

    def _go_on(self, served: ServedRun) -> None:
        """Answer the next batch of those that wait for a run's encoder."""
        if served.batches.join():
            self._pool.submit(self._go_on, served)

    def _end_later(
        self, request: PictureRequest, served: ServedRun, job: Job, _: Future[Any]
    ) -> None:
        pool = self._writers if request.writes else self._pool
        pool.submit(self._end, served, [(request, job)])

    def _end(self, served: ServedRun, ready: Sequence[tuple[PictureRequest, Job]]) -> None:
        """Give requests of one run what came of them."""
        results: list[Result] = []
        for request, job in ready:
            try:
                answers = job.future.result()
                outcome = Outcome(served.opened, served.verdict, job.pictures, answers)
                results.append((request, request.finish(outcome), None))
            except BaseException as error:
                results.append((request, None, error))
        self._runs.give(served, users=len(ready))
        deliver(results)

    def warm_up(self) -> None:
        """Load in a thread what the first question takes, so that it is answered as all others."""
        self._pool.submit(self._ask_blank)

    def _ask_blank(self) -> None:
        with contextlib.suppress(SiamError), self._runs.use(None) as run:
            blank = np.zeros(
                (*run.config.preparation.size, run.config.preparation.channels), np.uint8
            )
            png = encode_thumbnail(blank)
            answer_batch(run, [read_one(("blank", png), run.config.preparation)], DEFAULTS)

    def catch_up(self, run: str | None) -> None:
        """Bring a run's vector store up to date, in a thread, and give freed memory back."""

        def work() -> None:
            # A full disk here loses nothing: the store is made from the catalogue next time.
            with contextlib.suppress(SiamError, ApiError), self._runs.use(run) as opened:
                if opened.gallery.snapshot().outgrown:
                    build_beside(opened.gallery.folder)
            trim_arenas()

        self._pool.submit(work)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()
        self._writers.shutdown()


def read(
    run: OpenRun, sources: Sequence[tuple[str, Source]], picture: PictureOptions
) -> list[PreparedPicture | Unreadable]:
    """Read and prepare pictures as a run's are."""
    if len(sources) == 1:
        return [read_one(sources[0], run.config.preparation, picture)]
    return read_portion(sources, run.config.preparation, picture)


def calm() -> None:
    """Let a thread of the pool search alone: its likes keep the other cores busy."""
    load_faiss().omp_set_num_threads(1)
