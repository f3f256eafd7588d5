"""Recall: the share of the exact answer that a search finds, and how well a sample tells it."""

from __future__ import annotations

import numpy as np

from siam.array_types import Integers
from siam.index.matches import Matches

__all__ = ["NEIGHBOURS", "SAMPLE", "others", "recall", "sampling_error"]

SAMPLE = 200  # queries that recall is measured with: 2,000 neighbours at k = 10
NEIGHBOURS = 10
# A search compares d^2 = 2 - 2 cos, of products that float32 rounds by 1e-6 at most: items whose
# d^2 differ by no more than two such roundings are equally near.
ROUNDING = 4e-6


def recall(matches: Matches, truth: Matches) -> float:
    """Return the share of the exact answer that was found, ties counted as found: 0 to 1.

    Args:
        matches: what an approximate search returned, k neighbours per query.
        truth: the exact answer with the same k.
    """
    hits, due = _hits(matches, truth)
    return float(hits.sum() / due.sum()) if due.sum() else 1.0


def sampling_error(matches: Matches, truth: Matches) -> float:
    """Return the standard error of `recall` as an estimate for all queries there could be.

    Neighbours of one query are missed together, so it is the queries that count as draws.
    """
    hits, due = _hits(matches, truth)
    shares = hits[due > 0] / due[due > 0]
    return float(shares.std(ddof=1) / len(shares) ** 0.5) if len(shares) > 1 else 0.0


def _hits(matches: Matches, truth: Matches) -> tuple[Integers, Integers]:
    # Compared by distance: equally near items may stand in for each other.
    there = ~np.isinf(truth.distances)
    worst = np.where(there, truth.distances, -np.inf).max(axis=1, initial=-np.inf)
    hits = (matches.distances**2 <= (np.sign(worst) * worst**2 + ROUNDING)[:, None]).sum(axis=1)
    return np.minimum(hits, truth.counts), truth.counts


def others(matches: Matches) -> Matches:
    """Leave out the nearest match of each query: an indexed vector finds itself first."""
    return Matches(matches.ids[:, 1:], matches.distances[:, 1:])
