"""Index kinds of a store on a server: built, searched, measured, and refused where unknown."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from milvus_server import MilvusServer

from siam.errors import StoreError, UsageError
from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.remote_gallery import RemoteGallery
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_kinds import (
    KINDS,
    USUAL,
    build_settings,
    check_kind,
    efforts,
    limit_for,
    search_settings,
)
from siam.index.summary import summarise
from siam.index.verify import verify

APPROXIMATE = [kind for kind in USUAL if kind != "FLAT"]
Push = Callable[..., Pushed]


def test_an_unknown_kind_is_refused() -> None:
    assert check_kind("ivf_sq8") == "IVF_SQ8"
    with pytest.raises(UsageError, match="no index kind 'LSH'") as said:
        check_kind("LSH")
    assert "HNSW" in said.value.cure and said.value.exit_code == 2


@pytest.mark.parametrize("kind", KINDS)
def test_efforts_rise_and_end_with_all_there_is(kind: str) -> None:
    built = build_settings(kind, count=100_000, dim=60)
    steps = [sum(step.values()) for step in efforts(kind, built)]
    assert steps == sorted(set(steps))
    if "nlist" in built:
        assert steps[-1] == built["nlist"]
    assert 60 % built.get("m", 1) == 0


def test_a_search_asks_for_no_more_than_milvus_gives() -> None:
    assert [limit_for(kind, 10) for kind in ("FLAT", "IVF_SQ8", "IVF_PQ")] == [14, 24, 84]
    assert limit_for("IVF_PQ", 16_380) == 16_384
    with pytest.raises(UsageError, match="16,380 neighbours at most, received 16,381"):
        limit_for("HNSW", 16_381)
    assert search_settings({"ef": 64}, 84) == {"ef": 84}
    assert search_settings({"nprobe": 8}, 84) == {"nprobe": 8}


@pytest.fixture
def address(milvus: MilvusServer) -> str:
    return milvus.address(f"k{secrets.token_hex(8)}")


@pytest.fixture
def pushed(gallery: Gallery, address: str) -> Push:
    def run(**more: Any) -> Pushed:
        with contextlib.closing(MilvusConnection(parse_address(address))) as connection:
            return push(gallery, connection, **more)

    return run


def opened(address: str) -> RemoteGallery:
    return RemoteGallery.connect(address, dim=16, encoder_hash="e" * 64, read_only=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", APPROXIMATE)
def test_a_push_measures_its_kind_and_says_so(
    gallery: Gallery, address: str, pushed: Push, kind: str
) -> None:
    assert pushed(kind=kind).sent == 600
    with opened(address) as remote:
        told = summarise(remote)
        assert (told.kind, told.structure) == (kind, f"Milvus {kind}")
        assert told.recall >= 0.99 and len(told.effort) == 1
        assert verify(remote).clean
        facts = remote.store.facts
        assert facts is not None and facts.effort in efforts(kind, facts.built)
    assert pushed() == Pushed(address, 600, 0)  # as it is
    assert pushed(kind="FLAT").sent == 600
    with opened(address) as remote:
        assert (summarise(remote).kind, summarise(remote).recall) == ("FLAT", 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", APPROXIMATE)
@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("where", ["label=3", "label!=3", "rank<4", "split=test and rank>=300"])
def test_a_filter_costs_no_neighbour(
    gallery: Gallery,
    address: str,
    pushed: Push,
    nearest: Any,
    vectors: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    few: int,
    where: str,
) -> None:
    """Also of queries that lie far from all that pass, and where the graph itself is asked."""
    monkeypatch.setattr("siam.index.stores.milvus_reader.FEW", few)
    pushed(kind=kind)
    passing, queries = gallery.select(where), vectors[:20]
    with opened(address) as remote:
        found = remote.search(queries, 7, where=where)
        np.testing.assert_array_equal(found.counts, min(7, len(passing)))
        assert np.isin(found.ids, [*passing, -1]).all()
        _, distances = nearest(vectors[passing - 1], passing, queries, 7)
        np.testing.assert_allclose(found.distances, distances, atol=2e-6)


@pytest.mark.slow
def test_a_search_that_finds_too_few_looks_harder_and_then_at_every_row(
    address: str, pushed: Push, monkeypatch: pytest.MonkeyPatch, vectors: np.ndarray
) -> None:
    pushed(kind="IVF_FLAT")
    tried: list[dict[str, int]] = []
    with opened(address) as remote:
        search = remote.store._search

        def lose(queries: Any, limit: int, conditions: Any, effort: Any, held: Any) -> Any:
            tried.append(effort)
            return search(queries, limit, conditions, effort, held)[:, :3]

        monkeypatch.setattr(remote.store, "_search", lose)
        assert remote.search(vectors[:5], 7).counts.tolist() == [7] * 5
        assert len(tried) == 2 and tried[0] != tried[1]
        assert remote.search(vectors[:5], 7, exact=True).counts.tolist() == [7] * 5
        assert len(tried) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted({*KINDS} - {*USUAL}))
def test_a_kind_that_the_server_does_not_know_is_refused_in_a_line(
    address: str, pushed: Push, kind: str
) -> None:
    with pytest.raises(StoreError, match=f"builds no index of kind {kind}: ") as said:
        pushed(kind=kind)
    assert "\n" not in said.value.problem and "--kind" in said.value.cure
    assert said.value.exit_code == 4
    assert pushed().sent == 600  # nothing of it is left
    with opened(address) as remote:
        assert remote.kind == "FLAT"
