"""A vector store brought up to date beside a server, in a process that gives way to others.

Building one takes memory that the C library would keep; of a process that ends nothing stays, and
the server maps the new store's files in place of the old ones.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from pathlib import Path

from siam.errors import SiamError
from siam.index.gallery import Gallery

__all__ = ["build_beside"]


def build_beside(folder: Path) -> None:
    """Bring the vector store of an index up to date, and wait until it is.

    Searches are right without it, so that one which fails is left for the next time.

    Args:
        folder: of the index.
    """
    # Spawned: a fork would take the locks of the server's threads along.
    process = multiprocessing.get_context("spawn").Process(
        target=_build, args=(folder,), name="store", daemon=True
    )
    process.start()
    process.join()


def _build(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server, which Ctrl-C is for, waits for it
    if hasattr(os, "nice"):
        os.nice(10)
    with contextlib.suppress(SiamError), Gallery.open(folder) as gallery:
        gallery.catch_up()
