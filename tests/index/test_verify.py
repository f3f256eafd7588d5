"""Every sort of damage that verify names, and what repair makes of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.atomic import sha256
from siam.index import accelerator
from siam.index.catalogue import FILE
from siam.index.gallery import Gallery
from siam.index.verify import verify


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
    (folder,) = accelerator.find(gallery.folder)
    path = folder / "exact.faiss"
    content = bytearray(path.read_bytes())
    content[6_000] ^= 0x40
    path.write_bytes(content)
    with Gallery.open(gallery.folder) as again:
        assert again.snapshot().base is not None
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
