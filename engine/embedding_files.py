"""Embeddings to a file, part by part, so that a million of them take no more memory than ten."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from siam.atomic import replacing
from siam.errors import MissingExtraError, UsageError

__all__ = ["FORMATS", "Part", "check_target", "write_embeddings"]

WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Part:
    """Some embeddings in a row.

    Attributes:
        keys: n names.
        labels: n class names, None where one is not known.
        embeddings: float32 (n, dim), unit rows.
    """

    keys: Sequence[str]
    labels: Sequence[str | None]
    embeddings: np.ndarray


def write_npz(path: Path, parts: Iterator[Part], dim: int) -> None:
    """Write the arrays `embeddings`, `keys` and, where all are known, `labels`."""
    with contextlib.ExitStack() as stack:
        vectors, keys, labels = (
            stack.enter_context(tempfile.TemporaryFile(dir=path.parent)) for _ in range(3)
        )
        key_column, label_column = TextColumn(keys), TextColumn(labels)
        for part in parts:
            vectors.write(np.ascontiguousarray(part.embeddings, "<f4").data)
            key_column.add(part.keys)
            if label_column.complete:
                label_column.add(part.labels)
        with zipfile.ZipFile(path, "w") as archive:
            with archive.open("embeddings.npy", "w", force_zip64=True) as member:
                copy_vectors(vectors, member, key_column.count, dim)
            key_column.write(archive, "keys.npy")
            if label_column.complete:
                label_column.write(archive, "labels.npy", numbers=True)


def write_npy(path: Path, parts: Iterator[Part], dim: int) -> None:
    """Write the embeddings alone, as one array."""
    count = 0
    with tempfile.TemporaryFile(dir=path.parent) as vectors, path.open("wb") as target:
        for part in parts:
            vectors.write(np.ascontiguousarray(part.embeddings, "<f4").data)
            count += len(part.embeddings)
        copy_vectors(vectors, target, count, dim)


def write_jsonl(path: Path, parts: Iterator[Part], dim: int) -> None:
    """Write one JSON object per line: key, label (null where not known), embedding."""
    with path.open("w", encoding="utf-8") as target:
        for part in parts:
            for key, label, embedding in zip(
                part.keys, part.labels, part.embeddings.tolist(), strict=True
            ):
                target.write(json.dumps({"key": key, "label": label, "embedding": embedding}))
                target.write("\n")


def write_parquet(path: Path, parts: Iterator[Part], dim: int) -> None:
    """Write a table of key, label (null where not known) and embedding, a list of fixed size."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        [
            ("key", pyarrow.string()),
            ("label", pyarrow.string()),
            ("embedding", pyarrow.list_(pyarrow.float32(), dim)),
        ]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for part in parts:
            flat = pyarrow.array(np.ascontiguousarray(part.embeddings).reshape(-1))
            # A file's name may hold bytes that are no UTF-8, which a table cannot.
            keys = [key.encode(errors="replace").decode() for key in part.keys]
            columns = [
                pyarrow.array(keys, pyarrow.string()),
                pyarrow.array(list(part.labels), pyarrow.string()),
                pyarrow.FixedSizeListArray.from_arrays(flat, dim),
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


FORMATS: dict[str, Callable[[Path, Iterator[Part], int], None]] = {
    ".npz": write_npz,
    ".npy": write_npy,
    ".parquet": write_parquet,
    ".jsonl": write_jsonl,
}


def check_target(path: Path) -> None:
    """Refuse a file that could not be written, before any work is done for it.

    Raises:
        UsageError: another ending than those of `FORMATS`, or no folder to write to.
        MissingExtraError: Parquet without pyarrow.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"--out must end in {', '.join(FORMATS)}, received {path}.",
            "Such as:  --out emb.npz",
        )
    if path.is_dir():
        raise UsageError(f"--out {path} is a folder.", "Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"--out {path} cannot be written.", f"Make the folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(
            f"--out {path} cannot be written: the folder {path.parent} is read-only for you.",
            "Name a file in a folder of yours.",
        )
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingExtraError("Writing Parquet", "parquet") from None


def write_embeddings(path: Path, parts: Iterator[Part], *, dim: int) -> None:
    """Write embeddings in the format that the file's ending names, whole or not at all.

    Args:
        path: ends in .npz, .npy, .parquet or .jsonl.
        parts: the embeddings in order.
        dim: length of an embedding.

    Raises:
        UsageError, MissingExtraError: as `check_target`.
    """
    check_target(path)
    with replacing(path) as temporary:
        FORMATS[path.suffix.lower()](temporary, parts, dim)


class TextColumn:
    """Texts that wait in a file until the longest is known, which NumPy's arrays need.

    Args:
        spool: an empty binary file.
    """

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._longest = 1
        self._numbers = True
        self.count = 0
        self.complete = True

    def add(self, texts: Sequence[str | None]) -> None:
        """Take the next texts; None makes the column incomplete for good."""
        if None in texts:
            self.complete = False
            return
        known = [text for text in texts if text is not None]
        self.count += len(known)
        self._longest = max([self._longest, *map(len, known)])
        self._numbers = self._numbers and all(map(is_number, known))
        self._spool.write(json.dumps(known).encode() + b"\n")

    def write(self, archive: zipfile.ZipFile, name: str, *, numbers: bool = False) -> None:
        """Write the column as an array of text, or of int64 if `numbers` and all of them are."""
        dtype = np.dtype("<i8" if numbers and self._numbers else f"<U{self._longest}")
        self._spool.seek(0)
        with archive.open(name, "w", force_zip64=True) as member:
            write_header(member, dtype, (self.count,))
            for line in self._spool:
                member.write(np.array(json.loads(line), dtype).tobytes())


def is_number(text: str) -> bool:
    """Say whether a text is a whole number that looks the same when written again."""
    return WHOLE_NUMBER.fullmatch(text) is not None


def copy_vectors(spool: IO[bytes], target: IO[Any], count: int, dim: int) -> None:
    """Write waiting float32 vectors as one array in NumPy's format."""
    write_header(target, np.dtype("<f4"), (count, dim))
    spool.seek(0)
    shutil.copyfileobj(spool, target, 1 << 20)


def write_header(target: IO[Any], dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Write the head of an array in NumPy's format."""
    np.lib.format.write_array_header_1_0(
        target, {"descr": dtype.str, "fortran_order": False, "shape": shape}
    )
