"""Exact search through the gallery beside bare FAISS, and approximate search beside its rivals.

    python benchmarks/index_search.py                 60,000 vectors of 64 and of 128: everything
    python benchmarks/index_search.py --count 1000000 --exact-only
    python benchmarks/index_search.py --approximate-only

Exact: queries a second of `Gallery.search` and of `faiss.IndexFlatIP` on the same vectors, in
batches of 1, 32 and 10,000. Both search the same queries one right after the other, the first of
them by turns; the figures are medians, and the share is the median of the shares of each pair.
Approximate: every kind's recall@10 against the exact answer, and queries a second, beside
hnswlib and usearch (pip install hnswlib usearch), each at the first setting that reaches the
recall. All of them are timed in turns, so that slow moments meet all. Prints tables; with --json
one object.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from siam.index.gallery import Gallery
from siam.index.matches import Matches, recall
from siam.index.stores.budget import Budget

K = 10
ROUNDS = {1: 200, 32: 40, 10_000: 5}  # searches of each batch size
BATCHES = tuple(ROUNDS)
TURNS = range(5)
ALONE = 40  # queries asked one by one in each turn
Search = Callable[[np.ndarray], Any]
EFFORTS = (16, 32, 64, 128, 256, 512, 1024)


def clustered(count: int, dim: int, *, seed: int, clusters: int = 1_000) -> np.ndarray:
    """Return unit vectors in clusters, as trained embeddings lie: float32 (count, dim)."""
    centres = np.random.default_rng(1).standard_normal((clusters, dim), dtype=np.float32)
    generator = np.random.default_rng(seed)
    vectors = centres[generator.integers(0, clusters, count)]
    vectors = vectors + 0.5 * generator.standard_normal((count, dim), dtype=np.float32)
    faiss.normalize_L2(vectors)
    return vectors


def filled(folder: Path, vectors: np.ndarray) -> Gallery:
    """Make a gallery of the vectors, with its accelerator, and open it anew."""
    with Gallery.create(folder, dim=vectors.shape[1], encoder_hash="", kind="flat") as gallery:
        for start in range(0, len(vectors), 100_000):
            part = vectors[start : start + 100_000]
            keys = [str(i) for i in range(start, start + len(part))]
            gallery.add(part, keys=keys, labels=[str(i % 10) for i in range(len(part))])
    return Gallery.open(folder)


def seconds_of(search: Callable[[np.ndarray], Any], part: np.ndarray) -> float:
    """Return the seconds that one search takes."""
    started = time.perf_counter()
    search(part)
    return time.perf_counter() - started


def exact_search(gallery: Gallery, vectors: np.ndarray, queries: np.ndarray) -> list[dict]:
    """Time both exact searches on the same queries in turns, so that slow moments meet both."""
    bare = faiss.IndexFlatIP(vectors.shape[1])
    bare.add(vectors)
    searches: list[Callable[[np.ndarray], Any]] = [
        lambda part: bare.search(part, K),
        lambda part: gallery.search(part, K),
    ]
    rows = []
    for batch in BATCHES:
        took = np.empty((ROUNDS[batch], 2))
        for turn in range(-1, ROUNDS[batch]):  # the first warms caches and is overwritten
            part = queries[(turn % ROUNDS[batch] * batch) % len(queries) :][:batch]
            for which in (0, 1) if turn % 2 else (1, 0):
                took[turn, which] = seconds_of(searches[which], part)
        faiss_seconds, gallery_seconds = np.median(took, axis=0)
        share = float(np.median(took[:, 0] / took[:, 1]))
        rows.append(
            {
                "batch": batch,
                "rounds": ROUNDS[batch],
                "faiss_qps": round(batch / faiss_seconds, 1),
                "gallery_qps": round(batch / gallery_seconds, 1),
                "share_of_faiss": round(share, 3),
            }
        )
    return rows


def approximate_search(
    gallery: Gallery, vectors: np.ndarray, queries: np.ndarray, kinds: list[str], least: float
) -> list[dict]:
    """Measure the kinds, hnswlib and usearch in turns, each at an effort that reaches `least`."""
    truth = gallery.search(queries, K, exact=True)
    searches: dict[str, Search] = {"exact": lambda part: gallery.search(part, K, exact=True)}
    built: dict[str, float] = {"exact": 0.0}
    for kind in kinds:
        copy = gallery.folder.with_name(f"index-{kind}")
        shutil.copytree(gallery.folder, copy)
        one = Gallery.open(copy)
        one.configure(kind=kind, budget=Budget(min_recall=least))
        built[f"siam {kind}"] = seconds_of(lambda _, one=one: one.build(afresh=True), vectors)
        searches[f"siam {kind}"] = lambda part, one=one: one.search(part, K)
    for library, make in (("hnswlib", hnswlib_search), ("usearch", usearch_search)):
        started = time.perf_counter()
        try:
            search_with = make(vectors)
        except ImportError:
            print(f"{library} is missing: pip install {library}", file=sys.stderr)
            continue
        seconds = time.perf_counter() - started
        for effort in EFFORTS:
            search = search_with(effort)
            if recall(search(queries), truth) >= least:
                break
        searches[f"{library} ef={effort}"], built[f"{library} ef={effort}"] = search, seconds
    batch, single = timed(searches, queries)
    return [
        {
            "index": name,
            "recall@10": round(recall(search(queries), truth), 4),
            "batch_qps": round(len(queries) / batch[name], 1),
            "times_exact": round(batch["exact"] / batch[name], 1),
            "single_ms": round(single[name] * 1e3, 4),
            "build_s": round(built[name], 1),
        }
        for name, search in searches.items()
    ]


def timed(
    searches: dict[str, Search], queries: np.ndarray
) -> tuple[dict[str, float], dict[str, float]]:
    """Return each search's median seconds for all queries at once, and for one alone."""
    batch: dict[str, list[float]] = {name: [] for name in searches}
    single: dict[str, list[float]] = {name: [] for name in searches}
    for turn in TURNS:
        alone = queries[turn * ALONE : (turn + 1) * ALONE]
        for name, search in searches.items():
            batch[name].append(seconds_of(search, queries))
            single[name] += [seconds_of(search, query[None]) for query in alone]
    return (
        {name: float(np.median(seconds)) for name, seconds in batch.items()},
        {name: float(np.median(seconds)) for name, seconds in single.items()},
    )


def hnswlib_search(vectors: np.ndarray) -> Callable[[int], Search]:
    """Build hnswlib's graph; return what makes a search of an effort."""
    import hnswlib

    index = hnswlib.Index(space="l2", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=16, ef_construction=80)
    index.add_items(vectors)

    def of_effort(effort: int) -> Callable[[np.ndarray], Matches]:
        index.set_ef(effort)

        def search(part: np.ndarray) -> Matches:
            ids, squared = index.knn_query(part, k=K)
            return Matches(ids.astype(np.int64), np.sqrt(squared))

        return search

    return of_effort


def usearch_search(vectors: np.ndarray) -> Callable[[int], Search]:
    """Build usearch's graph; return what makes a search of an effort."""
    from usearch.index import Index

    index = Index(
        ndim=vectors.shape[1], metric="l2sq", dtype="f32", connectivity=16, expansion_add=80
    )
    index.add(np.arange(len(vectors)), vectors)

    def of_effort(effort: int) -> Callable[[np.ndarray], Matches]:
        index.expansion_search = effort

        def search(part: np.ndarray) -> Matches:
            found = index.search(part, K)
            ids = np.asarray(found.keys, np.int64).reshape(len(part), -1)
            distances = np.sqrt(np.maximum(found.distances, 0)).reshape(len(part), -1)
            return Matches(ids, distances.astype(np.float32))

        return search

    return of_effort


def table(rows: list[dict]) -> str:
    """Return rows as aligned columns, named by the first row's keys."""
    names = list(rows[0])
    cells = [names] + [[str(row.get(name, "")) for name in names] for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )


def main() -> None:
    """Measure, and print tables or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--dims", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--kinds", nargs="*", default=["hnsw", "ivf"])
    parser.add_argument("--min-recall", type=float, default=0.99)
    parser.add_argument("--exact-only", action="store_true")
    parser.add_argument("--approximate-only", action="store_true")
    parser.add_argument("--json", action="store_true", help="One JSON object, no table.")
    options = parser.parse_args()
    result: list[dict[str, Any]] = []
    for dim in options.dims:
        vectors = clustered(options.count, dim, seed=2)
        queries = clustered(options.queries, dim, seed=3)
        with tempfile.TemporaryDirectory() as place, filled(Path(place) / "i", vectors) as gallery:
            found: dict[str, Any] = {"count": options.count, "dim": dim}
            found["threads"] = faiss.omp_get_max_threads()
            if not options.approximate_only:
                found["exact"] = exact_search(gallery, vectors, queries)
            if not options.exact_only:
                found["approximate"] = approximate_search(
                    gallery, vectors, queries[:2_000], options.kinds, options.min_recall
                )
        result.append(found)
        if not options.json:
            print(f"{options.count:,} vectors of {dim}, {found['threads']} threads, medians")
            for part in ("exact", "approximate"):
                if part in found:
                    print(table(found[part]))
    if options.json:
        print(json.dumps({"schema": 1, "results": result}, indent=2))


if __name__ == "__main__":
    main()
