"""FAISS search parameters of the class that each index takes."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

__all__ = ["search_parameters"]


def search_parameters(
    index: Any, effort: dict[str, int], *, alive: np.ndarray | None = None
) -> Any:
    """Return search parameters for `index`, or None for its defaults.

    Args:
        index: a FAISS index.
        effort: values by FAISS's names, such as {"efSearch": 64} or {"nprobe": 16}.
        alive: uint8, one bit per row, least significant first: the rows that may be found.
    """
    faiss: Any = importlib.import_module("faiss")
    if not effort and alive is None:
        return None
    if isinstance(index, faiss.IndexPreTransform):
        inner = search_parameters(faiss.downcast_index(index.index), effort, alive=alive)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        made = faiss.SearchParametersHNSW
    elif isinstance(index, faiss.IndexIVFPQ):
        made = faiss.IVFPQSearchParameters
    elif isinstance(index, faiss.IndexIVF):
        made = faiss.SearchParametersIVF
    else:
        made = faiss.SearchParameters
    selector = {} if alive is None else {"sel": faiss.IDSelectorBitmap(alive)}
    return made(**effort, **selector)
