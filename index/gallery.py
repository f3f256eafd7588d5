"""The gallery: the indexed pictures, kept in a folder that outlives any one process.

The catalogue (SQLite) is the truth; the accelerator (FAISS) is derived from it, and made again
whenever it is missing, damaged or too far behind.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from siam.errors import StoreError, UsageError
from siam.index import items as rows
from siam.index.catalogue import FILE, Catalogue
from siam.index.connection import WAIT
from siam.index.filters import select
from siam.index.kinds import Budget
from siam.index.matches import Item, Matches
from siam.index.snapshot import Snapshot
from siam.index.snapshots import load, refresh
from siam.index.vectors import check_vectors
from siam.progress import Progress, silent

__all__ = ["Gallery"]

# A reader takes this many new or removed rows from the catalogue itself in a few milliseconds.
LAG = 1_000
LAG_SHARE = 0.05


class Gallery:
    """An index of embeddings with what is known of each picture.

    Made by `Gallery.create` or `Gallery.open`; safe to share between threads. Distances are
    Euclidean between unit vectors, 0 to 2, smaller = closer.

    Example:
        >>> import tempfile
        >>> with Gallery.create(Path(tempfile.mkdtemp()), dim=2, encoder_hash="e1") as gallery:
        ...     ids = gallery.add(np.eye(2), keys=["a.png", "b.png"], labels=["x", "y"])
        ...     matches = gallery.search(np.array([0.8, 0.6]), 1)
        ...     gallery.items(matches.ids[0])[0].label, round(float(matches.distances[0, 0]), 3)
        ('x', 0.632)
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._version = -1
        self._labels: tuple[int, np.ndarray, np.ndarray] | None = None
        self._dirty = False
        self.folder = catalogue.folder
        self.dim = catalogue.dim
        self.encoder_hash = catalogue.settings["encoder"]
        self.read_only = catalogue.read_only

    @classmethod
    def create(cls, folder: Path, *, dim: int, encoder_hash: str, kind: str = "auto") -> Gallery:
        """Make an empty index in `folder`, which is made too where it is missing.

        Args:
            folder: where catalogue and accelerator will lie.
            dim: length of the vectors, 1 or more.
            encoder_hash: SHA-256 of the encoder that will fill it; no other is let in.
            kind: "auto", "flat", "hnsw", "ivf", "ivfpq", "sq8" or a FAISS factory string.

        Raises:
            StoreError: there is an index already.
        """
        if dim < 1:
            raise UsageError(f"dim must be 1 or more, received {dim}.")
        path = folder / FILE
        if path.exists():
            raise StoreError(
                f"There is an index in {folder} already.",
                "Add to it with `siam index add`, or delete the folder first.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"encoder": encoder_hash, "kind": kind, "uuid": secrets.token_hex(16)}
        Catalogue.create(path, settings, dim=dim)
        return cls(Catalogue(path))

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        encoder_hash: str | None = None,
        read_only: bool = False,
        wait: float = WAIT,
    ) -> Gallery:
        """Open the index in `folder`. Nothing is read before it is needed.

        Args:
            folder: the index folder.
            encoder_hash: the encoder it will be used with; None leaves that unchecked.
            read_only: never write, not even a lagging accelerator.
            wait: seconds to wait for another writer.

        Raises:
            StoreError: no index there, damaged, or filled by another encoder.
        """
        catalogue = Catalogue(folder / FILE, read_only=read_only, wait=wait)
        filled_by = catalogue.settings["encoder"]
        if encoder_hash is not None and encoder_hash != filled_by:
            catalogue.close()
            raise StoreError(
                f"The index {folder} was filled by encoder {filled_by[:12]}, "
                f"this run has {encoder_hash[:12]}; their distances do not compare.",
                "Use the run it belongs to (--run), or fill a new index with `siam index sync`.",
            )
        return cls(catalogue)

    def add(
        self,
        vectors: np.ndarray,
        *,
        keys: Sequence[str],
        labels: Sequence[object] | np.ndarray | None = None,
        origins: Sequence[str] | None = None,
        splits: Sequence[str] | str | None = None,
        hashes: Sequence[str] | None = None,
        stats: Sequence[str] | None = None,
        metas: Sequence[Mapping[str, Any]] | None = None,
        thumbnails: Sequence[bytes | None] | None = None,
    ) -> np.ndarray:
        """Add items in one transaction: all of them or, after any error or kill, none.

        An item whose key is known is brought up to date and keeps its id; adding the same
        items twice changes nothing.

        Args:
            vectors: (n, dim), finite, unit length.
            keys: n names, each unique in the index.
            labels: n class names; anything else is turned into text. None = no labels.
            origins: where each came from; the key where left out.
            splits: one name for all, or n names.
            hashes: SHA-256 of each picture's content.
            stats: what `siam index sync` recognises an untouched file by.
            metas: n mappings of further values, for filters.
            thumbnails: PNG bytes, or None, for each.

        Returns:
            int64 of shape (n,): the items' ids.

        Raises:
            DataError: NaN, another dimension, or vectors that are not of unit length.
            UsageError: a key twice, or columns of different lengths.
            StoreError: another writer holds on, the disk is full, or opened read-only.
        """
        checked = check_vectors(
            np.asarray(vectors).reshape(-1, self.dim) if not len(keys) else vectors, self.dim
        )
        new = rows.new_items(
            checked,
            keys=keys,
            labels=labels,
            origins=origins,
            splits=splits,
            hashes=hashes,
            stats=stats,
            metas=metas,
            thumbnails=thumbnails,
        )
        with self._catalogue.writing() as connection:
            before = connection.total_changes
            ids, added, changed = rows.insert(connection, new)
            if connection.total_changes > before:
                self._catalogue.advance(connection, added=added, changed=changed)
                self._dirty = True
        return ids

    def remove(self, ids: Sequence[int] | np.ndarray) -> int:
        """Remove items in one transaction; return how many were there. Ids are never reused."""
        with self._catalogue.writing() as connection:
            gone = rows.delete(connection, [int(i) for i in np.unique(np.asarray(ids, np.int64))])
            if gone:
                self._catalogue.advance(connection, added=-len(gone), changed=gone)
                self._dirty = True
        return len(gone)

    def search(
        self,
        vectors: np.ndarray,
        k: int = 10,
        *,
        where: str | Sequence[str] | None = None,
        within: float | None = None,
        exact: bool = False,
    ) -> Matches:
        """Return the `k` nearest items of each vector.

        Args:
            vectors: (n, dim) or (dim,), unit length.
            k: 1 or more; where the index holds fewer, the rest is -1 and infinity.
            where: filters such as "label=3 and split=train" (see `siam.index.filters`);
                several must all hold. Filtered searches are exact for every index kind.
            within: keep only matches at this distance or nearer, 0 to 2.
            exact: compare with every vector, also where the index kind is approximate.

        Raises:
            UsageError: k below 1, a radius outside 0 to 2, or a filter that cannot be read.
            DataError: vectors with NaN, another dimension or another length than 1.
        """
        if k < 1:
            raise UsageError(f"k must be 1 or more, received {k}.")
        queries = check_vectors(vectors, self.dim, what="query vectors")
        snapshot = self._current()
        if where:
            matches = snapshot.search_among(queries, k, self.select(where))
        else:
            matches = snapshot.search(queries, k, exact=exact)
        return matches if within is None else matches.within(_radius(within))

    def search_range(
        self, vectors: np.ndarray, radius: float, *, where: str | Sequence[str] | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return, for each vector, ids and distances of all items at `radius` or nearer.

        Args:
            vectors: (n, dim) or (dim,), unit length.
            radius: Euclidean distance, 0 to 2.
            where: as in `search`.
        """
        queries = check_vectors(vectors, self.dim, what="query vectors")
        snapshot = self._current()
        allowed = self.select(where) if where else None
        found = []
        for query in queries:
            ids, distances = snapshot.range(query, _radius(radius))
            kept = slice(None) if allowed is None else np.isin(ids, allowed)
            found.append((ids[kept], distances[kept]))
        return found

    def search_like(
        self, ids: Sequence[int], k: int = 10, *, where: str | Sequence[str] | None = None
    ) -> Matches:
        """Return the `k` nearest items of each indexed item, which is not its own neighbour.

        Raises:
            UsageError: an id that the index does not hold.
        """
        wider = self.search(self.vectors_of(ids), k + 1, where=where)
        own = wider.ids == np.asarray(ids, np.int64)[:, None]
        own[~own.any(axis=1), -1] = True
        shape = (len(wider), k)
        return Matches(wider.ids[~own].reshape(shape), wider.distances[~own].reshape(shape))

    def select(self, where: str | Sequence[str] | None = None) -> np.ndarray:
        """Return the ids that a filter lets through, ascending; all of them without one."""
        with self._catalogue.reading() as connection:
            return select(connection, where or ())

    def ids_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the ids of those `keys` that are in the index."""
        with self._catalogue.reading() as connection:
            return rows.ids_of_keys(connection, keys)

    def items(self, ids: Sequence[int] | np.ndarray) -> list[Item]:
        """Return the items `ids`, in that order.

        Raises:
            UsageError: an id that the index does not hold.
        """
        numbers = [int(i) for i in ids]
        with self._catalogue.reading() as connection:
            found = rows.items_of(connection, numbers)
        _all_there(numbers, found)
        return [found[number] for number in numbers]

    def thumbnails(self, ids: Sequence[int] | np.ndarray) -> list[bytes | None]:
        """Return each item's thumbnail as PNG bytes, None where there is none."""
        numbers = [int(i) for i in ids]
        with self._catalogue.reading() as connection:
            found = rows.thumbnails_of(connection, numbers)
        return [found.get(number) for number in numbers]

    def labels_of(self, ids: np.ndarray) -> np.ndarray:
        """Return the label of each id: an array of str in the shape of `ids`, "" for -1."""
        wanted = np.asarray(ids, np.int64)
        if wanted.size <= LAG:
            numbers = np.unique(wanted).tolist()
            with self._catalogue.reading() as connection:
                found = rows.labels_of_ids(connection, numbers)
            flat = [found.get(number, "") for number in wanted.ravel().tolist()]
            return np.array(flat, dtype=object).reshape(wanted.shape)
        with self._catalogue.reading() as connection:
            generation = self._catalogue.position(connection).generation
            if self._labels is None or self._labels[0] != generation:
                self._labels = (generation, *rows.all_labels(connection))
        _, known, labels = self._labels
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[place] == wanted, labels[place], "")

    def vectors_of(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vectors of items as float32 of shape (n, dim), read from the catalogue."""
        numbers = [int(i) for i in ids]
        with self._catalogue.reading() as connection:
            found = rows.vectors_of_ids(connection, numbers)
        _all_there(numbers, found)
        joined = b"".join(found[number] for number in numbers)
        return np.frombuffer(joined, np.float32).reshape(len(numbers), self.dim).copy()

    def __len__(self) -> int:
        with self._catalogue.reading() as connection:
            return self._catalogue.position(connection).count

    def build(self, *, progress: Progress = silent) -> bool:
        """Bring the accelerator up to date; False where another process is doing it already.

        Searches are right without it, and faster after it; `close` calls it when it is due.
        """
        from siam.index.build import build, build_lock

        with build_lock(self.folder) as held, self._lock:
            if not held:
                return False
            snapshot = self._current()
            build(self._catalogue, self.kind, self.budget, base=snapshot, progress=progress)
            self._snapshot = None
            self._dirty = False
        return True

    @property
    def kind(self) -> str:
        """The index kind as it was chosen: "auto", a short name or a FAISS factory string."""
        return self._catalogue.settings["kind"]

    @property
    def budget(self) -> Budget:
        """What `auto` and the search settings must keep to."""
        return Budget()

    def close(self) -> None:
        """Write the accelerator if it lags, and close the files."""
        if self._dirty and not self.read_only:
            with contextlib.suppress(OSError):  # a full disk here loses nothing: it is derived
                if self._current().lag > 0:
                    self.build()
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _current(self) -> Snapshot:
        """Return a snapshot of the newest commit; the same one as before when nothing changed."""
        version = self._catalogue.data_version()
        snapshot = self._snapshot
        if snapshot is not None and version == self._version:
            return snapshot
        with self._lock:
            with self._catalogue.reading() as connection:
                fresh = refresh(self._catalogue, connection, self._snapshot)
                if fresh is None:
                    fresh = load(self._catalogue, connection)
            self._snapshot, self._version = fresh, version
            return fresh


def _radius(radius: float) -> float:
    if not 0.0 <= radius <= 2.0:
        raise UsageError(f"Distances lie between 0 and 2; received the radius {radius}.")
    return radius


def _all_there(numbers: list[int], found: Mapping[int, object]) -> None:
    missing = [number for number in numbers if number not in found]
    if missing:
        raise UsageError(
            f"The index holds no item {missing[0]}.",
            "`siam index info` tells the range of ids; removed ids are not used again.",
        )
