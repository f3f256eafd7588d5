"""Approximate searches lose nothing to removed rows: not at random, not where a label was."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.index.gallery import Gallery
from siam.index.matches import recall
from siam.index.verify import verify

COUNT, DIM = 1_500, 16
KINDS = ["HNSW8,Flat", "IVF32,Flat", "IVF32,PQ8x4"]


@pytest.fixture(scope="module")
def vectors(clustered: Any) -> np.ndarray:
    made: np.ndarray = clustered(COUNT, DIM)
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray) -> Callable[[str], Path]:
    """Build an index of each kind once."""

    @functools.cache
    def build(kind: str) -> Path:
        folder = tmp_path_factory.mktemp("built") / "index"
        with Gallery.create(folder, dim=DIM, encoder_hash="", kind=kind) as gallery:
            labels = np.arange(COUNT) % 10  # the cluster that each vector lies in
            gallery.add(vectors, keys=[f"k{i}" for i in range(COUNT)], labels=labels)
            gallery.build(afresh=True)
        return folder

    return build


@pytest.fixture
def filled(tmp_path: Path, built: Callable[[str], Path], request: Any) -> Iterator[Gallery]:
    folder = shutil.copytree(built(request.param), tmp_path / "index")
    with Gallery.open(folder) as gallery:
        yield gallery


@pytest.mark.parametrize("filled", KINDS, indirect=True)
def test_neighbours_of_a_removed_label(filled: Gallery, clustered: Any) -> None:
    """All rows near the query are removed; the nearest that are left lie far away."""
    filled.remove(filled.select("label=3"))
    queries = clustered(COUNT, DIM, seed=1)[3:500:10]
    assert recall(filled.search(queries, 10), filled.search(queries, 10, exact=True)) >= 0.99
    single = filled.search(queries[0], 10)
    assert recall(single, filled.search(queries[0], 10, exact=True)) == 1.0
    assert verify(filled).clean


@pytest.mark.parametrize("filled", KINDS, indirect=True)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_recall_stays_where_rows_are_removed(filled: Gallery, clustered: Any, share: float) -> None:
    ids = filled.select()
    gone = np.random.default_rng(0).choice(ids, int(share * COUNT), replace=False)
    filled.remove(gone)
    queries = clustered(100, DIM, seed=1)
    found = filled.search(queries, 10)
    assert not np.isin(found.ids, gone).any()
    assert recall(found, filled.search(queries, 10, exact=True)) >= 0.985
    assert verify(filled).clean


@pytest.mark.parametrize("filled", ["flat"], indirect=True)
@pytest.mark.parametrize("count", [1, 300])
def test_exact_search_without_a_removed_label(
    filled: Gallery,
    vectors: np.ndarray,
    clustered: Any,
    nearest: Any,
    assert_equal: Any,
    count: int,
) -> None:
    """More rows near some of the queries are removed than a search fetches to spare."""
    filled.remove(filled.select("label=3"))
    queries = clustered(COUNT, DIM, seed=1)[3 : 3 + count]
    left = np.arange(COUNT) % 10 != 3
    expected = nearest(vectors[left], np.flatnonzero(left) + 1, queries, 10)
    assert_equal(filled.search(queries, 10), expected)
