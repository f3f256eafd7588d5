"""How the library tells of long work without printing: a callable that the caller may pass in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

__all__ = ["Progress", "Stage", "duration", "silent"]

# (what is being done, steps done, steps in all; 0 in all = not known yet)
Progress = Callable[[str, int, int], None]


class Stage(str):
    """What is being done, and what can be said of it now; equal to its plain name.

    Args:
        name: what is being done.
        detail: what changes from report to report, such as the epoch and the loss.

    Example:
        >>> stage = Stage("Training", "epoch 2 of 6")
        >>> stage == "Training", stage.detail
        (True, 'epoch 2 of 6')
    """

    detail: str

    def __new__(cls, name: str, detail: str = "") -> Self:
        """Make the name, and keep the detail beside it."""
        stage = super().__new__(cls, name)
        stage.detail = detail
        return stage


def duration(seconds: float) -> str:
    """Return a time in words, rounded to what can be relied on.

    Args:
        seconds: >= 0.

    Example:
        >>> duration(4.2), duration(250), duration(5000)
        ('4 s', '4 min', '1 h 23 min')
    """
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def silent(what: str, done: int, total: int) -> None:
    """Report nothing; the default wherever a `Progress` is taken."""
