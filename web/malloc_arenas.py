"""What the C library keeps of freed memory: a heap a thread by default, as large as it ever was.

A server's threads come and go with its requests; after some thousand requests every heap is as
large as the largest answer that it ever made, which looks like a leak and is none. Nor does a heap
shrink by itself below what is still in use.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

__all__ = ["bound_arenas", "trim_arenas"]

ARENAS = 2
M_ARENA_MAX = -8  # malloc.h of glibc


def bound_arenas() -> bool:
    """Let threads share two heaps where the C library is glibc; return whether it does.

    Python's own small objects lie elsewhere, so that threads wait for each other no longer.

    Source: mallopt(3).
    """
    mallopt = glibc("mallopt")
    return mallopt is not None and mallopt(M_ARENA_MAX, ARENAS) == 1


def trim_arenas() -> bool:
    """Give freed memory back to the system where the C library is glibc; return whether any was.

    To be called now and then: threads wait for it some milliseconds.

    Source: malloc_trim(3).
    """
    malloc_trim = glibc("malloc_trim")
    return malloc_trim is not None and malloc_trim(0) == 1


def glibc(name: str) -> Any:
    """Return a function of glibc by its name; None where there is no such library."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
