"""Taking snapshots: opening the newest accelerator that fits, and following later commits."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np

from siam.index import accelerator
from siam.index.accelerator import Accelerator
from siam.index.catalogue import Catalogue
from siam.index.snapshot import Snapshot

__all__ = ["load", "refresh"]

# What a missing, cut, swapped or overwritten accelerator raises on opening.
DAMAGE = (OSError, ValueError, KeyError, RuntimeError, TypeError, EOFError)


def load(catalogue: Catalogue, connection: sqlite3.Connection) -> Snapshot:
    """Return a snapshot over the newest accelerator on disk that belongs to this catalogue.

    Without one, every vector is read from the catalogue: slower, and as right.
    """
    base = _newest(catalogue, connection)
    position = catalogue.position(connection)
    generation, last_id = (base.generation, base.last_id) if base else (0, 0)
    ids, vectors = catalogue.vectors_since(connection, generation, last_id)
    dead = np.empty(0, np.int64)
    if base is not None:
        changed = catalogue.changed_since(connection, generation)
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
    if not catalogue.knows(connection, snapshot.generation, snapshot.stamp):
        return None
    changed = catalogue.changed_since(connection, snapshot.generation)
    ids, vectors = catalogue.vectors_since(connection, snapshot.generation, snapshot.last_id)
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
        if base.exact.d == catalogue.dim and catalogue.knows(
            connection, base.generation, base.stamp
        ):
            return base
    return None
