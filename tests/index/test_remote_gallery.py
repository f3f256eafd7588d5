"""A gallery on a server answers as the one in a folder does, filters too, and takes changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from milvus_server import MilvusServer

from siam.errors import StoreError, UsageError
from siam.index.gallery import Gallery
from siam.index.push import Pushed, push
from siam.index.remote_gallery import RemoteGallery
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_building import Building
from siam.index.stores.milvus_connection import MilvusConnection

pytestmark = pytest.mark.slow
Open = Callable[..., RemoteGallery]


@pytest.fixture
def address(milvus: MilvusServer) -> str:
    return milvus.address(f"g{secrets.token_hex(8)}")


def pushed(gallery: Gallery, address: str, **more: Any) -> Pushed:
    connection = MilvusConnection(parse_address(address))
    try:
        return push(gallery, connection, **more)
    finally:
        connection.close()


@pytest.fixture
def remote(gallery: Gallery, address: str) -> Iterator[RemoteGallery]:
    pushed(gallery, address)
    with RemoteGallery.connect(address, dim=16, encoder_hash="e" * 64, read_only=False) as opened:
        yield opened


def test_it_answers_what_the_folder_does(
    gallery: Gallery, remote: RemoteGallery, clustered: Any
) -> None:
    queries = clustered(12, seed=5)
    here, there = gallery.search(queries, 7), remote.search(queries, 7)
    np.testing.assert_array_equal(there.ids, here.ids)
    np.testing.assert_array_equal(there.distances, here.distances)
    ids = here.ids[0]
    assert remote.items(ids) == gallery.items(ids)
    assert remote.thumbnails(ids) == gallery.thumbnails(ids)
    np.testing.assert_array_equal(remote.labels_of(here.ids), gallery.labels_of(here.ids))
    np.testing.assert_array_equal(remote.vectors_of(ids), gallery.vectors_of(ids))
    assert (len(remote), remote.ids_of(["k3", "none"])) == (600, {"k3": 4})
    like, wanted = remote.search_like([5, 9], 3), gallery.search_like([5, 9], 3)
    np.testing.assert_array_equal(like.ids, wanted.ids)
    for mine, own in zip(remote.everything(), gallery.everything(), strict=True):
        np.testing.assert_array_equal(mine, own)
    with pytest.raises(UsageError, match="holds no item 9999"):
        remote.items([9999])
    with pytest.raises(StoreError, match=r"has no catalogue.*\n.*own index:  --store local"):
        remote.catalogue.position(None)  # type: ignore[arg-type]


FIELDS = st.sampled_from(["label", "split", "key", "id", "rank", "taken"])
VALUES = st.sampled_from(["3", "7", "train", "k5", "12", "450", "2024-03-01", "'3'", "k2", "2.5"])
LEAVES = st.tuples(FIELDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), VALUES).filter(
    lambda leaf: leaf[0] != "id" or leaf[2][0] in "0123456789" and "-" not in leaf[2]
)
FILTERS = st.recursive(
    LEAVES.map("".join),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(
            lambda parts: f"({''.join(parts)})"
        ),
    ),
    max_leaves=4,
)


@given(where=FILTERS)
@example("rank='3'")
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_filters_mean_the_same_there(
    gallery: Gallery, remote: RemoteGallery, vectors: np.ndarray, nearest: Any, where: str
) -> None:
    passing = gallery.select(where)
    np.testing.assert_array_equal(remote.select(where), passing)
    found = remote.search(vectors[:3], 5, where=where)
    ids, distances = nearest(vectors[passing - 1], passing, vectors[:3], 5)
    np.testing.assert_allclose(found.distances, distances, atol=2e-6)
    assert np.isin(found.ids, [*passing, -1]).all()


def test_a_field_that_no_item_has_is_refused(remote: RemoteGallery) -> None:
    with pytest.raises(UsageError, match="No item of this index has 'lux'"):
        remote.search(np.eye(16)[:1], 1, where="lux=4")
    assert len(remote.select("rank=1000000")) == 0


def test_clients_add_change_and_remove(remote: RemoteGallery, clustered: Any) -> None:
    new = clustered(4, seed=8)
    other = RemoteGallery.connect(
        str(remote.address), dim=16, encoder_hash="e" * 64, read_only=False
    )
    with other:
        ids = remote.add(
            new, keys=["k1", "n1", "n2", "n3"], labels=list("abcd"), metas=[{"x": 1}] * 4
        )
        again = other.add(new, keys=["k1", "n1", "n2", "n3"], labels=list("abcd"))
        np.testing.assert_array_equal(again, ids)
        assert ids[0] == 2 and (ids[1:] >= 1 << 52).all() and (ids < 1 << 53).all()
        assert len(remote) == len(other) == 603
        assert [item.label for item in other.items(ids)] == list("abcd")
        assert other.thumbnails(ids[:1]) == [b"png1"]
        assert other.relabel([ids[0], ids[1], 9999], "a") == 1
        assert [item.label for item in remote.items(ids[:2])] == ["a", "a"]
        assert remote.relabel(ids[:1], None) == 1 and other.items(ids[:1])[0].label is None
        np.testing.assert_array_equal(other.vectors_of(ids), new)
        assert other.search(new, 1).ids[:, 0].tolist() == ids.tolist()
        assert other.remove([*ids[2:], 9999]) == 2
        assert (len(remote), remote.ids_of(["n1", "n3"])) == (601, {"n1": ids[1]})
    reader = RemoteGallery.connect(str(remote.address), dim=16, encoder_hash="e" * 64)
    with reader, pytest.raises(StoreError, match="opened for reading only"):
        reader.remove([1])


def test_keys_whose_ids_fall_together_get_two(
    remote: RemoteGallery, clustered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.index.remote_gallery._id_of", lambda key: 1 << 52)
    first = remote.add(clustered(2, seed=8), keys=["n1", "n2"])
    assert sorted(first) == [1 << 52, (1 << 52) + 1]
    (third,) = remote.add(clustered(1, seed=9), keys=["n3"])
    assert third == (1 << 52) + 2


def test_pushing_again_sends_nothing_and_loses_nothing(
    gallery: Gallery, address: str, clustered: Any
) -> None:
    assert pushed(gallery, address) == Pushed(address, 600, 600)
    assert pushed(gallery, address) == Pushed(address, 600, 0)
    gallery.remove([1, 2])
    assert pushed(gallery, address) == Pushed(address, 598, 598)
    with RemoteGallery.connect(address, dim=16, encoder_hash="e" * 64, read_only=False) as remote:
        remote.add(clustered(1, seed=3), keys=["theirs"])
    with pytest.raises(StoreError, match=r"a push would lose that.\n.*--replace"):
        pushed(gallery, address)
    assert pushed(gallery, address, replace=True).sent == 598
    with RemoteGallery.connect(address, dim=16, encoder_hash="e" * 64) as remote:
        assert remote.ids_of(["theirs"]) == {}


def test_another_encoder_is_refused_and_replaced_only_where_that_is_said(
    gallery: Gallery, address: str, tmp_path: Any
) -> None:
    pushed(gallery, address)
    for dim, encoder, words in (
        (16, "f" * 64, "by the encoder eeeeeeeeeeee"),
        (8, "e" * 64, "of 16"),
    ):
        with pytest.raises(StoreError, match=words):
            RemoteGallery.connect(address, dim=dim, encoder_hash=encoder)
    with Gallery.create(tmp_path / "other", dim=8, encoder_hash="f" * 64) as other:
        other.add(np.eye(8), keys=list("abcdefgh"))
        with pytest.raises(StoreError, match="filled by the encoder"):
            pushed(other, address)
        pushed(other, address, replace=True)
    with RemoteGallery.connect(address, dim=8, encoder_hash="f" * 64) as remote:
        assert len(remote) == 8


def test_there_is_always_an_answer_while_another_collection_takes_its_place(
    gallery: Gallery, remote: RemoteGallery, vectors: np.ndarray
) -> None:
    for round_ in range(2):
        gallery.remove([600 - round_])
        pushed(gallery, str(remote.address))
        assert remote.search(vectors[:1], 1).ids[0, 0] == 1
        assert len(remote) == 599 - round_


def test_what_clients_add_during_a_push_is_not_lost(
    gallery: Gallery, remote: RemoteGallery, clustered: Any
) -> None:
    gallery.remove([1])

    def add(_: object, done: int, total: int) -> None:
        if done == total:
            remote.add(clustered(1, seed=3), keys=["theirs"])

    with pytest.raises(StoreError, match="a push would lose that"):
        pushed(gallery, str(remote.address), progress=add)
    assert (len(remote), len(remote.ids_of(["theirs"]))) == (601, 1)


def test_what_clients_add_while_the_name_is_switched_is_in_what_answers_then(
    gallery: Gallery, remote: RemoteGallery, clustered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client writes between the last look at the old collection and the switch, or after it."""
    point_to = Building._point_to
    new = clustered(2, seed=3)

    def late(building: Building, name: str, before: str) -> None:
        if name == building.name:
            remote.add(new[:1], keys=["before"])
        point_to(building, name, before)

    gallery.remove([1])
    with monkeypatch.context() as patched:
        patched.setattr(Building, "_point_to", late)
        with pytest.raises(StoreError, match="a push would lose that"):
            pushed(gallery, str(remote.address))
    assert remote.ids_of(["before", "k0"]).keys() == {"before", "k0"}  # as it was, and that
    assert pushed(gallery, str(remote.address), replace=True).sent == 599
    remote.add(new[1:], keys=["after"])  # of a client that still has the old one open
    with RemoteGallery.connect(str(remote.address), dim=16, encoder_hash="e" * 64) as other:
        assert (len(other), other.ids_of(["after", "before"]).keys()) == (600, {"after"})
        assert other.store.facts is not None and other.store.facts.changed
