"""Making the accelerator from the catalogue: whole, or by appending to the one there is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from siam.file_lock import try_lock
from siam.index import accelerator
from siam.index.accelerator import Accelerator
from siam.index.budget import Budget
from siam.index.catalogue import Catalogue
from siam.index.connection import connect_reader, told
from siam.index.effort import find_effort, settings_of
from siam.index.history import changed_since, each_since, forget_before
from siam.index.kinds import choose, factory
from siam.index.snapshot import Snapshot
from siam.index.snapshots import standing
from siam.progress import Progress, silent

__all__ = ["build", "build_lock", "make_approximate", "trial_snapshot", "vectors_file"]

LOCK = ".build-lock"
CHUNK = 50_000
TRAINING = 40  # vectors that each inverted list learns from; FAISS asks for 39
LEAST_TRAINING = 20_000  # for quantisers, which have 256 codes
# Beyond this share of new vectors, appending would leave what was learned stale.
MOST_NEW = 0.5
# Beyond this share of removed rows it is compacted: made again without them.
MOST_DEAD = 0.2


@contextlib.contextmanager
def build_lock(folder: Path) -> Iterator[bool]:
    """Hold the index's build lock; yields False at once where another process has it."""
    with try_lock(folder / LOCK) as held:
        yield held


def build(
    catalogue: Catalogue,
    kind: str,
    budget: Budget,
    *,
    afresh: bool = False,
    progress: Progress = silent,
    step: Callable[[], None] = lambda: None,
) -> Path:
    """Write a new accelerator of the catalogue's present state; the caller holds `build_lock`.

    The exact vectors go from the catalogue to their file piece by piece, and are read from there
    memory-mapped; only the approximate structure is held in memory.

    Args:
        catalogue: open for writing.
        kind: "auto", a short name or a FAISS factory string.
        budget: what `auto` must fit, and the recall that search settings are chosen for.
        afresh: make it from the catalogue alone, also where appending to the present one would do.
        progress: told of vectors read and vectors indexed.
        step: called between the stages, so that a test can stop the process there.
    """
    with accelerator.building(catalogue.folder) as place:
        connection = connect_reader(catalogue.path)
        try:
            with told(catalogue.folder):
                connection.execute("BEGIN")
                position = catalogue.position(connection)
                named = _named(kind, budget, count=position.count, dim=catalogue.dim)
                base = None if afresh else _to_append_to(catalogue, connection, named)
                grown = None
                if base is None:
                    ids = _copy_all(catalogue, connection, place, progress)
                else:
                    ids, grown = _append(catalogue, connection, base, place)
        finally:
            connection.close()
        step()
        vectors = np.asarray(np.load(place / accelerator.VECTORS, mmap_mode="r"))
        approximate = grown or make_approximate(vectors, named, progress=progress)
        step()
        effort: dict[str, int] = {}
        measured = {"recall@10": 1.0}
        if approximate is not None:
            trial = trial_snapshot(ids, vectors, named, approximate)
            reached = find_effort(trial, settings_of(approximate), budget.min_recall)
            effort = reached.effort
            measured = {"recall@10": reached.recall, "recall@10_error": reached.error}
        path = accelerator.finish(
            place,
            generation=position.generation,
            stamp=position.stamp,
            last_id=position.last_id,
            kind="flat" if approximate is None else named,
            effort=effort,
            ids=ids,
            approximate=approximate,
            extra=measured,
            step=step,
        )
    with catalogue.writing() as writer:
        forget_before(writer, position.generation)
    step()
    return path


@contextlib.contextmanager
def vectors_file(path: Path, dim: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Yield a function that appends vectors to a new .npy file, which is whole when the block ends.

    Args:
        path: the file to write.
        dim: length of a vector.

    Yields:
        a function of float32 vectors of shape (n, dim).
    """
    count = 0
    with path.open("wb") as target:

        def append(vectors: np.ndarray) -> None:
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


def _named(kind: str, budget: Budget, *, count: int, dim: int) -> str:
    short = choose(budget, count=count, dim=dim) if kind == "auto" else kind
    return factory(short, count=count, dim=dim)


def _copy_all(catalogue: Catalogue, connection: Any, place: Path, progress: Progress) -> np.ndarray:
    """Copy every vector of the catalogue to their file; return their ids."""
    count = catalogue.position(connection).count
    ids = [np.empty(0, np.int64)]
    done = 0
    with vectors_file(place / accelerator.VECTORS, catalogue.dim) as append:
        for some, vectors in each_since(connection, 0, 0):
            append(vectors)
            ids.append(some)
            done += len(some)
            progress("reading vectors", done, count)
    return np.concatenate(ids)


def _to_append_to(catalogue: Catalogue, connection: Any, named: str) -> Accelerator | None:
    """Return the present accelerator where appending to it will do, or None to start afresh."""
    stands = standing(catalogue, connection)
    base = stands.base
    if base is None or base.approximate is None or not _same_structure(base.kind, named):
        return None
    changed = changed_since(connection, base.generation)
    dead = base.removed + int((changed <= base.last_id).sum())
    newer = stands.count - (len(base.ids) - dead)
    if dead > MOST_DEAD * len(base.ids) or newer > MOST_NEW * len(base.ids):
        return None
    return base


def _append(
    catalogue: Catalogue, connection: Any, base: Accelerator, place: Path
) -> tuple[np.ndarray, Any]:
    """Write the present exact vectors and the newer ones; return ids and the grown structure."""
    import faiss

    kept = np.array(base.ids)
    kept[np.isin(kept, changed_since(connection, base.generation))] = -1
    ids = [kept]
    # Read again without mapping: a mapped index cannot grow.
    approximate = faiss.read_index(str(base.folder / "approximate.faiss"))
    with vectors_file(place / accelerator.VECTORS, catalogue.dim) as append:
        for start in range(0, len(kept), CHUNK):
            append(base.vectors[start : start + CHUNK])
        for some, vectors in each_since(connection, base.generation, base.last_id):
            append(vectors)
            approximate.add(vectors)
            ids.append(some)
    return np.concatenate(ids), approximate


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


def trial_snapshot(ids: np.ndarray, vectors: np.ndarray, named: str, approximate: Any) -> Snapshot:
    """Return a snapshot of indexes, to measure them before they are put in place."""
    base = Accelerator(
        folder=Path(),
        generation=0,
        stamp=0,
        last_id=0,
        kind=named,
        effort={},
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
