"""A FAISS store on disk: files derived from the catalogue, and disposable.

One folder per generation, `accelerator-<generation>-<mark>/`, made beside its place and renamed (a
second one of the same generation, in another kind, ends in `-2`):

    vectors.npy        float32 (n, dim), every vector, searched exactly and memory-mapped
    ids.npy            int64, the item at each of those rows; -1 = removed since
    approximate.faiss  the faster structure, where the kind is not "flat"
    manifest.json      kind, commit, sizes and fingerprints of the files above
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.atomic import sync_folder, write_json
from siam.faiss_library import load_faiss
from siam.index.stores.cells import Cells, divide
from siam.index.stores.store_manifest import (
    APPROXIMATE,
    IDS,
    MANIFEST,
    VECTORS,
    Manifest,
    read_manifest,
)

__all__ = [
    "FaissFiles",
    "building",
    "checksum",
    "fingerprint",
    "folders",
    "publish",
    "read",
]

PREFIX = "accelerator-"
BUILDING = ".building-"
BLOCK = 4096
BLOCKS = 64


@dataclass(frozen=True)
class FaissFiles:
    """The files of a store, opened for searching, or the arrays that they are to hold.

    Attributes:
        folder: where they lie.
        manifest: what they are; `publish` adds what they hold, byte by byte.
        vectors: float32 of shape (n, dim), the mapped file; none before `publish`, because Windows
            renames no folder that holds a file in use.
        ids: int64 of shape (n,), -1 where the item was removed.
        approximate: the FAISS index that proposes candidates, or None.
    """

    folder: Path
    manifest: Manifest
    vectors: Vectors
    ids: Integers
    approximate: Any = None

    def with_effort(self, effort: dict[str, int]) -> FaissFiles:
        """Return the same files, searched with other settings of the approximate index."""
        return replace(self, manifest=msgspec.structs.replace(self.manifest, effort=effort))

    @cached_property
    def cells(self) -> Cells:
        """The vectors divided into cells; the first time that takes milliseconds."""
        return divide(self.vectors)

    @cached_property
    def removed_rows(self) -> Integers:
        """The rows whose item was removed, ascending."""
        removed = len(self.ids) > self.manifest.count
        return np.flatnonzero(self.ids < 0) if removed else np.empty(0, np.int64)

    def ids_at(self, rows: Integers) -> Integers:
        """Return the id at each row, -1 for row -1."""
        ids: Integers = self.ids[rows]
        return np.where(rows < 0, -1, ids) if rows.size and rows.min() < 0 else ids

    def rows_of(self, ids: Integers) -> Integers:
        """Return the row of each id, in the shape of `ids`; -1 where there is none."""
        if not len(self.ids):
            return np.full(np.shape(ids), -1, np.int64)
        order, sorted_ids = self._order
        first, last = int(sorted_ids[0]), int(sorted_ids[-1])
        if order is None and first >= 0 and last - first + 1 == len(sorted_ids):  # no gap
            place = ids - first
            if place.view(np.uint64).max(initial=0) < len(sorted_ids):  # none is negative either
                return place
            return np.where((ids >= first) & (ids <= last), place, -1)
        place = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
        there = (sorted_ids[place] == ids) & (ids >= 0)
        return np.where(there, place if order is None else order[place], -1)

    def vectors_of(self, ids: Integers) -> Vectors:
        """Return the vectors of ids of any shape; NaN where there is none."""
        rows = self.rows_of(ids)
        if not rows.size or rows.min() >= 0:
            return self.vectors[rows]
        missing = rows < 0
        vectors = np.full((*rows.shape, self.vectors.shape[1]), np.nan, np.float32)
        vectors[~missing] = self.vectors[rows[~missing]]
        return vectors

    @cached_property
    def _order(self) -> tuple[Integers | None, Integers]:
        """The order that sorts the ids, None when they are sorted, and the sorted ids."""
        ascending = self.manifest.ascending  # None in those of earlier releases
        if ascending or (ascending is None and rise(self.ids)):
            return None, self.ids
        order = np.argsort(self.ids, kind="stable")
        return order, self.ids[order]


def rise(ids: Integers) -> bool:
    """Tell whether each id is greater than the one before it."""
    return bool(np.all(ids[1:] > ids[:-1]))


def folders(place: Path) -> list[Path]:
    """Return the accelerator folders in the index folder `place`, newest generation first."""
    there = [path for path in place.glob(f"{PREFIX}*") if path.is_dir()]
    return sorted(there, key=lambda path: (_generation(path), path.name), reverse=True)


def _generation(path: Path) -> int:
    number = path.name.removeprefix(PREFIX).split("-")[0]
    return int(number) if number.isdigit() else -1


def fingerprint(path: Path) -> str:
    """Return the file's size and a checksum over blocks spread evenly through it.

    Reads at most 256 KiB, so that opening stays a matter of milliseconds: it finds truncated,
    zeroed and swapped files; `siam index verify` finds single changed bytes.
    """
    size = path.stat().st_size
    crc = 0
    with path.open("rb") as source:
        if size <= BLOCK * BLOCKS:
            crc = zlib.crc32(source.read())
        else:
            for offset in np.linspace(0, size - BLOCK, BLOCKS).astype(np.int64):
                source.seek(int(offset))
                crc = zlib.crc32(source.read(BLOCK), crc)
    return f"{size}:{crc:08x}"


def checksum(path: Path) -> int:
    """Return the CRC-32 of the whole file."""
    crc = 0
    with path.open("rb") as source:
        while piece := source.read(2**20):
            crc = zlib.crc32(piece, crc)
    return crc


def read(path: Path) -> FaissFiles:
    """Open an accelerator folder, memory-mapped: vectors are read only when they are searched.

    Raises:
        ValueError, OSError, EOFError, RuntimeError: a file is missing, cut short, swapped,
            overwritten, or holds other rows than the others. The caller then does without, or
            builds a new one.
    """
    manifest = read_manifest(path)
    for name, expected in manifest.files.items():
        if fingerprint(path / name) != expected:
            raise ValueError(f"{name} is not the file that was written")
    vectors = np.load(path / VECTORS, mmap_mode="r")
    ids = np.load(path / IDS, mmap_mode="r")
    if vectors.dtype != np.float32 or vectors.ndim != 2 or not vectors.flags.c_contiguous:
        raise ValueError(f"{VECTORS} holds {vectors.dtype} of shape {vectors.shape}")
    if ids.dtype != np.int64 or ids.shape != vectors.shape[:1] or manifest.count > len(ids):
        raise ValueError(f"{IDS} holds {ids.dtype} of shape {ids.shape}")
    approximate = None
    if APPROXIMATE in manifest.files:
        approximate = _read_approximate(path / APPROXIMATE, manifest.kind)
        if (approximate.ntotal, approximate.d) != vectors.shape:
            raise ValueError(f"{APPROXIMATE} holds {approximate.ntotal} x {approximate.d} numbers")
    return FaissFiles(path, manifest, np.asarray(vectors), np.asarray(ids), approximate)


def _read_approximate(path: Path, kind: str) -> Any:
    faiss = load_faiss()
    # FAISS maps inverted lists and plain codes by two flags that exclude each other.
    flag = faiss.IO_FLAG_MMAP if "IVF" in kind else faiss.IO_FLAG_MMAP_IFC
    return faiss.read_index(str(path), flag)


@contextlib.contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside the accelerators, for the files of one to be; sweep up after it.

    Args:
        folder: the index folder; nobody else builds in it meanwhile.
    """
    place = folder / f"{BUILDING}{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def publish(files: FaissFiles) -> Path:
    """Add what is missing in the folder that `building` gave, and put it in place in one rename.

    Args:
        files: what to write; vectors.npy is in its folder already.

    Returns:
        The new folder, beside that one.
    """
    faiss = load_faiss()
    place, folder = files.folder, files.folder.parent
    manifest = files.manifest
    target = folder / f"{PREFIX}{manifest.generation}-{manifest.stamp:016x}"
    # Another of this generation is of another kind, or damaged; Windows moves none that is in use.
    while any(path.name.startswith(target.name) for path in folders(folder)):
        target = target.with_name(f"{target.name}-2")
    np.save(place / IDS, files.ids)
    names = [VECTORS, IDS]
    if files.approximate is not None:
        faiss.write_index(files.approximate, str(place / APPROXIMATE))
        names.append(APPROXIMATE)
    for name in names:
        with (place / name).open("rb+") as written:
            os.fsync(written.fileno())
    manifest = msgspec.structs.replace(
        manifest,
        files={name: fingerprint(place / name) for name in names},
        checksums={name: checksum(place / name) for name in names},
    )
    write_json(place / MANIFEST, msgspec.to_builtins(manifest))
    os.rename(place, target)
    sync_folder(folder)
    for path in folders(folder):
        if path != target:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{BUILDING}*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
    return target
