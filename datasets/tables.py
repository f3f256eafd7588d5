"""Tables of labels: a CSV, TSV or Parquet file that names pictures, their classes and splits."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from siam.datasets.layout import Entry, Layout, PictureSet, split_of
from siam.errors import DataError, MissingExtraError, PictureError
from siam.pictures.folder_walk import FolderListing
from siam.pictures.names import to_label

__all__ = ["is_table", "read_table", "table_pictures", "text_rows"]

SUFFIXES = (".csv", ".tsv", ".parquet")
PATH = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path")
LABEL = ("label", "class", "class_name", "category", "target")
SPLIT = ("split", "part", "subset", "set")
MOST_BYTES = 256 << 20
MANY = 50  # columns: those of pixels, not of paths
CURE = "Give it the columns path,label and perhaps split (train, validation, test)."


def is_table(path: Path) -> bool:
    """Return whether a file's name ends as a table's."""
    return path.suffix.lower() in SUFFIXES


def table_pictures(table: Path) -> PictureSet:
    """Return the pictures that a table names as a picture set, labelled and split by it.

    Raises:
        DataError: as `read_table`.
        MissingExtraError: a Parquet file, and pyarrow is not installed.
    """
    entries = read_table(table)
    root = table.resolve().parent

    def fetch(path: str) -> Path:
        file = root / path
        if file.exists() and not file.is_file():
            raise PictureError(f"{path} is not a plain file.")
        return file

    labelled = tuple(entry for entry in entries if entry.class_name)
    outside = tuple(entry.path for entry in entries if not entry.class_name)
    listing = FolderListing(tuple(entry.path for entry in entries))
    return PictureSet(root.name, str(root), listing, fetch, Layout(labelled, outside, 0))


def read_table(table: Path) -> list[Entry]:
    """Read a table of path, label and perhaps split; paths count from the table's folder.

    The first line may name the columns, in any order; else they are path, label and split. A row
    without a label is of no class, and its `Entry.class_name` is "".

    Raises:
        DataError: it cannot be read, holds pixels in place of paths, or names another split.
        MissingExtraError: a Parquet file, and pyarrow is not installed.

    Example:
        >>> import tempfile
        >>> table = Path(tempfile.mkdtemp()) / "labels.csv"
        >>> _ = table.write_text("label,path\\ncat,a.png\\n")
        >>> [(entry.path, entry.class_name, entry.part) for entry in read_table(table)]
        [('a.png', 'cat', 'train')]
    """
    rows = _parquet_rows(table) if table.suffix.lower() == ".parquet" else text_rows(table)
    header = next(rows, [])
    if len(header) > MANY:
        raise DataError(
            f"{table} has {len(header):,} columns: pixels, not the paths of pictures.",
            "Save them as numpy.savez(FILE, x=pictures, y=labels), and train on that .npz file.",
        )
    names = [name.strip().lower() for name in header]
    places = [_place(names, words) for words in (PATH, LABEL, SPLIT)]
    body: Iterable[Sequence[str]] = rows
    if places[0] is None or places[1] is None:
        if len(header) < 2 or not (table.parent / header[0]).is_file():
            raise DataError(
                f"{table} does not say which of its columns ({', '.join(header[:5])}) are paths "
                "and labels.",
                CURE,
            )
        places, body = [0, 1, 2 if len(header) > 2 else None], [header, *rows]
    entries: dict[str, Entry] = {}
    for row in body:
        path, label, split = ("" if at is None or at >= len(row) else row[at] for at in places)
        if path:
            part = split_of(split) if split else "train"
            if part is None:
                raise DataError(f"{table} names a split {split!r}.", CURE)
            if "\0" in path:
                raise DataError(f"{table} names a path with a null character in it.", CURE)
            path = path.replace("\\", "/")
            entries[path] = Entry(path, part, to_label(label.strip()), None)
    if not entries:
        raise DataError(f"{table} names no picture.", CURE)
    return list(entries.values())


def text_rows(table: Path) -> Iterator[list[str]]:
    """Yield the rows of a CSV or TSV file that are not empty.

    Raises:
        DataError: it cannot be read, or is too large.
    """
    try:
        if table.stat().st_size > MOST_BYTES:
            raise DataError(
                f"{table} is larger than {MOST_BYTES:,} bytes, too much for a table of paths.",
                "Save pictures as numpy.savez(FILE, x=pictures, y=labels).",
            )
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max("\t,;", key=first.count) if table.suffix.lower() == ".csv" else "\t"
            yield from (row for row in csv.reader(file, delimiter=delimiter) if row)
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{table} cannot be read: {reason}.", CURE) from error


def _parquet_rows(table: Path) -> Iterator[list[str]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"Reading {table}", "parquet") from None
    try:
        columns = parquet.ParquetFile(table).schema_arrow.names
        yield columns
        wanted = [name for name in columns if name.strip().lower() in PATH + LABEL + SPLIT]
        values = parquet.read_table(table, columns=wanted).to_pydict()
    except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{table} cannot be read as Parquet: {error}.", CURE) from error
    blank = [""] * max(map(len, values.values()), default=0)
    for row in zip(*(values.get(name, blank) for name in columns), strict=True):
        yield ["" if value is None else str(value) for value in row]


def _place(names: Sequence[str], words: Sequence[str]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)
