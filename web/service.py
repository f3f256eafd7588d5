"""What the routes share: the runs, the desk, the settings; found by a request of its server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from siam.engine.open_run import OpenRun
from siam.web.api_error import ApiError
from siam.web.desk import Desk
from siam.web.labelling_queue import LabellingQueue
from siam.web.maps import Maps
from siam.web.metrics import Metrics
from siam.web.served_runs import ServedRuns
from siam.web.settings import Settings

__all__ = ["Service", "Serving", "Writing", "require_item", "service_of"]

# Seconds between two looks at a vector store that may lag.
TIDIED = 20.0
# Requests that write at once.
MOST_WRITING = 8


@dataclass
class Service:
    """A server's parts.

    Attributes:
        settings: what it was told.
        runs: that it answers from.
        desk: where pictures are taken in.
        metrics: what it has done so far.
        labelling: the pictures that are to be labelled; None where no folder was named.
        maps: of the runs' indexes.
        writing: requests that write now.
    """

    settings: Settings
    runs: ServedRuns
    desk: Desk
    metrics: Metrics
    labelling: LabellingQueue | None = None
    maps: Maps = field(default_factory=Maps)
    writing: int = 0
    _tidied: float = 0.0

    def tidy(self, run: str | None) -> None:
        """Bring a run's vector store up to date in a thread, where it was not just done.

        Searches are right without it, and slower the more was changed since.
        """
        now = time.monotonic()
        if now - self._tidied > TIDIED:
            self._tidied = now
            self.desk.catch_up(run)

    def close(self) -> None:
        """Finish what is under way, then close the runs."""
        if self.labelling is not None:
            self.labelling.close()
        self.desk.close()
        self.maps.close()
        self.runs.close()


def service_of(request: Request) -> Service:
    """Return the parts of the server that got a request."""
    service: Service = request.app.state.service
    return service


async def find_service(request: Request) -> Service:
    """Return them to FastAPI, which would ask a plain function from another thread."""
    return service_of(request)


async def find_writable(request: Request) -> AsyncIterator[Service]:
    """Yield the parts of a server that may be written to, for so long as it is written to.

    Raises:
        ApiError: it is read-only, or too many are writing.
    """
    service = service_of(request)
    if not service.settings.writable:
        raise ApiError(
            403,
            "read_only",
            "This server only reads.",
            "Whoever runs it can let it write:  siam serve --writable",
        )
    # While another process writes, each waits for it in a thread; some are left for who reads.
    if service.writing >= MOST_WRITING:
        raise ApiError(503, "busy", "Too many are writing.", "Try again later.", 1)
    service.writing += 1
    try:
        yield service
    finally:
        service.writing -= 1


Serving = Annotated[Service, Depends(find_service)]
Writing = Annotated[Service, Depends(find_writable)]


def require_item(run: OpenRun, number: int) -> None:
    """Refuse an id that the index does not hold.

    Raises:
        ApiError: it does not.
    """
    if not 0 < number < 1 << 63 or not run.gallery.items_there([number]):
        raise ApiError(404, "no_item", f"The index holds no item {number}.", "See /items.")
