"""Requests that come at once are answered together: one call of the encoder, one search.

Whoever finds the encoder free takes all that waits for it. So a request that comes alone waits for
nothing, and one that comes while others are answered waits for one batch at most before its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from siam.array_types import Vectors
from siam.engine.answers.answer import Unreadable
from siam.engine.answers.decision import QueryOptions
from siam.engine.open_run import OpenRun
from siam.engine.query import answer_embedded, encode_batch
from siam.engine.reading import PreparedPicture

__all__ = ["LARGEST", "Batches", "Job"]

# Pictures that are answered at once: what bounds how long the next ones wait.
LARGEST = 64


@dataclass
class Job:
    """Pictures of one request on their way.

    Attributes:
        run: that answers.
        pictures: as they were read; those that could not be are passed over.
        options: how neighbours are decided upon; None for their embeddings alone.
        future: what comes of it: a list of results, or the embeddings, float32 (n, dim).
    """

    run: OpenRun
    pictures: Sequence[PreparedPicture | Unreadable]
    options: QueryOptions | None
    future: Future[Any] = field(default_factory=Future)

    @property
    def count(self) -> int:
        """How many of the pictures the encoder is asked about."""
        return sum(isinstance(one, PreparedPicture) for one in self.pictures)


class Batches:
    """What waits for a run's encoder; safe to share between threads.

    Attributes:
        calls, pictures: batches so far, and pictures in them.
    """

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._busy = threading.Lock()
        self.calls = 0
        self.pictures = 0

    def join(self, jobs: Sequence[Job] = ()) -> bool:
        """Let jobs be answered, by this thread or by the one that is at it already.

        Args:
            jobs: of one request or several; without any, a batch of those that wait is answered.

        Returns:
            Whether this thread leaves others waiting, for whom it is to be called again. So nobody
            waits for the answers of those who came after.
        """
        self._waiting.extend(jobs)
        # Looked at again after the lock is free: a job may have come in between.
        while self._waiting and self._busy.acquire(blocking=False):
            try:
                if batch := self._next():
                    self.calls += 1
                    self.pictures += sum(one.count for one in batch)
                    answer_jobs(batch)
            finally:
                self._busy.release()
            if all(job.future.done() for job in jobs):
                return bool(self._waiting)
        return False

    def _next(self) -> list[Job]:
        """Take the jobs of the next batch, one at least where any waits."""
        jobs: list[Job] = []
        count = 0
        while self._waiting and (not jobs or count + self._waiting[0].count <= LARGEST):
            jobs.append(self._waiting.popleft())
            count += jobs[-1].count
        return jobs


def answer_jobs(jobs: Sequence[Job]) -> None:
    """Answer jobs of one run together; an error is that of the jobs which it came up with."""
    run = jobs[0].run
    try:
        vectors = encode_batch(run, [one for job in jobs for one in job.pictures])
    except Exception as error:
        fail(jobs, error)
        return
    ends = np.cumsum([job.count for job in jobs])
    parts = dict(zip(map(id, jobs), np.split(vectors, ends[:-1]), strict=True))
    groups: dict[QueryOptions | None, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.options, []).append(job)
    for options, group in groups.items():
        try:
            answer_group(run, group, options, [parts[id(job)] for job in group])
        except Exception as error:
            fail(group, error)


def answer_group(
    run: OpenRun, jobs: Sequence[Job], options: QueryOptions | None, parts: Sequence[Vectors]
) -> None:
    """Answer jobs that ask alike."""
    if options is None:
        for job, part in zip(jobs, parts, strict=True):
            job.future.set_result(part)
        return
    pictures = [one for job in jobs for one in job.pictures]
    answers = iter(answer_embedded(run, pictures, np.concatenate(parts), options))
    for job in jobs:
        job.future.set_result([next(answers) for _ in job.pictures])


def fail(jobs: Sequence[Job], error: Exception) -> None:
    """Let an error be the answer to those jobs that have none."""
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)
