"""FAISS indexes that approximate: made, compared, sized, and what searching them may set."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np

from siam.array_types import Vectors
from siam.faiss_library import load_faiss
from siam.progress import Progress, silent

__all__ = ["make_structure", "same_structure", "search_parameters", "settings_of", "size_of"]

CHUNK = 50_000
TRAINING = 40  # vectors that each inverted list learns from; FAISS asks for 39
LEAST_TRAINING = 20_000  # for quantisers, which have 256 codes


def make_structure(vectors: Vectors, named: str, *, progress: Progress = silent) -> Any:
    """Return a trained and filled FAISS index, or None where the exact one is all there is.

    Args:
        vectors: float32 of shape (n, dim).
        named: a FAISS factory string; "" means exact.
        progress: told of vectors indexed.
    """
    faiss = load_faiss()
    count, dim = vectors.shape
    if not named or not count:
        return None
    try:
        index: Any = faiss.index_factory(dim, named, faiss.METRIC_L2)
    except RuntimeError:
        return None  # a kind that only another siam could have written into the catalogue
    for learner in (index, getattr(index, "pq", None)):
        if learner is not None and hasattr(
            learner, "cp"
        ):  # else FAISS warns on stderr, hundreds of times
            learner.cp.min_points_per_centroid = 1
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction = 80
    if not index.is_trained:
        progress("Training the index", 0, 0)
        size = max(LEAST_TRAINING, TRAINING * getattr(index, "nlist", 1))
        sample = np.random.default_rng(0).permutation(count)[:size]
        try:
            index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
        except RuntimeError:
            return None  # fewer vectors than the kind learns from: exact until there are more
    for start in range(0, count, CHUNK):
        index.add(vectors[start : start + CHUNK])
        progress("Indexing vectors", min(start + CHUNK, count), count)
    return index


def same_structure(present: str, size: str) -> bool:
    """Tell whether two factory strings differ in the number of lists alone."""
    return present.split(",")[1:] == size.split(",")[1:] and present[:3] == size[:3]


def settings_of(index: Any) -> list[dict[str, int]]:
    """Return the search settings worth trying for a FAISS index, cheapest first."""
    faiss = load_faiss()

    if isinstance(index, faiss.IndexPreTransform):
        return settings_of(faiss.downcast_index(index.index))
    probes: list[dict[str, int]] = [{}]
    if isinstance(index, faiss.IndexHNSW):
        probes = [{"efSearch": 2**power} for power in range(4, 12)]
    elif isinstance(index, faiss.IndexIVF):
        powers = range(index.nlist.bit_length())
        probes = [{"nprobe": n} for n in sorted({*(2**power for power in powers), index.nlist})]
    plain = (faiss.IndexFlat, faiss.IndexIVFFlat, faiss.IndexHNSWFlat)
    # Compressed codes rank roughly, so several times k candidates are ranked again exactly.
    refines = [1] if isinstance(index, plain) else [4, 16, 64]
    pairs = sorted(
        itertools.product(probes, refines),
        key=lambda pair: sum(pair[0].values()) * (8 + pair[1]),
    )
    return [{**probe, "refine": refine} for probe, refine in pairs]


def search_parameters(index: Any, effort: dict[str, int]) -> Any:
    """Return FAISS search parameters of the class that `index` takes, None for its defaults.

    Args:
        index: a FAISS index.
        effort: values by FAISS's names, such as {"efSearch": 64} or {"nprobe": 16}.
    """
    faiss: Any = importlib.import_module("faiss")
    if not effort:
        return None
    if isinstance(index, faiss.IndexPreTransform):
        inner = search_parameters(faiss.downcast_index(index.index), effort)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(**effort)
    if isinstance(index, faiss.IndexIVFPQ):
        return faiss.IVFPQSearchParameters(**effort)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(**effort)
    return faiss.SearchParameters(**effort)


def size_of(index: Any) -> int:
    """Return the bytes of a FAISS index, counted while it is written to nowhere."""
    faiss: Any = importlib.import_module("faiss")
    total = 0

    def count(piece: bytes) -> int:
        nonlocal total
        total += len(piece)
        return len(piece)

    writer = faiss.PyCallbackIOWriter(count)
    faiss.write_index(index, writer)
    del writer  # it flushes its last piece on the way out
    return total
