"""Exact search through the gallery beside bare FAISS, and approximate search beside its rivals.

    python benchmarks/index_search.py                      60,000 vectors, 64-d
    python benchmarks/index_search.py --count 1000000 --dim 128

Exact: queries a second of `Gallery.search` and of `faiss.IndexFlatL2` and `IndexFlatIP` on the
same vectors, in turns, batches of 1, 32 and 10,000; each figure is the best of several rounds.
Approximate: every kind's recall@10 against the exact answer, and queries a second, beside
hnswlib and usearch where they are installed, each at the first setting that reaches the recall.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from siam.index.budget import Budget
from siam.index.effort import recall
from siam.index.gallery import Gallery
from siam.index.matches import Matches

K = 10
BATCHES = (1, 32, 10_000)
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


def best_seconds(search: Callable[[np.ndarray], Any], parts: list[np.ndarray]) -> float:
    """Return the fastest seconds for one part: the machine's other work slows, never speeds."""
    took = []
    for part in parts:
        started = time.perf_counter()
        search(part)
        took.append(time.perf_counter() - started)
    return min(took)


def exact_search(gallery: Gallery, vectors: np.ndarray, queries: np.ndarray) -> list[dict]:
    """Time the three exact searches in turns, so that slow moments meet all of them."""
    rivals: dict[str, Any] = {
        "faiss_l2": faiss.IndexFlatL2(vectors.shape[1]),
        "faiss_ip": faiss.IndexFlatIP(vectors.shape[1]),
    }
    for rival in rivals.values():
        rival.add(vectors)
    searches: dict[str, Callable[[np.ndarray], Any]] = {
        "faiss_l2": lambda part: rivals["faiss_l2"].search(part, K),
        "faiss_ip": lambda part: rivals["faiss_ip"].search(part, K),
        "gallery": lambda part: gallery.search(part, K),
    }
    rows = []
    for batch in BATCHES:
        rounds = {1: 200, 32: 40}.get(batch, 3)
        parts = [queries[(i * batch) % len(queries) :][:batch] for i in range(rounds)]
        fastest = dict.fromkeys(searches, float("inf"))
        for _ in range(3):
            for name, search in searches.items():
                fastest[name] = min(fastest[name], best_seconds(search, parts))
        row: dict[str, Any] = {"batch": batch}
        row |= {f"{name}_qps": round(batch / seconds, 1) for name, seconds in fastest.items()}
        row["share_of_l2"] = round(fastest["faiss_l2"] / fastest["gallery"], 3)
        row["share_of_ip"] = round(fastest["faiss_ip"] / fastest["gallery"], 3)
        rows.append(row)
    return rows


def approximate_search(
    gallery: Gallery, vectors: np.ndarray, queries: np.ndarray, kinds: list[str], least: float
) -> list[dict]:
    """Measure the kinds, then hnswlib and usearch, at the first effort that reaches `least`."""
    truth = gallery.search(queries, K, exact=True)
    started = time.perf_counter()
    gallery.search(queries, K, exact=True)
    exact_qps = len(queries) / (time.perf_counter() - started)
    rows = []
    for kind in kinds:
        gallery.configure(kind=kind, budget=Budget(min_recall=least))
        started = time.perf_counter()
        gallery.build(afresh=True)
        built = time.perf_counter() - started
        base = gallery.snapshot().base
        name = f"siam {base.kind if base else kind}"
        search = lambda part: gallery.search(part, K)  # noqa: E731
        rows.append(measured(name, search, queries, truth, exact_qps, built))
    rows += rivals(vectors, queries, truth, exact_qps, least)
    return rows


def measured(
    name: str,
    search: Callable[[np.ndarray], Matches],
    queries: np.ndarray,
    truth: Matches,
    exact_qps: float,
    built: float,
) -> dict:
    """Return one line: recall, queries a second in a batch and alone, build seconds."""
    found = search(queries)
    batch = best_seconds(search, [queries] * 3)
    single = best_seconds(search, [query[None] for query in queries[:200]])
    return {
        "index": name,
        "recall@10": round(recall(found, truth), 4),
        "batch_qps": round(len(queries) / batch, 1),
        "times_exact": round(len(queries) / batch / exact_qps, 1),
        "single_ms": round(single * 1e3, 4),
        "build_s": round(built, 1),
    }


def rivals(
    vectors: np.ndarray, queries: np.ndarray, truth: Matches, exact_qps: float, least: float
) -> list[dict]:
    """Measure hnswlib and usearch with the same graph size, where they are installed."""
    rows = []
    for name, make in (("hnswlib", hnswlib_search), ("usearch", usearch_search)):
        started = time.perf_counter()
        try:
            search_with = make(vectors)
        except ImportError:
            rows.append({"index": name, "missing": f"pip install {name}"})
            continue
        built = time.perf_counter() - started
        row: dict = {}
        for effort in EFFORTS:
            search = search_with(effort)
            row = measured(f"{name} ef={effort}", search, queries, truth, exact_qps, built)
            if row["recall@10"] >= least:
                break
        rows.append(row)
    return rows


def hnswlib_search(vectors: np.ndarray) -> Callable[[int], Callable[[np.ndarray], Matches]]:
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


def usearch_search(vectors: np.ndarray) -> Callable[[int], Callable[[np.ndarray], Matches]]:
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


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--kinds", nargs="*", default=["hnsw", "ivf"])
    parser.add_argument("--min-recall", type=float, default=0.99)
    options = parser.parse_args()
    vectors = clustered(options.count, options.dim, seed=2)
    queries = clustered(options.queries, options.dim, seed=3)
    with tempfile.TemporaryDirectory() as place, filled(Path(place) / "i", vectors) as gallery:
        result = {
            "count": options.count,
            "dim": options.dim,
            "threads": faiss.omp_get_max_threads(),
            "exact": exact_search(gallery, vectors, queries),
            "approximate": approximate_search(
                gallery, vectors, queries[:2_000], options.kinds, options.min_recall
            ),
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
