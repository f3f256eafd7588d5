"""Takes in requests with pictures: read in threads, answered in batches, so many at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.engine.answers.answer import Unreadable
from siam.engine.answers.decision import DEFAULTS, QueryOptions
from siam.engine.query import answer_batch
from siam.engine.reading import PictureOptions, PreparedPicture, Source, read_one, read_portion
from siam.errors import SiamError
from siam.faiss_library import load_faiss
from siam.parallel import cores
from siam.pictures.thumbnail import encode_thumbnail
from siam.web.api_error import ApiError
from siam.web.batching import Job
from siam.web.served_runs import ServedRun, ServedRuns

__all__ = ["Desk", "Outcome"]

# Seconds after which a client that was turned away may try again.
AGAIN = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    Attributes:
        served: the run that answered.
        pictures: as they were read.
        answers: a list of results, or embeddings, float32 (n, dim), of those that could be read.
    """

    served: ServedRun
    pictures: Sequence[PreparedPicture | Unreadable]
    answers: Any


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
        self._pool = ThreadPoolExecutor(
            cores() + 1, thread_name_prefix="pictures", initializer=calm
        )

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
        sources: Sequence[tuple[str, Source]],
        *,
        options: QueryOptions | None,
        picture: PictureOptions,
    ) -> Outcome:
        """Read pictures and answer for them.

        Args:
            run: a run's name; None = the one that is served.
            sources: (name, content) of each picture.
            options: how neighbours are decided upon; None for embeddings alone.
            picture: what the client says of the pictures.

        Raises:
            ApiError: too many pictures at once, or no such run.
            SiamError: as `answer_batch`.
        """
        done: Future[Outcome] = Future()

        def work() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                served = self._runs.take(run)
            except BaseException as error:
                done.set_exception(error)
                return
            try:
                preparation = served.opened.config.preparation
                read = (
                    [read_one(sources[0], preparation, picture)]
                    if len(sources) == 1
                    else read_portion(sources, preparation, picture)
                )
                job = Job(served.opened, read, options)
            except BaseException as error:
                self._runs.give(served)
                done.set_exception(error)
                return

            def hand_over(answers: Future[Any]) -> None:
                self._runs.give(served)
                if error := answers.exception():
                    done.set_exception(error)
                else:
                    done.set_result(Outcome(served, read, answers.result()))

            job.future.add_done_callback(hand_over)
            served.batches.join(job)

        with self.hold(len(sources)):
            self._pool.submit(work)
            return await asyncio.wrap_future(done)

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
                opened.gallery.catch_up()

        self._pool.submit(work)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()


def calm() -> None:
    """Let a thread of the pool search alone: its likes keep the other cores busy."""
    load_faiss().omp_set_num_threads(1)
