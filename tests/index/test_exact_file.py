"""The file of exact vectors is what FAISS itself would write, and is written piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from siam.index import reader, snapshots
from siam.index.exact_file import growing, open_exact
from siam.index.gallery import Gallery


@pytest.mark.parametrize("pieces", [[], [0], [7], [3, 1, 5]])
def test_it_is_byte_by_byte_what_faiss_writes(
    tmp_path: Path, clustered: Any, pieces: list[int]
) -> None:
    rows = clustered(sum(pieces) or 1)[: sum(pieces)]
    with growing(tmp_path / "ours", rows.shape[1]) as append:
        for piece in np.split(rows, np.cumsum(pieces)[:-1] if pieces else []):
            append(piece)
    theirs = faiss.IndexFlatIP(rows.shape[1])
    theirs.add(rows)
    faiss.write_index(theirs, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_it_opens_as_an_index_over_the_rows(tmp_path: Path, vectors: np.ndarray) -> None:
    with growing(tmp_path / "exact", vectors.shape[1]) as append:
        append(vectors)
    index, mapped = open_exact(tmp_path / "exact")
    np.testing.assert_array_equal(mapped, vectors)
    assert index.search(vectors[5:6], 1)[1][0, 0] == 5
    assert not mapped.flags.writeable


@pytest.mark.parametrize("kind", ["flat", "HNSW8,Flat"])
def test_building_never_holds_all_vectors_of_the_catalogue(
    gallery: Gallery, clustered: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Ten million vectors are more than one wants in memory beside what is being built."""

    def refuse(*_: object) -> None:
        raise AssertionError("read all vectors at once")

    gallery.configure(kind=kind)
    with monkeypatch.context() as patch:
        for module in (reader, snapshots):
            patch.setattr(module, "vectors_since", refuse)
        assert gallery.catch_up()
        gallery.add(clustered(60, seed=4), keys=[f"n{i}" for i in range(60)])
        gallery.remove([1, 2])
        assert gallery.catch_up()
        assert not gallery.catch_up()
    snapshot = gallery.snapshot()
    assert (snapshot.lag, snapshot.count, len(snapshot.newer)) == (0, 658, 0)
