"""A gallery on a server: asked and changed like one in a folder, by any number of clients at once.

An item that a client adds has an id made of its key, so that two clients that add one picture write
one row; items that were pushed keep the ids that they had in their folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siam.array_types import Integers
from siam.errors import StoreError
from siam.index import items as catalogue_rows
from siam.index.remote_reader import RemoteReader, meta_of
from siam.index.stores.milvus_rows import TEXTS, as_row, thumbnail_of
from siam.progress import Progress, silent
from siam.unit_vectors import check_unit_rows

__all__ = ["RemoteGallery"]

# Ids made of keys begin here: above any that a catalogue counts to, and exact in JavaScript too.
FIRST = 1 << 52
REWRITTEN = 2000  # rows that are fetched and written again at once


class RemoteGallery(RemoteReader):
    """The gallery at an address, opened by `connect`; safe to share between threads."""

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
        """Add items, or bring those whose key is known up to date; see `Gallery.add`.

        Where it is cut short, some of the rows are there, and adding the same again adds the rest.
        """
        self._check_writable()
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
        new = catalogue_rows.new_items(units, columns)
        named = [row[0] for row in new.rows]
        known = self.ids_of(named)
        ids = known | self._new_ids([key for key in named if key not in known])
        pictures = list(new.thumbnails or [None] * len(units))
        kept = [
            known[key] for key, png in zip(named, pictures, strict=True) if key in known and not png
        ]
        before = dict(zip(kept, self.thumbnails(kept), strict=True))
        self.store.put(
            [
                as_row(
                    ids[row[0]],
                    vector,
                    dict(zip(TEXTS, row, strict=False)),
                    row[-1],
                    png or before.get(ids[row[0]]),
                )
                for row, vector, png in zip(new.rows, new.vectors, pictures, strict=True)
            ]
        )
        return np.array([ids[key] for key in named], np.int64)

    def _new_ids(self, keys: Sequence[str]) -> dict[str, int]:
        """Return an id for each key: the next free one where another key has the same by chance."""
        wanted = {key: _id_of(key) for key in keys}
        given: dict[str, int] = {}
        while wanted:
            taken = self.store.fetch(list(wanted.values()), ["key"])
            free = {}
            for key, number in wanted.items():
                row = taken.get(number)
                if number in free or (row is not None and row["key"] != key):
                    continue
                free[number] = key
            given |= {key: number for number, key in free.items()}
            wanted = {key: number + 1 for key, number in wanted.items() if key not in given}
        return given

    def remove(self, ids: Sequence[int] | Integers) -> int:
        """Remove items; return how many were there."""
        self._check_writable()
        there = list(self.store.fetch(np.unique(np.asarray(ids, np.int64)).tolist(), ["key"]))
        if there:
            self.store.drop(there)
        return len(there)

    def relabel(self, ids: Sequence[int] | Integers, label: str | None) -> int:
        """Give items a label, or None for none; return how many had another.

        Where it is cut short, some of them have it, and doing the same again does the rest.
        """
        self._check_writable()
        there = self.store.fetch(np.unique(np.asarray(ids, np.int64)).tolist(), ["label"])
        others = [number for number, row in there.items() if row["label"] != (label or "")]
        self._rewrite(others, lambda _: {"label": label or ""})
        return len(others)

    def remember_stats(self, stats: Mapping[int, str]) -> None:
        """Keep the new stat of files that were touched without being changed."""
        self._check_writable()
        self._rewrite(list(stats), lambda number: {"stat": stats[number]})

    def _rewrite(self, ids: Sequence[int], change: Callable[[int], Mapping[str, str]]) -> None:
        """Write items again with other texts; those that are gone are passed over."""
        for start in range(0, len(ids), REWRITTEN):
            some = ids[start : start + REWRITTEN]
            rows = self.store.fetch(some, [*TEXTS, "meta", "thumbnail", "vector"])
            self.store.put(
                [
                    as_row(
                        number,
                        np.array(row["vector"], np.float32),
                        {**{name: row[name] for name in TEXTS}, **change(number)},
                        meta_of(row),
                        thumbnail_of(row),
                    )
                    for number, row in rows.items()
                ]
            )

    def catch_up(self, *, progress: Progress = silent) -> bool:
        """Do nothing: the server looks after its index itself."""
        return False

    def _check_writable(self) -> None:
        if self.read_only:
            raise StoreError(
                f"The store {self.address} was opened for reading only.",
                "Open it without read_only to change it.",
            )


def _id_of(key: str) -> int:
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).digest()
    return FIRST + int.from_bytes(digest[:8]) % FIRST
