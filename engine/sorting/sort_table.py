"""The table of what was sorted where, and why: written before a picture is, and read to undo it."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, cast, get_args

import msgspec

from siam.atomic import write_text
from siam.engine.answers.result_files import as_text
from siam.errors import DataError, UsageError
from siam.file_lock import try_lock
from siam.pictures.names import path_of, to_text

__all__ = [
    "LOCK",
    "TABLE",
    "How",
    "Row",
    "append_rows",
    "hold",
    "name_of",
    "need_table",
    "read_rows",
    "write_rows",
]

TABLE = "sorted.csv"
LOCK = ".sorted.lock"
How = Literal["copied", "moved", "unreadable"]
# Beside a name that begins as a formula does, a spreadsheet sees that this is none.
HERE = "./"


class Row(msgspec.Struct, frozen=True):
    """Where one picture went.

    Attributes:
        path: of the picture, absolute, bytes that are no UTF-8 escaped.
        to: its place below the folder that was sorted into, "/" between the parts; "" where it
            could not be read.
        verdict, label, probability, reason: of the answer; the error where there is none.
        how: "copied", "moved" or "unreadable".
    """

    path: str
    to: str
    verdict: str
    label: str
    probability: str
    reason: str
    how: How

    @property
    def source(self) -> Path:
        """The picture's own place."""
        return path_of(self.path)

    def target(self, folder: Path) -> Path:
        """Return the place that it was sorted to."""
        return folder / path_of(self.to)


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep other sortings out of a folder, and of its table.

    Raises:
        UsageError: one is at work there.
    """
    with try_lock(folder / LOCK) as held:
        if not held:
            raise UsageError(f"{folder} is being sorted into now.", "Wait until that is done.")
        yield


def append_rows(table: Path, rows: Iterable[Row]) -> None:
    """Add rows at the end and flush them, a heading first where there is no table yet."""
    with table.open("a", encoding="utf-8", newline="") as file:
        file.write(as_csv(rows, heading=file.tell() == 0))
        file.flush()
        os.fsync(file.fileno())


def write_rows(table: Path, rows: Iterable[Row]) -> None:
    """Replace the table by these rows."""
    write_text(table, as_csv(rows, heading=True))


def as_csv(rows: Iterable[Row], *, heading: bool) -> str:
    """Return rows as lines, each cell shown by every spreadsheet as it stands."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if heading:
        writer.writerow(Row.__struct_fields__)
    for row in rows:
        path, to, *rest = msgspec.structs.astuple(row)
        writer.writerow([as_text(path), f"{HERE}{to}" if to else "", *map(as_text, rest)])
    return text.getvalue()


def need_table(table: Path) -> None:
    """Refuse what is no plain file: a pipe may never end.

    Raises:
        DataError: it is not there, or none.
    """
    if not table.is_file():
        raise DataError(f"{table}: no such table.", f"Name the {TABLE} of a sorted folder.")


def read_rows(table: Path) -> list[Row]:
    """Read a table; a last line that a kill or a full disk cut off is left out.

    Raises:
        DataError: it is not there, no such table, or names a place outside its folder.
    """
    need_table(table)
    with table.open(encoding="utf-8", errors="replace", newline="") as file:
        text = file.read()
    if "\n" not in text and as_csv([], heading=True).startswith(text):
        return []  # not even the heading was written
    rows = csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""), strict=True)
    lines: list[list[str]] = []
    try:
        lines.extend(rows)
    except csv.Error as error:
        # A kill may have come within a name of several lines, which is the last then.
        if "unexpected end of data" not in str(error):
            lines = []
    if not lines or tuple(lines[0]) != Row.__struct_fields__:
        raise DataError(f"{table} is not a table that `siam sort` wrote.", f"Name a {TABLE}.")
    return [read_row(table, number, line) for number, line in enumerate(lines[1:], start=2)]


def read_row(table: Path, number: int, line: Sequence[str]) -> Row:
    """Read one row, which anybody may have changed."""
    if len(line) == len(Row.__struct_fields__):
        path, to, verdict, label, probability, reason, how = line
        below = to == "" or (to.startswith(HERE) and ".." not in PurePosixPath(to).parts)
        if below and how in get_args(How) and Path(path).is_absolute():
            place = to.removeprefix(HERE)
            return Row(path, place, verdict, label, probability, reason, cast(How, how))
    raise DataError(
        f"Line {number} of {table} is not as `siam sort` wrote it.", "Take that line out."
    )


def name_of(path: Path) -> str:
    """Return a picture's place as the table names it."""
    return to_text(os.path.abspath(path))
