"""Taking snapshots: opening the newest accelerator that fits, and following later commits."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

import numpy as np

from siam.index import accelerator
from siam.index.accelerator import Accelerator
from siam.index.catalogue import Catalogue
from siam.index.history import changed_since, knows, vectors_since
from siam.index.snapshot import Snapshot

__all__ = ["Standing", "load", "refresh", "standing"]

# What a missing, cut, swapped or overwritten accelerator raises on opening.
DAMAGE = (OSError, ValueError, KeyError, RuntimeError, TypeError, EOFError)


@dataclass(frozen=True)
class Standing:
    """How the accelerator stands to the catalogue, told without reading a vector.

    Attributes:
        base: the newest accelerator on disk that belongs to this catalogue, or None.
        count: items in the catalogue.
        lag: rows that `base` lacks or does not know to be removed.
    """

    base: Accelerator | None
    count: int
    lag: int


def standing(catalogue: Catalogue, connection: sqlite3.Connection) -> Standing:
    """Return how the accelerator stands to the catalogue."""
    base = _newest(catalogue, connection)
    count = catalogue.position(connection).count
    if base is None:
        return Standing(None, count, count)
    (gone,) = connection.execute(
        "SELECT count(DISTINCT id) FROM changes WHERE generation > ? AND id <= ?",
        (base.generation, base.last_id),
    ).fetchone()
    kept = len(base.ids) - base.removed - gone
    return Standing(base, count, count - kept + gone)


def load(catalogue: Catalogue, connection: sqlite3.Connection) -> Snapshot:
    """Return a snapshot over the newest accelerator on disk that belongs to this catalogue.

    Without one, every vector is read from the catalogue: slower, and as right.
    """
    base = _newest(catalogue, connection)
    position = catalogue.position(connection)
    generation, last_id = (base.generation, base.last_id) if base else (0, 0)
    ids, vectors = vectors_since(connection, generation, last_id, dim=catalogue.dim)
    dead = np.empty(0, np.int64)
    if base is not None:
        changed = changed_since(connection, generation)
        # Looking through the ids would read all of them, which opening must not.
        if len(changed) or base.removed:
            dead = np.flatnonzero(np.isin(base.ids, changed) | (base.ids < 0))
    return Snapshot(
        generation=position.generation,
        stamp=position.stamp,
        last_id=position.last_id,
        count=position.count,
        base=base,
        dead=dead,
        newer=vectors,
        newer_ids=ids,
    )


def refresh(
    catalogue: Catalogue, connection: sqlite3.Connection, snapshot: Snapshot | None
) -> Snapshot | None:
    """Return `snapshot` with the commits after it, or None when it must be loaded anew."""
    if snapshot is None:
        return None
    position = catalogue.position(connection)
    if (position.generation, position.stamp) == (snapshot.generation, snapshot.stamp):
        return snapshot
    if not knows(connection, snapshot.generation, snapshot.stamp):
        return None
    changed = changed_since(connection, snapshot.generation)
    ids, vectors = vectors_since(
        connection, snapshot.generation, snapshot.last_id, dim=catalogue.dim
    )
    kept = ~np.isin(snapshot.newer_ids, changed)
    newer_ids = np.concatenate([snapshot.newer_ids[kept], ids])
    newer = np.concatenate([snapshot.newer[kept], vectors])
    order = np.argsort(newer_ids, kind="stable")
    dead = snapshot.dead
    if snapshot.base is not None and len(changed):
        dead = np.union1d(dead, np.flatnonzero(np.isin(snapshot.base.ids, changed)))
    return replace(
        snapshot,
        generation=position.generation,
        stamp=position.stamp,
        last_id=position.last_id,
        count=position.count,
        dead=dead,
        newer=newer[order],
        newer_ids=newer_ids[order],
    )


def _newest(catalogue: Catalogue, connection: sqlite3.Connection) -> Accelerator | None:
    for path in accelerator.find(catalogue.folder):
        try:
            base = accelerator.read(path)
        except DAMAGE:
            continue
        if base.vectors.shape[1] == catalogue.dim and knows(
            connection, base.generation, base.stamp
        ):
            return base
    return None
