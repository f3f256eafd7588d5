"""Keep a search on the thread that asks for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from siam.faiss_library import load_faiss

__all__ = ["one_thread"]


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
