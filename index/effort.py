"""How hard an approximate index must look: the smallest settings that reach the wanted recall."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from siam.index.matches import Matches
from siam.index.snapshot import Snapshot

__all__ = ["SAMPLE", "find_effort", "recall", "settings_of"]

SAMPLE = 200  # queries that recall is measured with: 2,000 neighbours at k = 10
NEIGHBOURS = 10


def recall(found: Matches, exact: Matches) -> float:
    """Return the share of the exact answer that was found, ties counted as found: 0 to 1.

    Args:
        found: what an approximate search returned, k neighbours per query.
        exact: the exact answer with the same k.
    """
    # Compared by distance: equally near items may stand in for each other.
    worst = np.where(np.isinf(exact.distances), -1.0, exact.distances).max(axis=1)
    hits = (found.distances <= worst[:, None] + 1e-6).sum(axis=1)
    wanted = exact.counts
    return float(np.minimum(hits, wanted).sum() / max(1, wanted.sum()))


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


def find_effort(
    snapshot: Snapshot, settings: list[dict[str, int]], min_recall: float
) -> tuple[dict[str, int], float, Snapshot]:
    """Return the first of `settings` that reaches `min_recall`, its recall, and it in use.

    Queries are indexed vectors; each one's own item is left out of the count. When none
    reaches it, the last and hardest setting is returned.
    """
    base = snapshot.base
    assert base is not None
    alive = np.flatnonzero(base.ids >= 0)
    sample = np.random.default_rng(0).choice(alive, min(SAMPLE, len(alive)), replace=False)
    queries = np.ascontiguousarray(base.vectors[np.sort(sample)])
    exact = _others(snapshot.search(queries, NEIGHBOURS + 1, exact=True))
    reached = 0.0
    effort, trial = settings[-1], snapshot
    for effort in settings:
        trial = replace(snapshot, base=replace(base, effort=effort))
        reached = recall(_others(trial.search(queries, NEIGHBOURS + 1, exact=False)), exact)
        if reached >= min_recall:
            break
    return effort, reached, trial


def _others(matches: Matches) -> Matches:
    return Matches(matches.ids[:, 1:], matches.distances[:, 1:])
