"""The accelerator: FAISS files derived from the catalogue, and disposable.

One folder per generation, `accelerator-<generation>-<stamp>/`, made beside its place and renamed:

    vectors.npy        float32 (n, dim), every vector, searched exactly and memory-mapped
    ids.npy            int64, the item at each of those rows; -1 = removed since
    approximate.faiss  the faster structure, where the kind is not "flat"
    manifest.json      kind, generation, sizes and fingerprints of the files above
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from siam.atomic import sync_folder, write_json
from siam.index.cells import Cells, divide

__all__ = [
    "VECTORS",
    "Accelerator",
    "building",
    "checksum",
    "find",
    "fingerprint",
    "finish",
    "read",
]

VECTORS = "vectors.npy"
PREFIX = "accelerator-"
BUILDING = ".building-"
BLOCK = 4096
BLOCKS = 64


@dataclass(frozen=True)
class Accelerator:
    """An accelerator opened for searching.

    Attributes:
        folder: where its files lie.
        generation: the catalogue's generation it was built from.
        stamp: that generation's random mark.
        last_id: the highest id given until then.
        kind: the index kind it was built as, a FAISS factory string or "flat".
        effort: search-time settings of the approximate index, by FAISS parameter name.
        vectors: float32 of shape (n, dim), the mapped file.
        ids: int64 of shape (n,), -1 where the item was removed.
        approximate: the FAISS index that proposes candidates, or None.
        removed: how many of `ids` are -1.
        extra: measurements kept beside it.
        checksums: of each file's whole content, by name; opening is too short to compare them.
    """

    folder: Path
    generation: int
    stamp: int
    last_id: int
    kind: str
    effort: dict[str, int]
    vectors: np.ndarray
    ids: np.ndarray
    approximate: Any = None
    removed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    checksums: dict[str, int] = field(default_factory=dict)

    @cached_property
    def cells(self) -> Cells:
        """Return the vectors divided into cells; the first time that takes milliseconds."""
        return divide(self.vectors)


def find(folder: Path) -> list[Path]:
    """Return the accelerator folders in the index `folder`, newest generation first."""
    found = [path for path in folder.glob(f"{PREFIX}*") if path.is_dir()]
    return sorted(found, key=_generation, reverse=True)


def _generation(path: Path) -> int:
    number = path.name.removeprefix(PREFIX).split("-")[0]
    return int(number) if number.isdigit() else -1


def fingerprint(path: Path) -> str:
    """Return the file's size and a checksum over blocks spread evenly through it.

    Reads at most 256 KiB, so that opening stays a matter of milliseconds: it finds truncated,
    zeroed and swapped files; `siam index verify` finds single changed bytes.
    """
    size = path.stat().st_size
    checksum = 0
    with path.open("rb") as source:
        if size <= BLOCK * BLOCKS:
            checksum = zlib.crc32(source.read())
        else:
            for offset in np.linspace(0, size - BLOCK, BLOCKS).astype(np.int64):
                source.seek(int(offset))
                checksum = zlib.crc32(source.read(BLOCK), checksum)
    return f"{size}:{checksum:08x}"


def checksum(path: Path) -> int:
    """Return the CRC-32 of the whole file."""
    found = 0
    with path.open("rb") as source:
        while piece := source.read(2**20):
            found = zlib.crc32(piece, found)
    return found


def read(path: Path) -> Accelerator:
    """Open an accelerator folder, memory-mapped: vectors are read only when they are searched.

    Raises:
        ValueError, OSError, KeyError, RuntimeError: a file is missing, cut short, swapped or
            overwritten. The caller then does without, or builds a new one.
    """
    manifest = json.loads((path / "manifest.json").read_text())
    for name, expected in manifest["files"].items():
        if fingerprint(path / name) != expected:
            raise ValueError(f"{name} is not the file that was written")
    vectors = np.load(path / VECTORS, mmap_mode="r")
    ids = np.load(path / "ids.npy", mmap_mode="r")
    if len(ids) != len(vectors):
        raise ValueError(f"ids.npy has {len(ids)} entries for {len(vectors)} vectors")
    approximate = None
    if "approximate.faiss" in manifest["files"]:
        approximate = _read_approximate(path / "approximate.faiss", manifest["kind"])
    return Accelerator(
        folder=path,
        generation=manifest["generation"],
        stamp=manifest["stamp"],
        last_id=manifest["last_id"],
        kind=manifest["kind"],
        effort=manifest["effort"],
        vectors=np.asarray(vectors),
        ids=np.asarray(ids),
        approximate=approximate,
        removed=len(ids) - manifest["count"],
        extra=manifest["extra"],
        checksums=manifest.get("checksums", {}),
    )


def _read_approximate(path: Path, kind: str) -> Any:
    import faiss

    # FAISS maps inverted lists and plain codes by two flags that exclude each other.
    flag = faiss.IO_FLAG_MMAP if "IVF" in kind else faiss.IO_FLAG_MMAP_IFC
    return faiss.read_index(str(path), flag)


@contextlib.contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside the accelerators, for the files of one to be; sweep up after it.

    Args:
        folder: the index folder; the caller holds its build lock.
    """
    place = folder / f"{BUILDING}{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def finish(
    place: Path,
    *,
    generation: int,
    stamp: int,
    last_id: int,
    kind: str,
    effort: dict[str, int],
    ids: np.ndarray,
    approximate: Any = None,
    extra: dict[str, Any] | None = None,
    step: Callable[[], None] = lambda: None,
) -> Path:
    """Add what is missing to the accelerator in `place`, and put it in place in one rename.

    Args:
        place: the folder that `building` gave, with vectors.npy in it.
        generation, stamp, last_id: the catalogue's position it was built from.
        kind, effort: what it is and how hard it searches; see `Accelerator`.
        ids: int64 of shape (n,).
        approximate: a FAISS index of n vectors, or None.
        extra: measurements to keep beside it.
        step: called after each file, so that a test can stop the process there.

    Returns:
        The new folder.
    """
    import faiss

    folder = place.parent
    target = folder / f"{PREFIX}{generation}-{stamp:016x}"
    np.save(place / "ids.npy", ids)
    names = [VECTORS, "ids.npy"]
    if approximate is not None:
        faiss.write_index(approximate, str(place / "approximate.faiss"))
        names.append("approximate.faiss")
    step()
    for name in names:
        with (place / name).open("rb+") as written:
            os.fsync(written.fileno())
    manifest = {
        "generation": generation,
        "stamp": stamp,
        "last_id": last_id,
        "kind": kind,
        "effort": effort,
        "count": int((ids >= 0).sum()),
        "extra": extra or {},
        "files": {name: fingerprint(place / name) for name in names},
        "checksums": {name: checksum(place / name) for name in names},
    }
    write_json(place / "manifest.json", manifest)
    step()
    if target.exists():  # the same generation in another kind, or a damaged one
        os.rename(target, folder / f"{BUILDING}old-{os.getpid()}")
    os.rename(place, target)
    sync_folder(folder)
    step()
    for path in find(folder):
        if path != target:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{BUILDING}*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
    return target
