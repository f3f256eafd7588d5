"""How hard an approximate index must look: the smallest settings that reach the wanted recall."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siam.index.matches import Matches
from siam.index.snapshot import Snapshot

__all__ = [
    "NEIGHBOURS",
    "SAMPLE",
    "Reached",
    "find_effort",
    "others",
    "recall",
    "sampling_error",
    "settings_of",
]

SAMPLE = 200  # queries that recall is measured with: 2,000 neighbours at k = 10
NEIGHBOURS = 10
# A search compares d^2 = 2 - 2 cos, of products that float32 rounds by 1e-6 at most: items whose
# d^2 differ by no more than two such roundings are equally near.
ROUNDING = 4e-6


@dataclass(frozen=True)
class Reached:
    """What a search setting was measured to find.

    Attributes:
        effort: the setting, by FAISS parameter name.
        recall: share of the exact answer, 0 to 1.
        error: its standard error, from how the queries differ.
        snapshot: what was searched, with the setting in use.
    """

    effort: dict[str, int]
    recall: float
    error: float
    snapshot: Snapshot


def recall(found: Matches, exact: Matches) -> float:
    """Return the share of the exact answer that was found, ties counted as found: 0 to 1.

    Args:
        found: what an approximate search returned, k neighbours per query.
        exact: the exact answer with the same k.
    """
    hits, wanted = _hits(found, exact)
    return float(hits.sum() / wanted.sum()) if wanted.sum() else 1.0


def sampling_error(found: Matches, exact: Matches) -> float:
    """Return the standard error of `recall` as an estimate for all queries there could be.

    Neighbours of one query are missed together, so it is the queries that count as draws.
    """
    hits, wanted = _hits(found, exact)
    shares = hits[wanted > 0] / wanted[wanted > 0]
    return float(shares.std(ddof=1) / len(shares) ** 0.5) if len(shares) > 1 else 0.0


def _hits(found: Matches, exact: Matches) -> tuple[np.ndarray, np.ndarray]:
    # Compared by distance: equally near items may stand in for each other.
    there = ~np.isinf(exact.distances)
    worst = np.where(there, exact.distances, -np.inf).max(axis=1, initial=-np.inf)
    hits = (found.distances**2 <= (np.sign(worst) * worst**2 + ROUNDING)[:, None]).sum(axis=1)
    return np.minimum(hits, exact.counts), exact.counts


def settings_of(index: Any) -> list[dict[str, int]]:
    """Return the search settings worth trying for a FAISS index, cheapest first."""
    import faiss

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


def find_effort(snapshot: Snapshot, settings: list[dict[str, int]], min_recall: float) -> Reached:
    """Return the first of `settings` that reaches `min_recall`, and what it reached.

    Queries are indexed vectors; each one's own item is left out of the count. When none
    reaches it, the last and hardest setting is returned.
    """
    base = snapshot.base
    assert base is not None
    alive = np.flatnonzero(base.ids >= 0)
    sample = np.random.default_rng(0).choice(alive, min(SAMPLE, len(alive)), replace=False)
    queries = np.ascontiguousarray(base.vectors[np.sort(sample)])
    exact = others(snapshot.search(queries, NEIGHBOURS + 1, exact=True))
    for effort in settings:
        trial = replace(snapshot, base=replace(base, effort=effort))
        found = others(trial.search(queries, NEIGHBOURS + 1, exact=False))
        reached = Reached(effort, recall(found, exact), sampling_error(found, exact), trial)
        if reached.recall >= min_recall:
            break
    return reached


def others(matches: Matches) -> Matches:
    """Leave out the nearest match of each query: an indexed vector finds itself first."""
    return Matches(matches.ids[:, 1:], matches.distances[:, 1:])
