"""Embeddings from a file that `siam embed` wrote: of which encoder, and part by part."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from siam.array_types import Vectors
from siam.datasets.arrays import open_arrays
from siam.errors import DataError, MissingExtraError, UsageError

__all__ = ["ENCODER", "EmbeddedFacts", "EmbeddedPart", "read_embeddings", "read_facts"]

ENCODER = "encoder"  # the array, or the table's metadata, that names the encoder
ROWS = 20_000  # that are read at once
CURE = "Make it again:  siam embed ... --out embeddings.npz  or  .parquet"

# Keys, labels (None where not known) and embeddings, float32 (n, dim).
EmbeddedPart = tuple[list[str], list[str | None], Vectors]


class EmbeddedFacts(msgspec.Struct, frozen=True):
    """What a file of embeddings holds.

    Attributes:
        encoder: SHA-256 of the encoder.
        count: embeddings.
    """

    encoder: str
    count: int


def read_facts(path: Path) -> EmbeddedFacts:
    """Return what a file of embeddings says of itself.

    Args:
        path: .npz or .parquet, as `siam embed` writes them.

    Raises:
        UsageError: another ending.
        DataError: it is not there, damaged, or does not say of which encoder it is.
        MissingExtraError: Parquet without pyarrow.
    """
    with reading(path) as file:
        if is_table(path):
            kept = (file.schema_arrow.metadata or {}).get(ENCODER.encode(), b"")
            return facts_of(kept.decode(), file.metadata.num_rows)
        return facts_of(str(file[ENCODER]), len(file["keys"]))


def read_embeddings(path: Path, *, dim: int) -> Iterator[EmbeddedPart]:
    """Yield the embeddings of a file in their order, some thousands at a time.

    Args:
        path: as for `read_facts`.
        dim: length that an embedding must have.

    Raises:
        DataError: they are of another length, or the file is damaged.
    """
    with reading(path) as file:
        yield from (table_parts if is_table(path) else array_parts)(file, dim)


def is_table(path: Path) -> bool:
    """Return whether a file is a Parquet table by its name."""
    return path.suffix.lower() == ".parquet"


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Any]:
    """Yield an opened file, arrays or a table; what is wrong with it is told in a line."""
    if path.suffix.lower() not in (".npz", ".parquet"):
        raise UsageError(f"Embeddings are read from .npz and .parquet, received {path}.", CURE)
    damage: tuple[type[Exception], ...] = (OSError, ValueError, KeyError)
    try:
        if is_table(path):
            try:
                import pyarrow
                from pyarrow import parquet
            except ImportError:
                raise MissingExtraError(f"Reading {path}", "parquet") from None
            damage = (*damage, pyarrow.ArrowException)
            with parquet.ParquetFile(path) as table:
                yield table
        else:
            with open_arrays(path) as arrays:
                yield arrays
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", "Check the path.") from None
    except damage as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise DataError(
            f"{path} holds no embeddings of siam's, or is damaged: {said}.", CURE
        ) from error


def facts_of(encoder: str, count: int) -> EmbeddedFacts:
    """Return facts; a file that names no encoder is of an older siam, or of another program."""
    if len(encoder) != 64:
        raise ValueError("it does not say of which encoder it is")
    return EmbeddedFacts(encoder, count)


def array_parts(arrays: Any, dim: int) -> Iterator[EmbeddedPart]:
    """Yield the parts of an .npz file."""
    vectors, keys = arrays["embeddings"], arrays["keys"].tolist()
    labels: list[str | None] = [None] * len(keys)
    if "labels" in arrays:
        labels = [str(one) for one in arrays["labels"]]
    check_shape(vectors, (len(keys), dim))
    if len(labels) != len(keys):
        raise ValueError(f"{len(keys):,} keys have {len(labels):,} labels")
    for start in range(0, len(keys), ROWS):
        part = slice(start, start + ROWS)
        yield keys[part], labels[part], vectors[part]


def table_parts(table: Any, dim: int) -> Iterator[EmbeddedPart]:
    """Yield the parts of a Parquet table."""
    for batch in table.iter_batches(batch_size=ROWS, columns=["key", "label", "embedding"]):
        keys, labels = (batch.column(name).to_pylist() for name in ("key", "label"))
        flat = batch.column("embedding").flatten().to_numpy(zero_copy_only=False)
        if flat.size != len(keys) * dim:
            raise ValueError(
                f"{len(keys):,} embeddings have {flat.size:,} numbers in place of {dim} each"
            )
        vectors = flat.reshape(-1, dim)
        check_shape(vectors, (len(keys), dim))
        yield keys, labels, vectors


def check_shape(vectors: Vectors, shape: tuple[int, int]) -> None:
    """Refuse arrays that are no embeddings of that many pictures."""
    if vectors.dtype != np.float32 or vectors.shape != shape:
        raise ValueError(f"it holds {vectors.dtype} {vectors.shape} in place of float32 {shape}")
