"""Pictures in a Parquet table: a column of their bytes, and perhaps columns of keys and labels."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from siam.datasets.tables import LABEL
from siam.engine.embedding.batches import Batch, Input, Portion, read_batches
from siam.errors import DataError, MissingExtraError
from siam.pictures.names import to_label
from siam.pictures.object_store import is_stored, open_stored
from siam.pictures.preparation import Preparation
from siam.pictures.reading import Skipped, Source

if TYPE_CHECKING:
    from siam.runs.config import RunConfig

__all__ = ["open_table"]

PICTURE, KEY = ("image", "img", "picture"), ("key", "path", "file_name", "filename")
AT_ONCE = 16  # rows, of each of which the picture is held
BUFFER = 1 << 20  # bytes: without one, all pictures of a row group are read at once
CURE = "Give it a column `image` of the bytes of picture files, and perhaps `key` and `label`."


def open_table(name: str, config: RunConfig) -> Input:
    """Open a Parquet table of pictures; its pictures are read as they are embedded.

    Pictures are the column `image`, `img` or `picture`, or the only one of that type: bytes, or a
    struct with a field `bytes`, as Hugging Face's data sets have. Keys are `key`, `path` or
    `file_name`, else the struct's `path`, else FILE/NUMBER. Labels are `label` or what else a
    table of labels calls them (`siam.datasets.tables`); numbers that the table says names for
    are those. No more is held than a page of the file, which may be a thousand pictures.

    Args:
        name: the table's path, or its address in an object store.
        config: of the run that will embed; says how pictures are prepared.

    Raises:
        DataError: it is not there or damaged, or holds no pictures; also while they are read.
        MissingExtraError: pyarrow is not installed.
    """
    with reading(name) as (table, size):
        rows = table.metadata.num_rows
        if not 0 < rows <= size:  # a picture has a byte or more
            raise DataError(f"{name} claims to hold {rows:,} pictures.", CURE)
        column = find_pictures(name, table.schema_arrow)
        keys = read_keys(table, name, column)
        labels = read_labels(table)
    for what, there in (("keys", keys), ("labels", labels)):
        if len(there) != rows:
            raise damaged(name, f"{rows:,} rows have {len(there):,} {what}")

    def portion(block: range) -> Portion:
        rows = slice(block.start, block.stop)
        return partial(read_rows, name, column, block, keys[rows], labels[rows], config.preparation)

    return Input(keys, portion)


def read_rows(
    name: str,
    column: str,
    block: range,
    keys: Sequence[str],
    labels: Sequence[str | None],
    preparation: Preparation,
) -> Iterator[Batch]:
    """Yield the pictures of some rows; `keys` and `labels` are theirs."""
    pictures = zip(keys, read_pictures(name, column, block), strict=True)
    yield from read_batches(pictures, labels, preparation)


@contextlib.contextmanager
def reading(name: str) -> Iterator[tuple[Any, int]]:
    """Yield an opened table and its bytes; what is wrong while it is read is told in a line."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"Reading {name}", "parquet") from None
    try:
        with open_stored(name) if is_stored(name) else Path(name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            with parquet.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False) as table:
                yield table, size
    except FileNotFoundError:
        raise DataError(f"There is no file {name}.", "Check the path.") from None
    except (OSError, ValueError, MemoryError, pyarrow.ArrowException) as error:
        raise damaged(name, getattr(error, "strerror", None) or error) from error


def damaged(name: str, reason: object) -> DataError:
    """Return the error of a table that cannot be read."""
    said = " ".join(str(reason).split()).rstrip(".")
    return DataError(f"{name} cannot be read as Parquet: {said}.", CURE)


def find_pictures(name: str, schema: Any) -> str:
    """Return the path of the column of pictures' bytes, such as `image` or `image.bytes`."""
    leaves = {field.name: leaf for field in schema if (leaf := bytes_of(field))}
    named = [column for column in leaves if column.strip().lower() in PICTURE]
    if not named and len(leaves) != 1:
        raise DataError(
            f"{name} has no column of pictures among {', '.join(schema.names[:8]) or 'none'}.", CURE
        )
    return leaves[(named or list(leaves))[0]]


def bytes_of(field: Any) -> str:
    """Return the path of the bytes of a column that may hold pictures; empty where it may not."""
    from pyarrow import types

    kinds = (types.is_binary, types.is_large_binary, types.is_binary_view)
    if any(kind(field.type) for kind in kinds):
        return str(field.name)
    inner = [field.type.field(at) for at in range(field.type.num_fields)]
    if types.is_struct(field.type) and any(one.name == "bytes" and bytes_of(one) for one in inner):
        return f"{field.name}.bytes"
    return ""


def read_keys(table: Any, name: str, pictures: str) -> list[str]:
    """Return the name of each row: what the table says, else FILE/NUMBER."""
    file = PurePath(name).name
    numbered = [f"{file}/{row}" for row in range(table.metadata.num_rows)]
    column = find_column(table, KEY)
    if column is None and pictures.endswith(".bytes"):
        outer = pictures.removesuffix(".bytes")
        if "path" in {one.name for one in table.schema_arrow.field(outer).type.fields}:
            column = f"{outer}.path"
    if column is None:
        return numbered
    told = read_column(table, column)
    if len(told) != len(numbered):
        return told
    return [str(own or other) for own, other in zip(told, numbered, strict=True)]


def read_labels(table: Any) -> list[str | None]:
    """Return the label of each row, None where there is none."""
    column = find_column(table, LABEL)
    if column is None:
        return [None] * table.metadata.num_rows
    names = class_names(table.schema_arrow, column)
    return [
        None
        if value is None or value == ""
        else to_label(names[value] if type(value) is int and value in names else str(value))
        for value in read_column(table, column)
    ]


def find_column(table: Any, words: tuple[str, ...]) -> str | None:
    """Return the first column that has one of the names."""
    there = {name.strip().lower(): name for name in reversed(table.schema_arrow.names)}
    return next((there[word] for word in words if word in there), None)


def read_column(table: Any, column: str) -> list[Any]:
    """Return all values of a column, or of a field of one that is a struct."""
    values = table.read(columns=[column], use_threads=False).column(0).to_pylist()
    field = column.rpartition(".")[2]
    return [value.get(field) if isinstance(value, dict) else value for value in values]


def class_names(schema: Any, column: str) -> dict[int, str]:
    """Return what Hugging Face's data sets say that the numbers of a column stand for."""
    try:
        told = msgspec.json.decode((schema.metadata or {})[b"huggingface"])
        names = msgspec.convert(told["info"]["features"][column]["names"], list[str])
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return dict(enumerate(names))


def read_pictures(name: str, column: str, block: range) -> Iterator[Source]:
    """Yield the content of the pictures of some rows, or why there is none, some rows at a time."""
    with reading(name) as (table, _):
        first = 0
        for group in range(table.num_row_groups):
            count = table.metadata.row_group(group).num_rows
            start, stop = (min(max(end - first, 0), count) for end in (block.start, block.stop))
            first += count
            if start == stop:
                continue
            place = 0
            for batch in table.iter_batches(
                AT_ONCE, row_groups=[group], columns=[column], use_threads=False
            ):
                from_, to = max(start - place, 0), max(stop - place, 0)
                for value in batch.column(0)[from_:to]:
                    yield as_source(value.as_py())
                place += len(batch)
            if place != count:
                raise damaged(name, f"a row group of {count:,} rows has {place:,} pictures")


def as_source(value: Any) -> Source:
    """Return a picture's content, from a cell of the table."""
    content = value.get("bytes") if isinstance(value, dict) else value
    return bytes(content) if content is not None else Skipped("", "is an empty cell")
