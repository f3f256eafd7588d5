"""Every sort of damage that verify names, and what repair makes of it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.atomic import sha256
from siam.index.catalogue import FILE
from siam.index.gallery import Gallery
from siam.index.matches import Matches, recall, sampling_error
from siam.index.stores.faiss_files import folders
from siam.index.verify import brute_force, verify


def meddle(gallery: Gallery, *statements: str) -> None:
    """Change the catalogue behind siam's back."""
    connection = sqlite3.connect(gallery.folder / FILE)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_sound_index(gallery: Gallery) -> None:
    gallery.build()
    found = verify(gallery)
    assert (found.items, found.recall, found.problems, found.clean) == (600, 1.0, (), True)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE state SET count = 7", "counts 7 items and holds 600"),
        ("DELETE FROM items WHERE id = 9", "1 vectors belong to no item"),
        ("DELETE FROM vectors WHERE id = 9", "1 items have no vector"),
        ("INSERT INTO thumbnails VALUES (9999, x'00')", "1 thumbnails belong to no item"),
    ],
)
def test_rows_that_disagree(gallery: Gallery, statement: str, words: str) -> None:
    gallery.build()
    meddle(gallery, statement)
    found = verify(gallery)
    assert not found.clean
    assert any(words in problem.what for problem in found.problems)
    assert verify(gallery, repair=True).clean
    assert verify(gallery).problems == ()


def test_a_damaged_vector_comes_back_from_the_accelerator(
    gallery: Gallery, vectors: np.ndarray
) -> None:
    gallery.build()
    meddle(gallery, "UPDATE vectors SET vector = zeroblob(64) WHERE id = 5")
    found = verify(gallery)
    assert not found.clean
    assert any("1 vectors are damaged (first: item 5)" in p.what for p in found.problems)
    assert verify(gallery, repair=True).clean
    np.testing.assert_array_equal(gallery.vectors_of([5])[0], vectors[4])
    assert verify(gallery).clean


def test_a_damaged_vector_without_a_copy_is_embedded_again_by_sync(gallery: Gallery) -> None:
    meddle(
        gallery,
        "UPDATE items SET hash = 'h', stat = 's' WHERE id = 5",
        "UPDATE vectors SET vector = zeroblob(64) WHERE id = 5",
    )
    found = verify(gallery, repair=True)
    assert not found.clean
    assert any("`siam index sync` embeds" in problem.what for problem in found.problems)
    with gallery.catalogue.reading() as connection:
        row = connection.execute("SELECT hash, stat FROM items WHERE id = 5").fetchone()
    assert row == ("", "")


def test_a_changed_byte_in_the_accelerator(gallery: Gallery, clustered: Any) -> None:
    """Too small for the checksum over blocks, found by comparing every vector."""
    count = 20_000
    gallery.add(clustered(count, seed=2), keys=[f"n{i}" for i in range(count)])
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    path = folder / "vectors.npy"
    content = bytearray(path.read_bytes())
    content[6_000] ^= 0x40
    path.write_bytes(content)
    with Gallery.open(gallery.folder) as again:
        assert again.snapshot().store.stamp is not None
        found = verify(again)
        what = "1 rows of the accelerator differ from the catalogue's."
        assert what in [problem.what for problem in found.problems]
        assert not found.clean
        assert verify(again, repair=True).clean
        assert verify(again).problems == ()


def test_a_file_that_changed_since(gallery: Gallery, tmp_path: Path, vectors: np.ndarray) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"first")
    keys = [str(picture)]
    gallery.add(vectors[:1], keys=keys, hashes=[sha256(picture)], stats=["1"])
    gallery.build()
    assert verify(gallery).checked_files == 1
    assert verify(gallery).problems == ()
    picture.write_bytes(b"second")
    (problem,) = verify(gallery).problems
    assert "has changed since it was embedded" in problem.what
    assert problem.harmless
    assert verify(gallery, files=False).problems == ()


def test_a_changed_byte_in_the_approximate_index(gallery: Gallery, clustered: Any) -> None:
    """Too small for the checksum over blocks and for the recall of a sample."""
    count = 20_000
    gallery.add(clustered(count, seed=2), keys=[f"n{i}" for i in range(count)])
    gallery.configure(kind="SQ8")
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    path = folder / "approximate.faiss"
    content = bytearray(path.read_bytes())
    content[4_600] ^= 0x40  # between two blocks of the quick checksum
    path.write_bytes(content)
    with Gallery.open(gallery.folder) as again:
        assert again.snapshot().store.stamp is not None
        (problem,) = verify(again).problems
        assert problem.what == "approximate.faiss of the accelerator is not what was written."
        assert verify(again, repair=True).clean
        assert verify(again).problems == ()


def test_a_search_that_finds_too_little(gallery: Gallery, clustered: Any) -> None:
    count = 2_000
    gallery.add(clustered(count, seed=2), keys=[f"n{i}" for i in range(count)])
    gallery.configure(kind="IVF16,Flat")
    gallery.build(afresh=True)
    assert verify(gallery).problems == ()
    (folder,) = folders(gallery.folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    least = manifest["extra"]["recall@10"]
    assert manifest["effort"]["nprobe"] > 1
    manifest["effort"]["nprobe"] = 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        found = verify(again)
        assert not found.clean
        assert found.recall < least - 0.02
        assert "of the brute-force answer, not" in found.problems[0].what


def test_recall_and_its_error_by_hand() -> None:
    exact = Matches(
        np.array([[1, 2], [3, 4], [5, -1]]), np.array([[0.1, 0.2], [0.1, 0.2], [0.1, np.inf]])
    )
    found = Matches(
        np.array([[1, 2], [3, 9], [5, 8]]), np.array([[0.1, 0.2], [0.1, 0.3], [0.1, 0.5]])
    )
    # Of 2, 2 and 1 wanted, 2, 1 and 1 are found: shares 1, 1/2 and 1, standard deviation 0.2887.
    assert recall(found, exact) == pytest.approx(4 / 5)
    assert sampling_error(found, exact) == pytest.approx(0.2887 / 3**0.5, abs=1e-4)
    nothing = Matches(np.empty((1, 0), np.int64), np.empty((1, 0)))
    assert (recall(nothing, nothing), sampling_error(nothing, nothing)) == (1.0, 0.0)


def test_brute_force_agrees_with_the_plainest(
    gallery: Gallery, clustered: Any, nearest: Any, vectors: np.ndarray
) -> None:
    queries = np.concatenate([clustered(20, seed=4), vectors[:5]])
    found = brute_force(gallery.catalogue, queries, 7)
    ids, distances = nearest(vectors, np.arange(1, len(vectors) + 1), queries, 7)
    np.testing.assert_array_equal(found.ids, ids)
    np.testing.assert_allclose(found.distances, distances, atol=2e-6)
    assert (brute_force(gallery.catalogue, queries, 700).ids[:, 600:] == -1).all()


def test_without_an_accelerator_near_ties_are_no_damage(tmp_path: Path) -> None:
    """Neighbours nearer together than a product's rounding can tell stand in for each other."""
    generator = np.random.default_rng(5)
    clump = 1.0 + 1e-4 * generator.standard_normal((3000, 64))
    clump /= np.linalg.norm(clump, axis=1, keepdims=True)
    with Gallery.create(tmp_path / "index", dim=64, encoder_hash="e" * 64) as gallery:
        gallery.add(clump.astype(np.float32), keys=[f"k{i}" for i in range(3000)])
        found = verify(gallery)
    assert found.clean
    assert found.recall == 1.0
