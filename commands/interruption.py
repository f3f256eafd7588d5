"""What Ctrl-C is answered with: what was kept, and how to go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import typer

from siam.commands import console

__all__ = ["interruptible"]


@contextlib.contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Answer Ctrl-C inside the block with a sentence instead of silence, and exit code 130.

    Args:
        kept: what outlives the interruption, and how to go on from there.

    Example:
        >>> with interruptible("what was copied is kept."):
        ...     copied = 3
    """
    try:
        yield
    except KeyboardInterrupt:
        console.notice(f"Interrupted; {kept}")
        raise typer.Exit(130) from None
