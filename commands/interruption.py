"""What Ctrl-C is answered with: what was kept, and how to go on."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import typer

from siam.commands import console
from siam.progress import Progress

__all__ = ["heeded", "interruptible"]


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


@contextlib.contextmanager
def heeded(progress: Progress) -> Iterator[Progress]:
    """Yield a progress whose next report stops the work where Ctrl-C was lost.

    Python drops a KeyboardInterrupt that comes up inside a finaliser or a callback from C, as
    a training has many: the key was pressed, and the work goes on to its end.

    Args:
        progress: what the reports are passed on to.

    Raises:
        KeyboardInterrupt: by a report after the key was pressed.
    """
    pressed = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def report(what: str, done: int, total: int) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        progress(what, done, total)

    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield progress
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield report
    finally:
        signal.signal(signal.SIGINT, before)
