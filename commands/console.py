"""What every command shares: data to stdout, all else to stderr, errors to exit codes.

While a command is at work, a line on stderr says what it is at (`siam.commands.progress_line`).
Names and labels come from files that anybody may have made, and are shown escaped.
Tables are drawn without rich, which takes a tenth of a second to import.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import operator
import os
import shutil
import sys
import textwrap
import traceback
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer
from typer.core import TyperGroup

from siam.atomic import is_full
from siam.commands.progress_line import ProgressLine, standard_error
from siam.errors import DataError, InternalError, RunError, SiamError, UsageError
from siam.printable import CONTROLS, printable

if TYPE_CHECKING:
    from siam.evaluation.report.tables import Table
    from siam.pictures.reading import Skipped

__all__ = [
    "SiamGroup",
    "data",
    "discard",
    "drawing",
    "hide_progress",
    "json_object",
    "native_words_dropped",
    "name_skipped",
    "notice",
    "print_error",
    "print_table",
    "progress",
    "table",
    "tell",
]

SCHEMA = 1
# Pictures that are passed over and named.
NAMED = 10
# Between the columns of a table; letters below which a column is not folded.
GAP, NARROWEST = "  ", 8
DEBUG = "SIAM_DEBUG"


# Of the command that runs now.
_line: ProgressLine | None = None


class SiamGroup(TyperGroup):
    """A group of commands that say what they are at, and end in a line or two on an error."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn what it raises into words and an exit code."""
        try:
            with progress_line():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            notice(f"Interrupted; {stop}" if str(stop) else "Interrupted.")
            raise typer.Exit(130) from None
        except SiamError as error:
            if debugging():
                raise
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:
            if debugging():
                raise
            raise typer.Exit(tell(error)) from None


@contextlib.contextmanager
def progress_line() -> Iterator[None]:
    """Keep a line on stderr that says what the block is at; inside another such block, do nothing.

    Inside, `progress` takes the reports.
    """
    global _line
    if _line is not None:
        yield
        return
    with standard_error() as stream, ProgressLine(stream) as _line:
        try:
            yield
        finally:
            _line = None


def progress(what: str, done: int, total: int) -> None:
    """Say what the command is at: the `siam.progress.Progress` of the command line."""
    if _line is not None:
        _line.report(what, done, total)


def debugging() -> bool:
    """Say whether tracebacks are wanted (`--debug`)."""
    return os.environ.get(DEBUG, "") not in {"", "0"}


def translate_error(error: Exception) -> SiamError:
    """Put an error that the code did not raise itself into words, under the family that it is of.

    A disk that is full or read-only, and a file of a run that the system refuses, leave a run or
    an index incomplete; any other file that it refuses is input that cannot be read, or a place
    where nothing can be written. What remains is a fault of siam's own.
    """
    if not isinstance(error, OSError) or not (error.strerror or is_full(error)):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
        words = str(error).splitlines()[0] if str(error) else "no message"
        return InternalError(
            f"Unforeseen {type(error).__name__} at {place}: {words}",
            "This is a fault of siam. Run it again with --debug and report what it prints.",
        )
    name = os.fspath(error.filename) if isinstance(error.filename, str | os.PathLike) else ""
    folder = os.path.dirname(name) or "."
    if isinstance(error, FileNotFoundError) and name and not os.path.isdir(folder):
        # The file itself is often one of ours, not yet renamed.
        return UsageError(f"There is no folder {folder}.", "Make it first, or name another.")
    what = error.strerror or str(error)
    problem = f"{name}: {what}." if name else f"{what}."
    if is_full(error) or error.errno == errno.EROFS:
        return RunError(problem, "Free some space or name another place, then run it again.")
    if name:
        from siam.runs.runs_folder import runs_folder

        own = Path(name).absolute().is_relative_to(runs_folder().absolute())
        return (RunError if own else DataError)(
            problem, "Check that the file is there and its rights, then run it again."
        )
    return InternalError(problem, "Run it again with --debug and report what it prints.")


def tell(error: Exception) -> int:
    """Print an error that the code did not raise itself; return the exit code of its family."""
    translated = translate_error(error)
    print_error(translated)
    return translated.exit_code


def discard(stream: TextIO) -> None:
    """Let what is still to be written to a standard stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_error(error: SiamError) -> None:
    """Write an error to stderr: what is wrong, then what mends it."""
    notice(printable(f"Error: {error.problem}"))
    if error.cure:
        notice(printable(error.cure))


def data(text: str) -> None:
    """Write what was asked for to stdout, control characters spelt out: names come from files."""
    drawing(printable(text, lines=True))


@contextlib.contextmanager
def native_words_dropped() -> Iterator[None]:
    """Drop what libraries in C++ write to the standard streams in the block.

    After an error in it they stay silent, until the process has said it and is gone.
    """
    numbers = {1: "stdout", 2: "stderr"}
    before = {name: getattr(sys, name) for name in numbers.values()}
    aside = {number: os.dup(number) for number in numbers}
    null = os.open(os.devnull, os.O_WRONLY)
    for number, name in numbers.items():
        old = before[name]
        old.flush()
        own = os.fdopen(os.dup(number), "w", encoding=old.encoding, errors=old.errors)
        setattr(sys, name, own)
        os.dup2(null, number)
    os.close(null)
    yield
    for number, name in numbers.items():
        getattr(sys, name).flush()
        setattr(sys, name, before[name])
        os.dup2(aside[number], number)
        os.close(aside[number])


def drawing(text: str) -> None:
    """Write a drawing to stdout, its control characters as they are."""
    hide_progress()
    print(text, file=sys.stdout)


def json_object(content: Mapping[str, Any]) -> None:
    """Write one JSON object to stdout, `"schema": 1` first; where that is not UTF-8, in ASCII.

    What would move a terminal's cursor or turn its direction is written as its number everywhere.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    narrow = encoding.lower() not in {"utf-8", "utf8"}
    text = json.dumps({"schema": SCHEMA, **content}, allow_nan=False, ensure_ascii=narrow)
    drawing(CONTROLS.sub(lambda control: f"\\u{ord(control[0]):04x}", text))


def hide_progress() -> None:
    """Clear the line away before something is written to stdout, which may be the same screen."""
    if _line is not None:
        _line.hide()


def notice(text: str) -> None:
    """Write anything else to stderr, control characters spelt out."""
    with contextlib.suppress(OSError):  # on a disk that is full: the exit code tells
        print(printable(text, lines=True), file=sys.stderr, flush=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on stdout; the first column is left, the others right aligned.

    On a terminal the widest columns are folded where it is too narrow.
    """
    hide_progress()
    lines = [[printable(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - len(GAP) * (len(widths) - 1)
        while sum(widths) > room and max(widths) > NARROWEST:
            widths[widths.index(max(widths))] -= 1
    if title:
        print(printable(title, lines=True), file=sys.stdout)
    for line in lines:
        cells = [
            textwrap.wrap(cell, width, break_on_hyphens=False) if width_of(cell) > width else [cell]
            for cell, width in zip(line, widths, strict=True)
        ]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            blanks = [" " * (w - width_of(part)) for part, w in zip(parts, widths, strict=True)]
            aligned = [parts[0] + blanks[0], *map(operator.add, blanks[1:], parts[1:])]
            print(GAP.join(aligned).rstrip(), file=sys.stdout)


def print_table(title: str, content: Table) -> None:
    """Draw a table of the report on stdout."""
    rows = [
        [cell if isinstance(cell, str) else f"{cell.text} ({cell.note})" for cell in row]
        for row in content.rows
    ]
    table(title, content.head, rows)


def name_skipped(skipped: Sequence[Skipped], *, word: str = "Skipped") -> None:
    """Name the first of the pictures that were passed over, on stderr."""
    for skip in skipped[:NAMED]:
        notice(f"{word}: {printable(skip.reason)}")
    if len(skipped) > NAMED:
        notice(f"{word} {len(skipped)} pictures in all.")


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese letters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
