"""The gallery: the indexed pictures, kept in a folder that outlives any one process.

The catalogue (SQLite) is the truth; the accelerator (FAISS) is derived from it, and made again
whenever it is missing, damaged or too far behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siam.array_types import Integers
from siam.atomic import sync_folder
from siam.errors import StoreError, UsageError
from siam.file_lock import try_lock
from siam.index import items as rows
from siam.index.build import LOCK, bring_up_to_date
from siam.index.catalogue import FILE, Catalogue
from siam.index.connection import WAIT, translate_errors
from siam.index.reader import Reader
from siam.index.snapshot import count_lag, open_store
from siam.index.stores.budget import Budget
from siam.index.stores.kinds import check_kind
from siam.progress import Progress, silent
from siam.unit_vectors import check_unit_rows

__all__ = ["Gallery"]

# A reader takes this share of rows from the catalogue itself in a few milliseconds; above it
# the accelerator is brought up to date when a writer closes.
LAG = 0.02


class Gallery(Reader):
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
        super().__init__(catalogue)
        self._changed = False

    @classmethod
    def create(
        cls, folder: Path | str, *, dim: int, encoder_hash: str, kind: str = "auto"
    ) -> Gallery:
        """Make an empty index in `folder`, which is made too where it is missing.

        Args:
            folder: where catalogue and accelerator will lie.
            dim: length of the vectors, 1 or more.
            encoder_hash: SHA-256 of the encoder that will fill it; no other is let in.
            kind: "auto", "flat", "hnsw", "ivf", "ivfpq", "sq8" or a FAISS factory string.

        Raises:
            StoreError: there is an index already.
            UsageError: dim below 1, or a kind that FAISS does not know.
        """
        if dim < 1:
            raise UsageError(f"dim must be 1 or more, received {dim}.")
        check_kind(kind, dim)
        path = Path(folder) / FILE
        if path.exists():
            raise StoreError(
                f"There is an index in {folder} already.",
                "Add to it with `siam index add`, or delete the folder first.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
        Catalogue.create(path, {"encoder": encoder_hash, "kind": kind}, dim=dim)
        return cls(Catalogue(path))

    @classmethod
    def open(
        cls,
        folder: Path | str,
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
        catalogue = Catalogue(Path(folder) / FILE, read_only=read_only, wait=wait)
        filled_by = catalogue.settings["encoder"]
        if encoder_hash is not None and encoder_hash != filled_by:
            catalogue.close()
            raise StoreError(
                f"The index {folder} was filled by the encoder {filled_by[:12]}, "
                f"this one is {encoder_hash[:12]}: their distances do not compare.",
                "Use the run that the index belongs to (--run), or delete the index folder and "
                "fill it again with `siam index sync FOLDER`.",
            )
        return cls(catalogue)

    def add(
        self,
        vectors: ArrayLike,
        *,
        keys: Sequence[str],
        labels: Sequence[object] | NDArray[Any] | None = None,
        origins: Sequence[str] | None = None,
        splits: Sequence[str | None] | str | None = None,
        hashes: Sequence[str] | None = None,
        stats: Sequence[str] | None = None,
        metas: Sequence[Mapping[str, Any]] | None = None,
        thumbnails: Sequence[bytes | None] | None = None,
    ) -> Integers:
        """Add items in one transaction: all of them or, after any error or kill, none.

        An item whose key is known is brought up to date and keeps its id; adding the same
        items twice changes nothing.

        Args:
            vectors: (n, dim), finite, unit length.
            keys: n names, each unique in the index.
            labels: n class names; numbers are turned into text. None = no label, for one or all.
            origins: where each came from; the key where left out.
            splits: one name for all, or n names; None = no split, for one or all.
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
        units = check_unit_rows(vectors, dim=self.dim, what="vectors")
        columns: dict[str, Any] = {
            "keys": keys,
            "labels": labels,
            "origins": origins,
            "splits": [splits] * len(units) if isinstance(splits, str) else splits,
            "hashes": hashes,
            "stats": stats,
            "metas": metas,
            "thumbnails": thumbnails,
        }
        new = rows.new_items(units, columns)
        with self.catalogue.writing() as connection:
            before = connection.total_changes
            last_id = self.catalogue.position(connection).last_id
            ids, added, changed = rows.insert(connection, new, last_id=last_id)
            if connection.total_changes > before:
                self.catalogue.advance(connection, added=added, changed=changed)
                self._changed = True
        return ids

    def relabel(self, ids: Sequence[int] | Integers, label: str | None) -> int:
        """Give items a label, or None for none, in one transaction; return how many had another.

        Raises:
            StoreError: another writer holds on, the disk is full, or opened read-only.
        """
        numbers = np.unique(np.asarray(ids, np.int64)).tolist()
        with self.catalogue.writing() as connection:
            changed = rows.relabel(connection, numbers, label)
            if changed:
                self.catalogue.advance(connection, added=0)
        return changed

    def remove(self, ids: Sequence[int] | Integers) -> int:
        """Remove items in one transaction; return how many were there. Ids are never reused."""
        numbers = np.unique(np.asarray(ids, np.int64)).tolist()
        with self.catalogue.writing() as connection:
            gone = rows.delete(connection, numbers)
            if gone:
                self.catalogue.advance(connection, added=-len(gone), changed=gone)
                self._changed = True
        return len(gone)

    @property
    def kind(self) -> str:
        """The index kind as it was chosen: "auto", a short name or a FAISS factory string."""
        return self.catalogue.settings["kind"]

    @property
    def budget(self) -> Budget:
        """What the kind "auto" must fit, and the recall that search settings are chosen for."""
        return Budget.read(self.catalogue.settings)

    def configure(self, *, kind: str | None = None, budget: Budget | None = None) -> None:
        """Choose the index kind or budget that the next `build` goes by."""
        settings = {} if budget is None else budget.settings()
        if kind is not None:
            check_kind(kind, self.dim)
            settings["kind"] = kind
        self.catalogue.configure(settings)

    def build(self, *, afresh: bool = False, progress: Progress = silent) -> bool:
        """Bring the accelerator up to date; False where another process is doing it already.

        Searches are right without it, and faster after it. `close` calls it when it is due.

        Args:
            afresh: make it from the catalogue alone, also where appending would do.
            progress: told of vectors read and indexed.
        """
        with translate_errors(self.folder), try_lock(self.folder / LOCK) as held, self._lock:
            if not held:
                return False
            bring_up_to_date(self.catalogue, afresh=afresh, progress=progress)
            self._snapshot = None
        return True

    def catch_up(self, *, progress: Progress = silent) -> bool:
        """Build where the accelerator is missing or lags by more than a reader makes up for."""
        with self.catalogue.reading() as connection:
            store = open_store(self.catalogue, connection)
            lag = count_lag(self.catalogue, connection, store)
            count = self.catalogue.position(connection).count
        if lag > LAG * count:
            return self.build(progress=progress)
        return False

    def close(self) -> None:
        """Catch up after changes, or where a search met a lagging accelerator; close the files."""
        if self._changed or (self._snapshot is not None and not self.read_only):
            self._changed = False
            # A full disk here loses nothing: the accelerator is derived, and made next time.
            with contextlib.suppress(OSError, RuntimeError, StoreError):
                self.catch_up()
            self._snapshot = None
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
