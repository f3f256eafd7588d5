"""Vectors go to the store's file piece by piece, and are read from there mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.index import snapshot as snapshots
from siam.index.gallery import Gallery
from siam.index.stores.faiss_files import folders, read
from siam.index.stores.faiss_store import vectors_file


@pytest.mark.parametrize("pieces", [[], [0], [7], [3, 1, 5]])
def test_pieces_make_the_file_that_numpy_writes(
    tmp_path: Path, clustered: Any, pieces: list[int]
) -> None:
    rows = clustered(sum(pieces) or 1)[: sum(pieces)]
    with vectors_file(tmp_path / "ours.npy", rows.shape[1]) as append:
        for piece in np.split(rows, np.cumsum(pieces)[:-1] if pieces else []):
            append(piece)
    np.save(tmp_path / "theirs.npy", rows)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
    np.testing.assert_array_equal(np.load(tmp_path / "ours.npy", mmap_mode="r"), rows)


def test_vectors_are_mapped_not_read(gallery: Gallery, vectors: np.ndarray) -> None:
    gallery.build()
    files = read(folders(gallery.folder)[0])
    assert isinstance(files.vectors.base, np.memmap)
    assert not files.vectors.flags.writeable
    np.testing.assert_array_equal(files.vectors, vectors)


@pytest.mark.parametrize("kind", ["flat", "HNSW8,Flat"])
def test_building_never_holds_all_vectors_of_the_catalogue(
    gallery: Gallery, clustered: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Ten million vectors are more than one wants in memory beside what is being built."""

    def refuse(*_: object) -> None:
        raise AssertionError("read all vectors at once")

    gallery.configure(kind=kind)
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "vectors_since", refuse)
        assert gallery.catch_up()
        gallery.add(clustered(60, seed=4), keys=[f"n{i}" for i in range(60)])
        gallery.remove([1, 2])
        assert gallery.catch_up()
        assert not gallery.catch_up()
    snapshot = gallery.snapshot()
    assert (snapshot.lag, snapshot.position.count, len(snapshot.newer)) == (0, 658, 0)
