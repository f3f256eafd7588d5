"""A gallery's map computed beside a server: in a process of its own, which gives way to others.

What lays out 60,000 items takes both cores' time and hundreds of megabytes; in a process of its own
it neither delays answers nor stays in memory afterwards.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from siam.engine.projection.gallery_map import GalleryMap, compute_map
from siam.errors import SiamError
from siam.index.gallery import Gallery

__all__ = ["Computation", "Failure"]


@dataclass(frozen=True)
class Failure:
    """Why there is no map, and what mends it."""

    problem: str
    cure: str


class Computation:
    """A map on its way. Begins at once.

    Args:
        folder: of the index.

    Attributes:
        step: what is being done, steps done, steps in all (0 = not known yet).
        outcome: the map, or what went wrong; None until there is one.
    """

    def __init__(self, folder: Path) -> None:
        self.step: tuple[str, int, int] = ("Starting", 0, 0)
        self.outcome: GalleryMap | Failure | None = None
        # Spawned: a fork would take the locks of the server's threads along.
        context = multiprocessing.get_context("spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(
            target=compute_beside, args=(folder, sender), name="map", daemon=True
        )
        self._process.start()
        sender.close()  # the process's end is the last one: when it goes, that is seen
        self._listener = threading.Thread(target=self._listen, name="map", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        told: object = None
        with contextlib.suppress(EOFError, OSError):
            while isinstance(told := self._receiver.recv(), tuple):
                self.step = told
        self._process.join()
        if isinstance(told, GalleryMap | Failure):
            self.outcome = told
        else:
            self.outcome = Failure(
                f"What computed the map ended early (exit code {self._process.exitcode}).",
                "It may have lacked memory: end what else runs, and start the server again.",
            )

    def wait(self) -> GalleryMap | Failure:
        """Return the outcome as soon as there is one."""
        self._listener.join()
        assert self.outcome is not None
        return self.outcome

    def close(self) -> None:
        """End it, whether it is done or not."""
        self._process.terminate()
        self._listener.join()
        self._receiver.close()


def compute_beside(folder: Path, sender: Connection) -> None:
    """Compute the map of an index and send it, after the steps on the way there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this
    if hasattr(os, "nice"):
        os.nice(10)
    told: GalleryMap | Failure
    try:
        with Gallery.open(folder, read_only=True) as gallery:
            told = compute_map(gallery, progress=lambda *step: sender.send(step))
    except SiamError as error:
        told = Failure(error.problem, error.cure)
    except MemoryError:
        told = Failure("There is too little memory for the map.", "End what else runs.")
    sender.send(told)
