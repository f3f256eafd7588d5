"""What Ctrl-C is answered with: what was kept, and how to go on."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from siam.commands import console
from siam.progress import Progress

__all__ = ["heeded", "interruptible", "outlive_closed_connections"]

# Of what the state after a whole step is worth waiting for.
STEPS = "Training"


def outlive_closed_connections() -> None:
    """Take a connection that the other side has closed as an error, not as the end of the process.

    `siam query ... | head` ends by the signal that says so, which a socket sends as well.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


@contextlib.contextmanager
def interruptible(kept: str) -> Iterator[None]:
    """Let Ctrl-C inside the block be answered with a sentence.

    Args:
        kept: what outlives the interruption, and how to go on from there.

    Raises:
        KeyboardInterrupt: again, with the sentence, for `siam.commands.console` to print.

    Example:
        >>> with interruptible("what was copied is kept."):
        ...     copied = 3
    """
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept) from None


@contextlib.contextmanager
def heeded(progress: Progress) -> Iterator[Progress]:
    """Yield a progress whose next report stops the work where Ctrl-C was pressed before it.

    While steps of a training are reported, Ctrl-C waits for the one that is being taken, and the
    second one does not; at any other time it stops the work at once. Where it is lost, as Python
    drops a KeyboardInterrupt that comes up inside a finaliser or a callback from C, the next
    report stops the work all the same.

    Args:
        progress: what the reports are passed on to.

    Raises:
        KeyboardInterrupt: by a report after the key was pressed.
    """
    pressed = threading.Event()
    doing = ""

    def press(number: int, frame: FrameType | None) -> None:
        again = pressed.is_set()
        pressed.set()
        if again or doing != STEPS:
            raise KeyboardInterrupt
        with contextlib.suppress(RuntimeError):  # it was pressed while something was written
            console.notice("Stopping after this step; press Ctrl-C again to stop at once.")

    def report(what: str, done: int, total: int) -> None:
        nonlocal doing
        if pressed.is_set():
            raise KeyboardInterrupt
        doing = what
        progress(what, done, total)

    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield progress
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield report
    finally:
        signal.signal(signal.SIGINT, before)
