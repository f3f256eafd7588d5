"""Tuning measures real recall, keeps to the budget, and says when nothing fits."""

from __future__ import annotations

import numpy as np
import pytest

from siam.errors import StoreError, UsageError
from siam.index.gallery import Gallery
from siam.index.matches import Matches, recall
from siam.index.stores.budget import Budget, parse_latency, parse_memory
from siam.index.stores.kinds import choose, factory, memory
from siam.index.stores.tune import best, tune


def test_trials_are_measured(gallery: Gallery) -> None:
    trials = {trial.kind: trial for trial in tune(gallery, Budget(min_recall=0.9))}
    # Inverted lists are exact at this size, so they are not tried a second time.
    assert set(trials) == {"flat", "hnsw", "sq8"}
    assert trials["flat"].recall == 1.0
    assert trials["flat"].memory == 600 * 16 * 4
    assert trials["sq8"].memory < trials["flat"].memory < trials["hnsw"].memory
    for trial in trials.values():
        assert trial.fits
        assert trial.latency > 0
        assert trial.throughput > 0
    assert best(list(trials.values())).latency == min(t.latency for t in trials.values())


def test_what_was_chosen_is_built(gallery: Gallery, vectors: np.ndarray) -> None:
    budget = Budget(min_recall=0.95, max_memory=1e9)
    gallery.configure(kind="hnsw", budget=budget)
    gallery.build(afresh=True)
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        assert again.kind == "hnsw"
        assert again.budget == budget
        info = again.snapshot().store.info
        assert (info.structure, info.exact) == ("HNSW32,Flat", False)
        assert info.recall >= 0.95
        assert again.search(vectors, 1).ids[:, 0].tolist() == list(range(1, 601))


def test_nothing_fits(gallery: Gallery) -> None:
    trials = tune(gallery, Budget(max_latency=1e-9), kinds=["flat"])
    with pytest.raises(UsageError, match="No index kind fits the budget; flat finds most: 100.0%"):
        best(trials)


def test_no_kind_fits_the_memory(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="holds 600 vectors of 16 dimensions in 10 bytes") as said:
        tune(gallery, Budget(max_memory=10))
    assert "7,200 bytes or more" in str(said.value.cure)  # ivfpq: 16 / 4 + 8 bytes each
    with pytest.raises(UsageError, match="--max-memory"):
        tune(gallery, Budget(max_memory=10), kinds=["auto"])
    (trial,) = tune(gallery, Budget(max_memory=10**6), kinds=["auto"])
    assert trial.factory == "Flat"


def test_an_empty_index_cannot_be_measured(gallery: Gallery) -> None:
    gallery.remove(gallery.select())
    with pytest.raises(StoreError, match="is empty"):
        tune(gallery, Budget())


def test_auto_is_tried_as_what_it_means(gallery: Gallery) -> None:
    (trial,) = tune(gallery, Budget(), kinds=["auto"])
    assert (trial.kind, trial.factory) == ("auto", "Flat")


def test_a_kind_that_has_too_little_to_learn_from_is_told_as_what_it_is(gallery: Gallery) -> None:
    gallery.remove(np.arange(21, 601))
    (trial,) = tune(gallery, Budget(), kinds=["IVF8,PQ16"])
    assert (trial.kind, trial.factory) == ("IVF8,PQ16", "Flat")


def test_an_unknown_kind_is_refused_before_anything_is_tried(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="no index kind"):
        tune(gallery, Budget(), kinds=["flat", "bogus"])


@pytest.mark.parametrize(
    ("budget", "count", "expected"),
    [
        (Budget(), 60_000, "flat"),
        (Budget(), 300_000, "flat"),
        (Budget(), 1_000_000, "ivf"),
        (Budget(max_latency=0.01), 1_000_000, "flat"),
        (Budget(), 10_000_000, "ivf"),
        (Budget(max_latency=0.001), 1_000_000, "ivf"),
        (Budget(max_memory=2**30), 10_000_000, "ivfpq"),
    ],
)
def test_auto_goes_by_size_and_budget(budget: Budget, count: int, expected: str) -> None:
    assert choose(budget, count=count, dim=64) == expected


def test_auto_refuses_what_cannot_be_held() -> None:
    with pytest.raises(UsageError, match="--max-memory"):
        choose(Budget(max_memory=2**20), count=10_000_000, dim=64)


def test_factory_strings() -> None:
    assert factory("flat", count=10**6, dim=64) == ""
    assert factory("ivf", count=500, dim=64) == ""
    assert factory("ivf", count=10**6, dim=64) == "IVF4096,Flat"
    assert factory("ivfpq", count=10**6, dim=64) == "IVF4096,PQ16"
    assert factory("HNSW8,SQ8", count=10, dim=64) == "HNSW8,SQ8"
    assert memory("flat", count=1000, dim=64) == 256_000


def test_recall_counts_ties_and_short_answers() -> None:
    exact = Matches(np.array([[1, 2], [3, -1]]), np.array([[0.1, 0.2], [0.3, np.inf]], np.float32))
    assert recall(exact, exact) == 1.0
    twin = Matches(np.array([[1, 9], [3, -1]]), exact.distances)
    assert recall(twin, exact) == 1.0
    worse = Matches(np.array([[1, 7], [-1, -1]]), np.array([[0.1, 0.5], [np.inf] * 2], np.float32))
    assert recall(worse, exact) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2G", 2 * 2**30), ("500M", 500 * 2**20), ("1.5k", 1536), ("800000", 8e5), ("4GiB", 2**32)],
)
def test_memory_is_read(text: str, expected: float) -> None:
    assert parse_memory(text) == expected


@pytest.mark.parametrize("text", ["", "G", "-1G", "2X", "0", "two"])
def test_memory_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="like 2G"):
        parse_memory(text)


@pytest.mark.parametrize(("text", "expected"), [("5ms", 0.005), ("200us", 0.0002), ("0.1s", 0.1)])
def test_latency_is_read(text: str, expected: float) -> None:
    assert parse_latency(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "5", "0ms", "fast"])
def test_latency_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="like 5ms"):
        parse_latency(text)
