"""Embeddings to a file: tables and lines part by part, arrays of NumPy's at once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from siam.array_types import Vectors
from siam.atomic import replacing
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_reading import ENCODER
from siam.errors import MissingExtraError, UsageError

__all__ = ["FORMATS", "Part", "check_target", "write_embeddings"]

# Numbers that look the same when written again, and fit into 64 bits.
WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]{0,17}")


# Keys and labels of some pictures, and their embeddings, float32 (n, dim), unit rows.
Part = tuple[Batch, Vectors]


def write_npz(path: Path, parts: Iterator[Part], dim: int, encoder: str) -> None:
    """Write the arrays `embeddings`, `keys`, `encoder` and, where all are known, `labels`."""
    keys: list[str] = []
    labels: list[str | None] = []
    vectors = [np.empty((0, dim), np.float32)]
    for batch, embeddings in parts:
        keys += batch.keys
        labels += batch.labels
        vectors.append(embeddings)
    arrays = {"embeddings": np.concatenate(vectors), "keys": np.array(keys, str)}
    arrays[ENCODER] = np.array(encoder)
    known = [label for label in labels if label is not None]
    if len(known) == len(labels):
        numbers = all(map(WHOLE_NUMBER.fullmatch, known))
        arrays["labels"] = np.array(known, np.int64 if numbers else str)
    with path.open("wb") as target:
        np.savez(target, **arrays)  # type: ignore[arg-type]


def write_npy(path: Path, parts: Iterator[Part], dim: int, _: str) -> None:
    """Write the embeddings alone, as one array."""
    vectors = [np.empty((0, dim), np.float32), *(embeddings for _, embeddings in parts)]
    with path.open("wb") as target:
        np.save(target, np.concatenate(vectors))


def write_jsonl(path: Path, parts: Iterator[Part], dim: int, _: str) -> None:
    """Write one JSON object per line: key, label (null where not known), embedding."""
    with path.open("w", encoding="utf-8") as target:
        for batch, embeddings in parts:
            for key, label, embedding in zip(
                batch.keys, batch.labels, embeddings.tolist(), strict=True
            ):
                target.write(json.dumps({"key": key, "label": label, "embedding": embedding}))
                target.write("\n")


def write_parquet(path: Path, parts: Iterator[Part], dim: int, encoder: str) -> None:
    """Write a table of key, label (null where not known) and embedding, a list of fixed size.

    Its metadata names the encoder.
    """
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        [
            ("key", pyarrow.string()),
            ("label", pyarrow.string()),
            ("embedding", pyarrow.list_(pyarrow.float32(), dim)),
        ],
        metadata={ENCODER: encoder},
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for batch, embeddings in parts:
            flat = pyarrow.array(np.ascontiguousarray(embeddings).reshape(-1))
            # A file's name may hold bytes that are no UTF-8, which a table cannot.
            keys = [key.encode(errors="replace").decode() for key in batch.keys]
            columns = [
                pyarrow.array(keys, pyarrow.string()),
                pyarrow.array(list(batch.labels), pyarrow.string()),
                pyarrow.FixedSizeListArray.from_arrays(flat, dim),
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


FORMATS: dict[str, Callable[[Path, Iterator[Part], int, str], None]] = {
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


def write_embeddings(path: Path, parts: Iterator[Part], *, dim: int, encoder: str) -> None:
    """Write embeddings in the format that the file's ending names, whole or not at all.

    Args:
        path: what `check_target` lets pass.
        parts: the embeddings in order.
        dim: length of an embedding.
        encoder: SHA-256 of the encoder, which .npz and .parquet keep.
    """
    with replacing(path) as temporary:
        FORMATS[path.suffix.lower()](temporary, parts, dim, encoder)
