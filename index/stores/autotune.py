"""Autotune: the smallest search settings with which an approximate index reaches a recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Vectors
from siam.index.matches import NEIGHBOURS, SAMPLE, Matches, others, recall, sampling_error
from siam.index.ranking import rank
from siam.index.stores.faiss_files import FaissFiles
from siam.index.stores.faiss_search import propose

__all__ = ["Setting", "autotune", "search"]


@dataclass(frozen=True)
class Setting:
    """What a search setting was measured to find.

    Attributes:
        effort: the setting, by FAISS parameter name.
        recall: share of the exact answer, 0 to 1.
        error: its standard error, from how the queries differ.
    """

    effort: dict[str, int]
    recall: float
    error: float


def autotune(files: FaissFiles, settings: list[dict[str, int]], min_recall: float) -> Setting:
    """Return the first of `settings` that reaches `min_recall`, and what it reached.

    Queries are indexed vectors; each one's own item is left out of the count. When none
    reaches it, the last and hardest setting is returned.
    """
    alive = np.flatnonzero(files.ids >= 0)
    sample = np.random.default_rng(0).choice(alive, min(SAMPLE, len(alive)), replace=False)
    queries = np.ascontiguousarray(files.vectors[np.sort(sample)])
    truth = others(search(files, queries, NEIGHBOURS + 1, exact=True))
    for effort in settings:
        matches = others(search(files.with_effort(effort), queries, NEIGHBOURS + 1))
        setting = Setting(effort, recall(matches, truth), sampling_error(matches, truth))
        if setting.recall >= min_recall:
            break
    return setting


def search(files: FaissFiles, queries: Vectors, k: int, *, exact: bool = False) -> Matches:
    """Return the `k` nearest items of each query, as a gallery over these files would."""
    return rank(queries, [(propose(files, queries, k, exact=exact), files.vectors_of)], k)
