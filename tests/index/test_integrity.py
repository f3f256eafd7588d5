"""Integrity, check by check: each finds its own damage, and nothing in a sound index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from siam.atomic import sha256
from siam.errors import StoreError
from siam.index import integrity
from siam.index.gallery import Gallery
from siam.progress import silent

VECTORS = np.eye(6, dtype=np.float32)


@pytest.fixture
def six(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "index", dim=6, encoder_hash="") as gallery:
        gallery.add(VECTORS, keys=[f"k{place}" for place in range(6)], thumbnails=[b"P"] * 6)
        gallery.build()
        yield gallery


def meddle(gallery: Gallery, *statements: str) -> None:
    """Change the catalogue behind siam's back."""
    with sqlite3.connect(gallery.catalogue.path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def row_problems(gallery: Gallery) -> list[str]:
    with gallery.catalogue.reading() as connection:
        return integrity.row_problems(gallery.catalogue, connection)


def damaged(gallery: Gallery) -> list[int]:
    with gallery.catalogue.reading() as connection:
        return integrity.damaged_vectors(gallery.catalogue, connection, silent)


def test_a_sound_index_has_no_problem(six: Gallery) -> None:
    with six.catalogue.reading() as connection:
        integrity.check_pages(six.catalogue, connection)
    assert (row_problems(six), damaged(six)) == ([], [])
    assert integrity.count_differing(six.catalogue, six.snapshot()) == 0


def test_a_damaged_page_is_an_error(six: Gallery) -> None:
    """An index of SQLite's own that does not say what its table says."""
    meddle(
        six,
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
        " WHERE name = 'commits') WHERE name = 'thumbnails'",
    )
    connection = sqlite3.connect(six.catalogue.path)
    with pytest.raises(StoreError, match="is damaged") as caught:
        integrity.check_pages(six.catalogue, connection)
    connection.close()
    assert "siam index sync FOLDER" in caught.value.cure


@pytest.mark.parametrize(
    ("statement", "problems"),
    [
        ("DELETE FROM vectors WHERE id = 2", ["1 items have no vector."]),
        ("INSERT INTO thumbnails VALUES (99, x'00')", ["1 thumbnails belong to no item."]),
        ("UPDATE state SET count = 7", ["The catalogue counts 7 items and holds 6."]),
        (
            "DELETE FROM items WHERE id < 3",
            [
                "The catalogue counts 6 items and holds 4.",
                "2 vectors belong to no item.",
                "2 thumbnails belong to no item.",
            ],
        ),
    ],
)
def test_tables_that_disagree_are_told_and_mended(
    six: Gallery, statement: str, problems: list[str]
) -> None:
    meddle(six, statement)
    assert row_problems(six) == problems
    integrity.mend_rows(six.catalogue)
    assert row_problems(six) == []


def test_each_vector_comes_once_in_order(six: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "CHUNK", 4)
    with six.catalogue.reading() as connection:
        parts = list(integrity.each_vector(connection, 6))
    assert [ids.tolist() for ids, *_ in parts] == [[1, 2, 3, 4], [5, 6]]
    np.testing.assert_array_equal(np.concatenate([vectors for _, vectors, _ in parts]), VECTORS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vectors SET vector = zeroblob(24) WHERE id = 5",
        "UPDATE vectors SET checksum = checksum + 1 WHERE id = 5",
    ],
)
def test_a_damaged_vector_comes_back_from_the_store(six: Gallery, statement: str) -> None:
    meddle(six, statement)
    assert damaged(six) == [5]
    copies = integrity.intact_copies(six.catalogue, six.snapshot(), [5])
    # A copy is believed by the checksum alone, so one that is wrong itself leaves nothing.
    assert copies == ({5: VECTORS[4].tobytes()} if "zeroblob" in statement else {})
    integrity.restore(six.catalogue, copies, [])
    assert damaged(six) == ([] if copies else [5])


def test_a_lost_vector_is_taken_for_changed_by_the_next_sync(six: Gallery) -> None:
    meddle(six, "UPDATE items SET hash = 'h', stat = 's'")
    integrity.restore(six.catalogue, {}, [3])
    with six.catalogue.reading() as connection:
        rows = connection.execute("SELECT id FROM items WHERE hash = '' AND stat = ''").fetchall()
    assert rows == [(3,)]


def test_rows_of_the_store_that_differ_are_counted(six: Gallery) -> None:
    snapshot = six.snapshot()
    meddle(
        six,
        "UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE id = 1) WHERE id = 2",
        "DELETE FROM vectors WHERE id = 6",
    )
    # Item 2 differs, and what the store has of item 6 should not be there.
    assert integrity.count_differing(six.catalogue, snapshot) == 2


def test_a_file_that_changed_is_told_and_one_that_is_gone_is_not(
    six: Gallery, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("same.png", "other.png", "gone.png")]
    for file in files:
        file.write_bytes(b"first")
    names, hashes = [str(file) for file in files], [sha256(file) for file in files]
    six.add(VECTORS[:3], keys=names, hashes=hashes, stats=["1"] * 3)
    files[1].write_bytes(b"second")
    files[2].unlink()
    with six.catalogue.reading() as connection:
        changed, checked = integrity.changed_files(connection, silent)
    assert changed == [f"{files[1]} has changed since it was embedded"]
    assert checked == 2
