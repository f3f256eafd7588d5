"""The vector store that FAISS answers for: mapped files, made anew by every change.

Its exact vectors lie in a memory-mapped file and are searched there. Where the kind says so, a
FAISS structure beside them proposes faster; it grows by what is added, and is made again when too
much of it was removed or is new.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.datasets.arrays import DAMAGE
from siam.faiss_library import load_faiss
from siam.index.stores import faiss_files
from siam.index.stores.budget import Budget
from siam.index.stores.faiss_files import FaissFiles
from siam.index.stores.faiss_search import propose
from siam.index.stores.faiss_structure import make_structure, same_structure, settings_of
from siam.index.stores.kinds import choose, factory
from siam.index.stores.store_manifest import APPROXIMATE, VECTORS, Manifest
from siam.index.stores.vector_store import Stamp, StoreInfo
from siam.progress import Progress, silent

__all__ = ["FaissStore", "vectors_file"]

ADDED = "added.npy"  # of a change, until it is joined to what there was
CHUNK = 50_000
# Beyond this share of new vectors, growing would leave what was learned stale.
MOST_NEW = 0.5
# Beyond this share of removed rows a structure is made again without them.
MOST_DEAD = 0.2


@dataclass
class _Change:
    """What a change has gathered: rows in the file under construction, and their ids."""

    place: Path
    append: Callable[[Vectors], None]
    ids: list[Integers] = field(default_factory=list)
    removed: list[Integers] = field(default_factory=list)

    def rows(self) -> Integers:
        """Return the id of each row, -1 for what was added again or removed after it."""
        ids = np.concatenate([np.empty(0, np.int64), *self.ids])
        if not faiss_files.rise(ids):
            last = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
            ids = np.where(np.isin(np.arange(len(ids)), last), ids, -1)
        return ids


class FaissStore:
    """A `VectorStore` in a folder; any number of processes read it while one writes.

    Args:
        folder: where its files lie; may hold other things.
        dim: length of the vectors.
        kind: "auto", a short name of `KINDS` or a FAISS factory string, for the next change.
        budget: what `auto` must fit, and the recall that search settings are chosen for.
        belongs: whether a stamp that is found on disk is of the catalogue; others are passed over.
    """

    def __init__(
        self,
        folder: Path,
        *,
        dim: int,
        kind: str,
        budget: Budget,
        belongs: Callable[[Stamp], bool] = lambda stamp: True,
    ) -> None:
        self._folder, self._dim, self._kind, self._budget = folder, dim, kind, budget
        self._change: _Change | None = None
        self._files = _open_newest(folder, dim, belongs)

    @property
    def stamp(self) -> Stamp | None:
        """The commit that the store holds."""
        return self._files.manifest.commit if self._files else None

    @property
    def info(self) -> StoreInfo:
        """Its FAISS structure, its settings and the recall they were measured to reach."""
        if self._files is None:
            return StoreInfo("none")
        held = self._files.manifest
        return StoreInfo(
            held.kind,
            self._files.approximate is None,
            held.effort,
            held.extra.get("recall@10", 1.0),
            held.extra.get("recall@10_error", 0.0),
        )

    def count(self) -> int:
        """Return how many vectors it holds."""
        return self._files.manifest.count if self._files else 0

    @contextlib.contextmanager
    def writing(
        self, stamp: Stamp, *, afresh: bool = False, progress: Progress = silent
    ) -> Iterator[None]:
        """Open a change; see `VectorStore.writing`.

        Vectors go to their file piece by piece, and are read from there memory-mapped; only the
        approximate structure is held in memory.
        """
        with faiss_files.building(self._folder) as place:
            with vectors_file(place / ADDED, self._dim) as append:
                self._change = change = _Change(place, append)
                try:
                    yield
                finally:
                    self._change = None
            base = None if afresh else self._files
            self._files = faiss_files.read(
                faiss_files.publish(self._settled(change, base, stamp, progress))
            )

    def add(self, ids: Integers, vectors: Vectors) -> None:
        """Add vectors; one whose id is there already takes that one's place."""
        assert self._change is not None, "add outside of writing"
        self._change.append(vectors)
        self._change.ids.append(np.array(ids, np.int64))

    def remove(self, ids: Integers) -> None:
        """Remove vectors; ids that are not there are passed over."""
        assert self._change is not None, "remove outside of writing"
        for earlier in self._change.ids:
            earlier[np.isin(earlier, ids)] = -1
        self._change.removed.append(np.asarray(ids, np.int64))

    def propose(
        self,
        vectors: Vectors,
        k: int,
        *,
        where: Integers | None = None,
        without: Integers | None = None,
        exact: bool = False,
    ) -> Integers:
        """Return candidates for the `k` nearest of each query; see `VectorStore.propose`."""
        if self._files is None:
            return np.empty((len(vectors), 0), np.int64)
        return propose(self._files, vectors, k, where=where, without=without, exact=exact)

    def vectors_of(self, ids: Integers) -> Vectors:
        """Return the vectors of ids of any shape; NaN where there is none."""
        if self._files is None:
            return np.full((*np.shape(ids), self._dim), np.nan, np.float32)
        return self._files.vectors_of(ids)

    def verify(self) -> list[str]:
        """Return a sentence for each file that is not what was written, byte by byte."""
        files = self._files
        try:
            return [
                f"{name} of the accelerator is not what was written."
                for name, was in (files.manifest.checksums.items() if files else ())
                if files and faiss_files.checksum(files.folder / name) != was
            ]
        except FileNotFoundError:  # another process has just put a newer one in its place
            return []

    def _settled(
        self, change: _Change, base: FaissFiles | None, stamp: Stamp, progress: Progress
    ) -> FaissFiles:
        """Return the files that a change makes of those there were, not yet put in place."""
        ids = change.rows()
        kept = np.array(base.ids) if base else np.empty(0, np.int64)
        gone = np.concatenate([ids, *change.removed])
        kept[np.isin(kept, gone)] = -1
        count = int((kept >= 0).sum() + (ids >= 0).sum())
        named = self._named(count)
        grown: Any = None
        rows = np.flatnonzero(kept >= 0)  # begun again, without what was removed
        if base is not None and _may_grow(base, named, kept, ids):
            # Read again without mapping: a mapped index cannot grow.
            grown = load_faiss().read_index(str(base.folder / APPROXIMATE))
            rows = np.arange(len(kept))
        kept = kept[rows]
        path, new = change.place / VECTORS, change.place / ADDED
        if base is None or not len(kept):
            new.rename(path)
        else:
            added = _mapped(new)
            with vectors_file(path, self._dim) as append:
                for start in range(0, len(rows), CHUNK):
                    append(base.vectors[rows[start : start + CHUNK]])
                for start in range(0, len(added), CHUNK):
                    append(added[start : start + CHUNK])
                    if grown:
                        grown.add(added[start : start + CHUNK])
            del added
            new.unlink()
        vectors = _mapped(path)
        approximate = grown or make_structure(vectors, named, progress=progress)
        ids = np.concatenate([kept, ids])
        manifest = Manifest(
            generation=stamp.generation,
            stamp=stamp.mark,
            last_id=stamp.last_id,
            kind="flat" if approximate is None else named,
            effort={},
            count=count,
            ascending=faiss_files.rise(ids),
            extra={"recall@10": 1.0},
        )
        files = FaissFiles(change.place, manifest, vectors, ids, approximate)
        if approximate is not None:
            from siam.index.stores.autotune import autotune

            tuned = autotune(files, settings_of(approximate), self._budget.min_recall)
            measured = {"recall@10": tuned.recall, "recall@10_error": tuned.error}
            manifest = msgspec.structs.replace(manifest, effort=tuned.effort, extra=measured)
            files = replace(files, manifest=manifest)
        return replace(files, vectors=np.empty((0, self._dim), np.float32))

    def _named(self, count: int) -> str:
        kind = self._kind
        short = choose(self._budget, count=count, dim=self._dim) if kind == "auto" else kind
        return factory(short, count=count, dim=self._dim)


@contextlib.contextmanager
def vectors_file(path: Path, dim: int) -> Iterator[Callable[[Vectors], None]]:
    """Yield a function that appends vectors to a new .npy file, which is whole when the block ends.

    Args:
        path: the file to write.
        dim: length of a vector.

    Yields:
        a function of float32 vectors of shape (n, dim).
    """
    count = 0
    with path.open("wb") as target:

        def append(vectors: Vectors) -> None:
            nonlocal count
            target.write(np.ascontiguousarray(vectors, np.float32).data)
            count += len(vectors)

        def write_header() -> None:  # NumPy leaves room in it for any number of rows
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, dim)}
            np.lib.format.write_array_header_1_0(target, header)

        write_header()
        yield append
        target.seek(0)
        write_header()


def _mapped(path: Path) -> Vectors:
    return np.asarray(np.load(path, mmap_mode="r"))


def _open_newest(folder: Path, dim: int, belongs: Callable[[Stamp], bool]) -> FaissFiles | None:
    for path in faiss_files.folders(folder):
        try:
            files = faiss_files.read(path)
        except DAMAGE:
            continue
        if files.vectors.shape[1] == dim and belongs(files.manifest.commit):
            return files
    return None


def _may_grow(base: FaissFiles, named: str, kept: Integers, ids: Integers) -> bool:
    """Tell whether adding to the structure there is will do, or it must be made again."""
    if base.approximate is None or not same_structure(base.manifest.kind, named):
        return False
    dead = int((kept < 0).sum())
    return dead <= MOST_DEAD * len(kept) and len(ids) <= MOST_NEW * len(kept)
