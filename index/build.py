"""Making the accelerator from the catalogue: whole, or by appending to the one there is."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siam.index import accelerator
from siam.index.accelerator import Accelerator
from siam.index.budget import Budget
from siam.index.catalogue import Catalogue, Position
from siam.index.connection import connect_reader, told
from siam.index.effort import find_effort, settings_of
from siam.index.kinds import choose, factory
from siam.index.snapshot import Snapshot
from siam.progress import Progress, silent

__all__ = ["build", "build_lock", "make_approximate", "trial_snapshot"]

LOCK = ".build-lock"
CHUNK = 50_000
TRAINING = 40  # vectors that each inverted list learns from; FAISS asks for 39
LEAST_TRAINING = 20_000  # for quantisers, which have 256 codes
# Beyond this share of new vectors, appending would leave what was learned stale.
MOST_NEW = 0.5
# Beyond this share of removed rows it is compacted: made again without them.
MOST_DEAD = 0.2


@dataclass(frozen=True)
class Rows:
    """The rows of an accelerator to be: ids with -1 for removed ones, and the exact FAISS index."""

    position: Position
    ids: np.ndarray
    exact: Any


@contextlib.contextmanager
def build_lock(folder: Path) -> Iterator[bool]:
    """Hold the index's build lock; yields False at once where another process has it."""
    with (folder / LOCK).open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def build(
    catalogue: Catalogue,
    kind: str,
    budget: Budget,
    *,
    base: Snapshot | None = None,
    progress: Progress = silent,
    step: Callable[[], None] = lambda: None,
) -> Path:
    """Write a new accelerator of the catalogue's present state; the caller holds `build_lock`.

    Args:
        catalogue: open for writing.
        kind: "auto", a short name or a FAISS factory string.
        budget: what `auto` must fit, and the recall that search settings are chosen for.
        base: the present snapshot, whose approximate index is appended to where that will do.
        progress: told of vectors read and vectors indexed.
        step: called between the stages, so that a test can stop the process there.
    """
    connection = connect_reader(catalogue.path)
    try:
        with told(catalogue.folder):
            connection.execute("BEGIN")
            position = catalogue.position(connection)
            short = (
                choose(budget, count=position.count, dim=catalogue.dim) if kind == "auto" else kind
            )
            named = factory(short, count=position.count, dim=catalogue.dim)
            grown = _append(catalogue, connection, position, base, named)
            rows = grown[0] if grown else _read_rows(catalogue, connection, position, progress)
    finally:
        connection.close()
    step()
    vectors = _view(rows.exact)
    approximate = grown[1] if grown else make_approximate(vectors, named, progress=progress)
    step()
    effort: dict[str, int] = {}
    measured = {"recall@10": 1.0}
    if approximate is not None:
        trial = trial_snapshot(rows.ids, vectors, named, approximate, exact=rows.exact)
        reached = find_effort(trial, settings_of(approximate), budget.min_recall)
        effort = reached.effort
        measured = {"recall@10": reached.recall, "recall@10_error": reached.error}
    path = accelerator.write(
        catalogue.folder,
        generation=position.generation,
        stamp=position.stamp,
        last_id=position.last_id,
        kind="flat" if approximate is None else named,
        effort=effort,
        ids=rows.ids,
        exact=rows.exact,
        approximate=approximate,
        extra=measured,
        step=step,
    )
    with catalogue.writing() as writer:
        catalogue.forget_before(writer, position.generation)
    step()
    return path


def _read_rows(
    catalogue: Catalogue, connection: Any, position: Position, progress: Progress
) -> Rows:
    import faiss

    exact = faiss.IndexFlatIP(catalogue.dim)
    ids = np.empty(position.count, np.int64)
    cursor = connection.execute("SELECT id, vector FROM vectors ORDER BY id")
    done = 0
    while part := cursor.fetchmany(CHUNK):
        joined = np.frombuffer(b"".join([row[1] for row in part]), np.float32)
        exact.add(joined.reshape(len(part), catalogue.dim))
        ids[done : done + len(part)] = [row[0] for row in part]
        done += len(part)
        progress("reading vectors", done, position.count)
    return Rows(position, ids, exact)


def _append(
    catalogue: Catalogue, connection: Any, position: Position, snapshot: Snapshot | None, named: str
) -> tuple[Rows, Any] | None:
    """Return rows and approximate index grown from the present ones, or None to start afresh."""
    import faiss

    if snapshot is None or snapshot.base is None or not named or snapshot.base.approximate is None:
        return None
    base = snapshot.base
    dead = len(snapshot.dead)
    if not _same_structure(base.kind, named) or dead > MOST_DEAD * len(base.ids):
        return None
    if not catalogue.knows(connection, base.generation, base.stamp):
        return None
    ids, vectors = catalogue.vectors_since(connection, base.generation, base.last_id)
    if len(ids) > MOST_NEW * len(base.ids):
        return None
    kept = np.array(base.ids)
    kept[np.isin(kept, catalogue.changed_since(connection, base.generation))] = -1
    exact = faiss.IndexFlatIP(catalogue.dim)
    exact.add(base.vectors)
    exact.add(vectors)
    # Read again without mapping: a mapped index cannot grow.
    approximate = faiss.read_index(str(base.folder / "approximate.faiss"))
    approximate.add(vectors)
    return Rows(position, np.concatenate([kept, ids]), exact), approximate


def _view(exact: Any) -> np.ndarray:
    """Return a flat index's vectors, float32 of shape (n, dim), without copying them."""
    import faiss

    if not exact.ntotal:
        return np.empty((0, exact.d), np.float32)
    view = faiss.rev_swig_ptr(exact.get_xb(), exact.ntotal * exact.d)
    return np.asarray(view).reshape(exact.ntotal, exact.d)


def _same_structure(present: str, wanted: str) -> bool:
    """Tell whether two factory strings differ in the number of lists alone."""
    return present.split(",")[1:] == wanted.split(",")[1:] and present[:3] == wanted[:3]


def make_approximate(vectors: np.ndarray, named: str, *, progress: Progress = silent) -> Any:
    """Return a trained and filled FAISS index, or None where the exact one is all there is.

    Args:
        vectors: float32 of shape (n, dim).
        named: a FAISS factory string; "" means exact.
        progress: told of vectors indexed.
    """
    import faiss

    count, dim = vectors.shape
    if not named or not count:
        return None
    index: Any = faiss.index_factory(dim, named, faiss.METRIC_L2)
    for learner in (index, getattr(index, "pq", None)):
        if learner is not None and hasattr(
            learner, "cp"
        ):  # else FAISS warns on stderr, hundreds of times
            learner.cp.min_points_per_centroid = 1
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction = 80
    if not index.is_trained:
        progress("training the index", 0, 0)
        wanted = max(LEAST_TRAINING, TRAINING * getattr(index, "nlist", 1))
        sample = np.random.default_rng(0).permutation(count)[:wanted]
        try:
            index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
        except RuntimeError:
            return None  # fewer vectors than the kind learns from: exact until there are more
    for start in range(0, count, CHUNK):
        index.add(vectors[start : start + CHUNK])
        progress("indexing vectors", min(start + CHUNK, count), count)
    return index


def trial_snapshot(
    ids: np.ndarray, vectors: np.ndarray, named: str, approximate: Any, *, exact: Any = None
) -> Snapshot:
    """Return a snapshot of indexes in memory, to measure them before anything is written."""
    import faiss

    if exact is None:
        exact = faiss.IndexFlatIP(vectors.shape[1])
        exact.add(vectors)
    base = Accelerator(
        folder=Path(),
        generation=0,
        stamp=0,
        last_id=0,
        kind=named,
        effort={},
        exact=exact,
        vectors=vectors,
        ids=ids,
        approximate=approximate,
    )
    return Snapshot(
        generation=0,
        stamp=0,
        last_id=0,
        count=int((ids >= 0).sum()),
        base=base,
        dead=np.flatnonzero(ids < 0),
        newer=np.empty((0, vectors.shape[1]), np.float32),
        newer_ids=np.empty(0, np.int64),
    )
