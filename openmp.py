"""FAISS beside other libraries that bring an OpenMP runtime of their own."""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["load_faiss"]

THREADS, DUPLICATES = "OMP_NUM_THREADS", "KMP_DUPLICATE_LIB_OK"


def load_faiss() -> Any:
    """Return the module `faiss`, on macOS held to one thread unless OMP_NUM_THREADS says more.

    There FAISS, scikit-learn and PyTorch each bring a copy of LLVM's runtime. The second one to
    start ends the process unless it is let, which scikit-learn does by itself; let alone, FAISS
    crashes in threads of its own (faiss-wheels issues 73 and 100, faiss issues 2878 and 5294).
    Its copy reads how many it may have when it starts; the other libraries keep theirs.

    Example:
        >>> load_faiss().IndexFlatL2(8).d
        8
    """
    if sys.platform == "darwin" and "faiss" not in sys.modules:
        os.environ.setdefault(DUPLICATES, "TRUE")
        if THREADS not in os.environ:
            os.environ[THREADS] = "1"
            try:
                import faiss

                faiss.omp_get_max_threads()  # starts its runtime
            finally:
                del os.environ[THREADS]
    import faiss

    return faiss
