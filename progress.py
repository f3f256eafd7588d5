"""How the library tells of long work without printing: a callable that the caller may pass in."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

# (what is being done, steps done, steps in all; 0 in all = not known yet)
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Report nothing; the default wherever a `Progress` is taken."""
