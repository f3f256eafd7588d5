"""Takes in requests with pictures: read in threads, answered in batches, so many at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
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
from siam.web.served_runs import ServedRun, ServedRuns

__all__ = ["Desk", "Outcome"]

T = TypeVar("T")
# Seconds after which a client that was turned away may try again.
AGAIN = 1
# Bytes of a request whose pictures are read together with those of others: many small ones at once
# take a fraction of what they take one by one.
SMALL = 16 * 2**10


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    Attributes:
        run: that answered.
        verdict: what training found it good enough for.
        pictures: as they were read.
        answers: a list of results, or embeddings, float32 (n, dim), of those that could be read.
    """

    run: OpenRun
    verdict: str
    pictures: Sequence[PreparedPicture | Unreadable]
    answers: Any


@dataclass(frozen=True)
class Request:
    """Pictures that wait to be read; see `Desk.ask`."""

    run: str | None
    sources: Sequence[tuple[str, bytes]]
    options: QueryOptions | None
    picture: PictureOptions
    finish: Callable[[Outcome], Any]
    writes: bool = False
    done: Future[Any] = field(default_factory=Future)

    @property
    def small(self) -> bool:
        """Whether its pictures take so little time that another request may wait for them."""
        return sum(len(content) for _, content in self.sources) <= SMALL

    def like(self, other: Request) -> bool:
        """Tell whether its pictures and another's are read together: of one run, in one way."""
        same = (self.run, self.picture) == (other.run, other.picture)
        return same and self.small and other.small


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
        self._waiting: deque[Request] = deque()
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
        request = Request(run, sources, options, picture, finish, writes)
        with self.hold(len(sources)):
            self._waiting.append(request)
            self._pool.submit(self._begin)
            answer: T = await asyncio.wrap_future(request.done)
            return answer

    def _begin(self) -> None:
        """Read what waits for it, small pictures of many requests at once, and have it answered."""
        group = [one for one in self._next() if one.done.set_running_or_notify_cancel()]
        if not group:
            return  # another thread took it along
        try:
            served = self._runs.take(group[0].run, users=len(group))
        except BaseException as error:
            for one in group:
                one.done.set_exception(error)
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
            for one in group:
                self._runs.give(served)
                one.done.set_exception(error)
            return
        if more:
            self._pool.submit(self._go_on, served)
        for one, job in zip(group, jobs, strict=True):
            if job.future.done() and not one.writes:
                self._end(one, served, job)
            else:  # by a thread that has others to answer after it
                job.future.add_done_callback(partial(self._end_later, one, served, job))

    def _go_on(self, served: ServedRun) -> None:
        """Answer the next batch of those that wait for a run's encoder."""
        if served.batches.join():
            self._pool.submit(self._go_on, served)

    def _end_later(self, request: Request, served: ServedRun, job: Job, _: Future[Any]) -> None:
        pool = self._writers if request.writes else self._pool
        pool.submit(self._end, request, served, job)

    def _end(self, request: Request, served: ServedRun, job: Job) -> None:
        """Give a request what came of it."""
        try:
            answers = job.future.result()
            outcome = Outcome(served.opened, served.verdict, job.pictures, answers)
            request.done.set_result(request.finish(outcome))
        except BaseException as error:
            request.done.set_exception(error)
        finally:
            self._runs.give(served)

    def _next(self) -> list[Request]:
        """Take the request that waits longest; with a small one, those like it that come next."""
        with self._lock:
            if not self._waiting:
                return []
            group = [self._waiting.popleft()]
            count = len(group[0].sources)
            while self._waiting and group[0].like(self._waiting[0]):
                count += len(self._waiting[0].sources)
                if count > LARGEST:
                    break
                group.append(self._waiting.popleft())
        return group

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
        """Bring a run's vector store up to date, in a thread."""

        def work() -> None:
            # A full disk here loses nothing: the store is made from the catalogue next time.
            with contextlib.suppress(SiamError, ApiError), self._runs.use(run) as opened:
                if opened.gallery.catch_up():
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
