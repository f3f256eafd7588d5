"""FAISS, made ready: fast with some dozen queries at once, and at peace with other libraries."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siam.array_types import Integers, Vectors

__all__ = ["is_loaded", "load_faiss", "one_thread", "search_rows"]

THREADS, DUPLICATES, WAITING = "OMP_NUM_THREADS", "KMP_DUPLICATE_LIB_OK", "OMP_WAIT_POLICY"
# From how many numbers on the queries of a search are multiplied as a matrix. FAISS waits for
# 128,000 (2,000 queries of 64), and compares fewer one by one: 1,000 in 60,000 vectors took 1.26 s
# of a core's time, as a matrix 0.16 s (AMD EPYC, AVX2).
MATRIX_NUMBERS = 1280
# From how many queries on `search_rows` has them multiplied so: among 60,000 vectors of 64, 128 and
# 256 numbers three took about as long either way, four two thirds to five sixths of the time, eight
# of 64 a third (processor time of one thread, AMD EPYC, AVX2).
MATRIX_QUERIES = 4


def load_faiss() -> Any:
    """Return the module `faiss`, on macOS held to one thread unless OMP_NUM_THREADS says more.

    On macOS FAISS, scikit-learn and PyTorch each bring a copy of LLVM's runtime. The second one to
    start ends the process unless it is let, which scikit-learn does by itself; let alone, FAISS
    crashes in threads of its own (faiss-wheels issues 73 and 100, faiss issues 2878 and 5294).
    Its copy reads how many it may have when it starts; the other libraries keep theirs.

    Example:
        >>> load_faiss().IndexFlatL2(8).d
        8
    """
    # Threads that wait for each other sleep. Awake they keep a busy machine from the one that they
    # wait for: 1,000 queries in 54,000 vectors took 4.4 s, asleep 0.4 s (2 cores, load 14).
    os.environ.setdefault(WAITING, "PASSIVE")
    if sys.platform == "darwin" and not is_loaded():
        os.environ.setdefault(DUPLICATES, "TRUE")
        if THREADS not in os.environ:
            os.environ[THREADS] = "1"
            try:
                import faiss

                faiss.omp_get_max_threads()  # starts its runtime
            finally:
                del os.environ[THREADS]
    import faiss

    faiss.cvar.distance_compute_blas_threshold = MATRIX_NUMBERS
    return faiss


def is_loaded() -> bool:
    """Tell whether this process has imported FAISS already, which takes longer than a search."""
    return "faiss" in sys.modules


def search_rows(queries: Vectors, vectors: Vectors, k: int) -> tuple[Vectors, Integers]:
    """Return similarities float32 (n, k) and positions int64 (n, k) of the `k` most similar rows.

    Args:
        queries: float32 (n, dim), unit length.
        vectors: float32 (m, dim), unit length.
        k: 1 to m.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(3, dtype=np.float32)
        >>> search_rows(rows[:1], rows, 1)[1].tolist()
        [[0]]
    """
    faiss = load_faiss()
    # FAISS counts the queries' numbers, while it is the queries that decide.
    faiss.cvar.distance_compute_blas_threshold = MATRIX_QUERIES * vectors.shape[1]
    similarities, positions = faiss.knn(queries, vectors, k, faiss.METRIC_INNER_PRODUCT)
    return similarities, positions


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS use no thread but the caller's in this block; other threads keep their number.

    For one query, because waking others costs more than they save; and where several threads
    search at once, because each would wait for helpers that the others keep busy.
    """
    faiss = load_faiss()
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
