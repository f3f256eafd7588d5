"""A request with pictures on its way through a server's threads, and back to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from siam.engine.answers.answer import Unreadable
from siam.engine.answers.decision import QueryOptions
from siam.engine.open_run import OpenRun
from siam.engine.reading import PictureOptions, PreparedPicture

__all__ = ["Outcome", "PictureRequest", "Result", "deliver"]

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
class PictureRequest:
    """Pictures that wait to be read.

    Attributes:
        run, sources, options, picture, finish, writes: see `siam.web.desk.Desk.ask`.
        loop: the event loop that waits for it.
        done: what it waits for.
    """

    run: str | None
    sources: Sequence[tuple[str, bytes]]
    options: QueryOptions | None
    picture: PictureOptions
    finish: Callable[[Outcome], Any]
    writes: bool
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]

    @property
    def small(self) -> bool:
        """Whether its pictures take so little time that another request may wait for them."""
        return sum(len(content) for _, content in self.sources) <= SMALL

    def like(self, other: PictureRequest) -> bool:
        """Tell whether its pictures and another's are read together: of one run, in one way."""
        same = (self.run, self.picture, self.loop) == (other.run, other.picture, other.loop)
        return same and self.small and other.small


# A request with what came of it, or the error that did.
Result: TypeAlias = tuple[PictureRequest, Any, BaseException | None]


def deliver(results: Sequence[Result]) -> None:
    """Let the event loop, which is woken once, go on with requests that all are of it."""

    def hand_over() -> None:
        for request, result, error in results:
            if request.done.done():
                continue  # nobody waits any more
            if error is None:
                request.done.set_result(result)
            else:
                request.done.set_exception(error)

    if results:
        with contextlib.suppress(RuntimeError):  # the loop was closed
            results[0][0].loop.call_soon_threadsafe(hand_over)
