"""How many heaps the C library keeps: one a thread by default, each of which keeps what it grew to.

A server's threads come and go with its requests; after some thousand requests every heap is as
large as the largest answer that it ever made, which looks like a leak and is none.
"""

from __future__ import annotations

import ctypes
import sys

__all__ = ["bound_arenas"]

ARENAS = 2
M_ARENA_MAX = -8  # malloc.h of glibc


def bound_arenas() -> bool:
    """Let threads share two heaps where the C library is glibc; return whether it does.

    Python's own small objects lie elsewhere, so that threads wait for each other no longer.

    Source: mallopt(3).
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_ARENA_MAX, ARENAS) == 1
