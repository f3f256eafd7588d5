"""Measuring index kinds on the vectors at hand, and choosing the fastest inside a budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import StoreError, UsageError
from siam.index.gallery import Gallery
from siam.index.matches import NEIGHBOURS, SAMPLE
from siam.index.stores.autotune import autotune, search
from siam.index.stores.budget import Budget
from siam.index.stores.faiss_files import FaissFiles
from siam.index.stores.faiss_structure import make_structure, settings_of, size_of
from siam.index.stores.kinds import KINDS, check_kind, choose, factory, memory
from siam.index.stores.store_manifest import Manifest
from siam.progress import Progress, Stage, silent

__all__ = ["Trial", "best", "tune"]


@dataclass(frozen=True)
class Trial:
    """What one index kind showed.

    Attributes:
        kind: the short name or factory string that was tried.
        factory: the FAISS factory string it stands for here.
        effort: the search settings that reach the wanted recall, or the hardest ones.
        recall: share of the exact 10 nearest that it finds, 0 to 1.
        latency: seconds for one query alone.
        throughput: queries a second in a batch.
        memory: bytes that searching keeps in memory.
        build: seconds it took to make.
        fits: whether all of it is inside the budget.
    """

    kind: str
    factory: str
    effort: dict[str, int]
    recall: float
    latency: float
    throughput: float
    memory: int
    build: float
    fits: bool


def tune(
    gallery: Gallery,
    budget: Budget,
    *,
    kinds: Sequence[str] = KINDS[1:],
    progress: Progress = silent,
) -> list[Trial]:
    """Make and measure each of `kinds` on the gallery's vectors; nothing on disk changes.

    Recall is measured against the exact answer with indexed vectors as queries, each one's own
    item left out of the count.

    Args:
        gallery: an open index.
        budget: what a kind must keep to in order to fit.
        kinds: short names or FAISS factory strings; those that are exact at this size, or need
            more memory than there is, are passed over.
        progress: told of the kinds tried.

    Returns:
        One trial per kind, those that fit first, the fastest first.

    Raises:
        UsageError: a kind that FAISS does not know, or none that fits the memory.
        StoreError: the index is empty.
    """
    for kind in kinds:
        check_kind(kind, gallery.dim)
    count, dim = len(gallery), gallery.dim
    if not count:
        raise StoreError(
            f"The index {gallery.folder} is empty: there is nothing to measure.",
            "Fill it first with `siam index add` or `siam index sync`.",
        )
    ids, vectors = gallery.everything()
    trials: list[Trial] = []
    tried: set[str] = set()
    for done, kind in enumerate(kinds):
        progress(Stage("Trying kinds", kind), done, len(kinds))
        short = choose(budget, count=count, dim=dim) if kind == "auto" else kind
        named = factory(short, count=count, dim=dim)
        too_big = (
            short in KINDS
            and budget.max_memory is not None
            and memory(short, count=count, dim=dim) > budget.max_memory
        )
        if named not in tried and not too_big:
            tried.add(named)
            trials.append(_try(kind, named, ids, vectors, budget))
    progress("Trying kinds", len(kinds), len(kinds))
    if not trials:
        least = min(memory(kind, count=count, dim=dim) for kind in kinds if kind in KINDS[1:])
        raise UsageError(
            f"None of {', '.join(kinds)} holds {count:,} vectors of {dim} dimensions in "
            f"{budget.max_memory or 0:,.0f} bytes.",
            f"Give it {least:,} bytes or more (--max-memory), or try other kinds.",
        )
    return sorted(trials, key=lambda trial: (not trial.fits, trial.latency))


def best(trials: Sequence[Trial]) -> Trial:
    """Return the fastest trial that fits.

    Raises:
        UsageError: none does; the error says what came nearest.
    """
    fitting = [trial for trial in trials if trial.fits]
    if not fitting:
        nearest = max(trials, key=lambda trial: trial.recall)
        cost = f"{nearest.latency * 1e3:.2f} ms and {nearest.memory / 2**20:.1f} MB"
        raise UsageError(
            f"No index kind fits the budget; {nearest.kind} finds most: {nearest.recall:.1%} "
            f"with {cost}.",
            "Loosen --max-memory, --max-latency or --min-recall.",
        )
    return min(fitting, key=lambda trial: trial.latency)


def _try(kind: str, named: str, ids: Integers, vectors: Vectors, budget: Budget) -> Trial:
    started = time.perf_counter()
    approximate = make_structure(vectors, named) if named else None
    manifest = Manifest(generation=0, stamp=0, last_id=0, kind=named, effort={}, count=len(ids))
    files = FaissFiles(Path(), manifest, vectors, ids, approximate)
    recall = 1.0
    if approximate is not None:
        setting = autotune(files, settings_of(approximate), budget.min_recall)
        files, recall = files.with_effort(setting.effort), setting.recall
    built = time.perf_counter() - started
    latency, throughput = _speed(files)
    size = vectors.nbytes if approximate is None else size_of(approximate)
    fits = (
        recall >= budget.min_recall
        and (budget.max_memory is None or size <= budget.max_memory)
        and (budget.max_latency is None or latency <= budget.max_latency)
    )
    made = "Flat" if approximate is None else named
    return Trial(kind, made, files.manifest.effort, recall, latency, throughput, size, built, fits)


def _speed(files: FaissFiles) -> tuple[float, float]:
    """Return seconds for one query alone (the median), and queries a second in a batch."""
    count = len(files.vectors)
    rows = np.random.default_rng(1).choice(count, min(SAMPLE, count), replace=False)
    queries = np.ascontiguousarray(files.vectors[rows])
    took = []
    for query in queries:
        started = time.perf_counter()
        search(files, query[None], NEIGHBOURS)
        took.append(time.perf_counter() - started)
    started = time.perf_counter()
    search(files, queries, NEIGHBOURS)
    return float(np.median(took)), len(queries) / (time.perf_counter() - started)
