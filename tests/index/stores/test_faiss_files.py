"""The accelerator is disposable: damage of every sort is seen, done without, and mended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.index.gallery import Gallery
from siam.index.stores.faiss_files import folders
from siam.index.verify import verify


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def zero_tail(path: Path) -> None:
    half = path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:half] + bytes(path.stat().st_size - half))


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE = [cut, zero, zero_tail, empty, Path.unlink]


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("name", ["vectors.npy", "approximate.faiss", "ids.npy", "manifest.json"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_seen_and_mended(
    gallery: Gallery,
    vectors: np.ndarray,
    assert_equal: Any,
    nearest: Any,
    kind: str,
    name: str,
    damage: Callable[[Path], None],
) -> None:
    # IVF needs a factory string here: the short name is exact below 1,000 vectors.
    gallery.configure(kind="IVF8,Flat" if kind == "ivf" else kind)
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    if not (folder / name).exists():
        pytest.skip("a flat index has no such file")
    damage(folder / name)
    expected = nearest(vectors, np.arange(1, len(vectors) + 1), vectors[:9], 5)
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is None
        assert_equal(reader.search(vectors[:9], 5), expected)
    with Gallery.open(gallery.folder) as again:
        found = verify(again, repair=True)
        assert [problem.what.split()[2] for problem in found.problems] == ["is"]
        assert found.clean
        assert again.snapshot().store.stamp is not None
        assert_equal(again.search(vectors[:9], 5, exact=True), expected)
        assert verify(again).problems == ()


def test_a_swapped_accelerator_is_not_believed(tmp_path: Path, clustered: Any) -> None:
    """Two indexes of equal size and equal generation: the stamp tells them apart."""
    places = []
    for number in range(2):
        folder = tmp_path / str(number)
        with Gallery.create(folder, dim=16, encoder_hash="") as gallery:
            gallery.add(clustered(50, seed=number), keys=[str(i) for i in range(50)])
            gallery.build()
        places.append(folder)
    own, foreign = (folders(place)[0] for place in places)
    shutil.rmtree(own)
    shutil.copytree(foreign, own)
    with Gallery.open(places[0]) as gallery:
        assert gallery.search(clustered(1, seed=0), 1).distances[0, 0] == 0.0
        assert gallery.snapshot().store.stamp is None
    for path in folders(places[0]):
        shutil.rmtree(path)
    shutil.copytree(foreign, places[0] / foreign.name)
    with Gallery.open(places[0]) as gallery:
        assert gallery.snapshot().store.stamp is None


def test_one_file_of_another_generation_is_not_believed(gallery: Gallery, clustered: Any) -> None:
    gallery.build()
    (old,) = folders(gallery.folder)
    kept = (old / "vectors.npy").read_bytes()
    gallery.add(clustered(600, seed=4), keys=[f"k{i}" for i in range(600)])
    gallery.build()
    gallery.close()
    (new,) = folders(gallery.folder)
    (new / "vectors.npy").write_bytes(kept)
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is None
        assert reader.search(clustered(1, seed=4), 1).distances[0, 0] == 0.0


def test_a_lagging_accelerator_is_caught_up(gallery: Gallery, clustered: Any) -> None:
    gallery.build()
    assert gallery.snapshot().lag == 0
    gallery.add(clustered(5, seed=8), keys=list("abcde"))
    gallery.remove([1, 2])
    assert gallery.snapshot().lag == 7
    assert not gallery.catch_up()  # 7 of 603 are read beside it
    gallery.add(clustered(20, seed=9), keys=[f"n{i}" for i in range(20)])
    assert gallery.catch_up()
    assert gallery.snapshot().lag == 0
    assert len(folders(gallery.folder)) == 1


def test_a_deleted_accelerator_is_made_again_by_the_next_search(
    gallery: Gallery, vectors: np.ndarray
) -> None:
    gallery.build()
    gallery.close()
    shutil.rmtree(folders(gallery.folder)[0])
    with Gallery.open(gallery.folder) as again:
        assert again.search(vectors[:1], 1).ids[0, 0] == 1
    assert len(folders(gallery.folder)) == 1


def test_a_reader_keeps_its_accelerator_while_a_writer_replaces_it(
    gallery: Gallery, vectors: np.ndarray, clustered: Any
) -> None:
    gallery.build()
    with Gallery.open(gallery.folder, read_only=True) as reader:
        before = reader.search(vectors, 3)
        gallery.add(clustered(1, seed=50), keys=["new"])
        gallery.build()
        after = reader.search(vectors, 3)
        assert reader.search(clustered(1, seed=50), 1).distances[0, 0] == 0.0
        assert (after.distances <= before.distances).all()


def test_leftovers_of_a_killed_build_are_swept_away(gallery: Gallery) -> None:
    (gallery.folder / ".building-4711").mkdir()
    gallery.build()
    names = [path.name for path in gallery.folder.iterdir()]
    assert not [name for name in names if name.startswith(".building")]


def test_a_history_that_was_forgotten_is_loaded_anew(
    gallery: Gallery, vectors: np.ndarray, clustered: Any
) -> None:
    """A reader that slept through a build finds its own generation gone from the catalogue."""
    with Gallery.open(gallery.folder, read_only=True) as reader:
        reader.search(vectors[:1], 1)
        gallery.remove([1])
        gallery.build()
        gallery.add(clustered(1, seed=51), keys=["k1"])
        gallery.build()
        assert reader.search(vectors[:1], 1).ids[0, 0] != 1
        assert reader.search(clustered(1, seed=51), 1).ids[0, 0] == 2
