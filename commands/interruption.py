"""What ends a command from outside: Ctrl-C, with what was kept, and a reader that has gone away."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from siam.commands import console
from siam.progress import Progress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["end_unread", "heeded", "interruptible"]

# Of what the state after a whole step is worth waiting for.
STEPS = "Training"


class Output(io.FileIO):
    """A standard stream; where its reader has gone away the process ends by SIGPIPE.

    `siam query ... | head` ends by that signal, as any Unix command does: an exit code would be an
    answer. A connection whose other side has gone away stays an error of that connection.
    """

    def write(self, content: ReadableBuffer) -> int:
        """Write bytes; return how many."""
        try:
            return super().write(content)
        except BrokenPipeError:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                signal.raise_signal(signal.SIGPIPE)
            raise


def end_unread() -> None:
    """Let standard output and error end the process where nobody reads them; not on Windows."""
    if not hasattr(signal, "SIGPIPE"):
        return
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        layers = getattr(stream, "buffer", None)
        raw = getattr(layers, "raw", layers)
        if type(raw) is not io.FileIO:
            continue  # replaced by something that is no file
        output = Output(raw.fileno(), "w", closefd=False)
        text = io.TextIOWrapper(
            output if raw is layers else io.BufferedWriter(output),
            stream.encoding,
            stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, text)


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
