"""The one line that says what long work is at: a bar on a terminal, plain lines in a pipe.

A thread draws it, so that it also lives while the work itself cannot report, as in an import or
while a step is compiled. What is soon done draws nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self, TextIO

from siam.printable import printable
from siam.progress import duration

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["ProgressLine", "standard_error"]

# Seconds: on a terminal what is done sooner needs no line; in a pipe it is the rarer the better.
# What has not said what it is at, such as a query, is most often soon done. To say it is of use
# within two seconds, and on a busy machine Python alone takes more than one of them to start.
FIRST_DRAWN = 0.5
FIRST_PRINTED, UNSAID_PRINTED, THEN_PRINTED = 0.3, 8.0, 10.0
# The pace is that of so many seconds: enough for epochs, few enough to follow a busy machine.
WINDOW = 120.0
SAMPLED = 0.5
BAR_WIDTH = 20


class ProgressLine:
    """What a command is at, on standard error; `report` is a `siam.progress.Progress`.

    Args:
        stream: where it is drawn; see `standard_error`.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.name, self.detail, self.done, self.total = "Starting", "", 0, 0
        self.began = time.monotonic()
        self.samples: deque[tuple[float, int]] = deque()
        self.hidden = False
        self.live: Any = None
        self.lock = threading.Lock()
        self.said, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.said.set()
        self.thread.join()
        self.hide()

    def report(self, what: str, done: int, total: int) -> None:
        """Take note of what is being done, of steps done and in all; 0 in all = not known."""
        now = time.monotonic()
        if what != self.name or done < self.done:
            self.samples.clear()
            self.began = now
        self.name, self.detail = str(what), getattr(what, "detail", "")
        self.done, self.total = done, total
        if not self.samples or now - self.samples[-1][0] >= SAMPLED:
            self.samples.append((now, done))
            while now - self.samples[0][0] > WINDOW:
                self.samples.popleft()
        self.hidden = False
        self.said.set()

    def hide(self) -> None:
        """Clear the line away until the next report, so that something else can be written."""
        with self.lock:
            self.hidden = True
            if self.live is not None:
                self.live.stop()
                self.live = None

    def words(self) -> str:
        """Return what there is to say beside the name: the share, the detail, the time left."""
        now = time.monotonic()
        said = [f"{100 * self.done / self.total:.0f} %"] if self.total else []
        said += [printable(self.detail)] if self.detail else []
        if (left := self._seconds_left(now)) is not None:
            said.append(f"{duration(left)} left")
        elif not self.total and now - self.began >= 2:
            said.append(f"{duration(now - self.began)} so far")
        return ", ".join(said)

    def _seconds_left(self, now: float) -> float | None:
        """Seconds to the end at the pace so far; None before there is one."""
        if not self.samples or self.done >= self.total:
            return None
        since, before = self.samples[0]
        if self.done <= before or now - since < SAMPLED:
            return None
        return (self.total - self.done) * (now - since) / (self.done - before)

    def _watch(self) -> None:
        if self.stream.isatty() and os.environ.get("TERM") != "dumb":
            while not self.over.wait(FIRST_DRAWN):
                self._draw()
            return
        self.over.wait(FIRST_PRINTED)
        self.said.wait(UNSAID_PRINTED - FIRST_PRINTED)
        with contextlib.suppress(OSError):  # whoever read it has gone, or a disk is full
            while not self.over.is_set():
                self._print()
                self.over.wait(THEN_PRINTED)

    def _print(self) -> None:
        if not self.hidden:
            words = self.words()
            print(f"{self.name}: {words}" if words else self.name, file=self.stream, flush=True)

    def _draw(self) -> None:
        if self.hidden or self.live is not None:
            return
        from rich.console import Console
        from rich.live import Live

        with self.lock:
            if self.hidden or self.live is not None or self.over.is_set():
                return
            self.live = Live(
                console=Console(file=self.stream),
                get_renderable=self._bar,
                refresh_per_second=4,
                transient=True,
                redirect_stdout=False,
            )
            self.live.start()

    def _bar(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        bar = ProgressBar(self.total or None, self.done, width=BAR_WIDTH, pulse=not self.total)
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(self.name), bar, Text(self.words()))
        return row


@contextlib.contextmanager
def standard_error() -> Iterator[TextIO]:
    """Yield standard error by a descriptor of its own.

    The usual one is turned aside for a moment while TensorFlow is imported.
    """
    if sys.stderr is None:
        yield io.StringIO()
        return
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # replaced by something that is no file
        yield sys.stderr
        return
    stream = os.fdopen(descriptor, "w", encoding=sys.stderr.encoding, errors="replace")
    try:
        yield stream
    finally:
        with contextlib.suppress(OSError):  # a disk that is full
            stream.close()
