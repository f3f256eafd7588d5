"""How the library tells of long work without printing: a callable that the caller may pass in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

__all__ = ["Progress", "Stage", "silent"]

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


def silent(what: str, done: int, total: int) -> None:
    """Report nothing; the default wherever a `Progress` is taken."""
