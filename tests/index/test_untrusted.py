"""An index from anybody: forged tables, rows and settings are one error, at once, and never run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from siam.errors import SiamError, StoreError, UsageError
from siam.index.catalogue import FILE
from siam.index.files import known_files
from siam.index.gallery import Gallery
from siam.index.stores.faiss_files import folders
from siam.index.stores.kinds import check_kind
from siam.index.summary import summarise
from siam.index.verify import verify

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
USES: dict[str, Callable[[Gallery], object]] = {
    "search": lambda gallery: gallery.items_there(gallery.search(np.eye(16)[:1], 700).ids[0]),
    "filter": lambda gallery: gallery.search(np.eye(16)[:1], 3, where="rank>3"),
    "labels": lambda gallery: gallery.labels_of(np.arange(1200)),
    "files": known_files,
    "info": summarise,
    "verify": verify,
    "add": lambda gallery: gallery.add(np.eye(16)[:1], keys=["k1"]),
    "remove": lambda gallery: gallery.remove([1, 2]),
    "build": lambda gallery: gallery.build(),
}


def forge(gallery: Gallery, *statements: str) -> Path:
    """Close a gallery and change its catalogue as somebody who means harm would."""
    gallery.close()
    connection = sqlite3.connect(gallery.folder / FILE)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return gallery.folder


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE state", f"CREATE VIEW state AS {ENDLESS} SELECT i AS generation FROM n"],
        ["DROP TABLE settings", f"CREATE VIEW settings AS {ENDLESS} SELECT i, 'x' FROM n"],
        ["CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM vectors; END"],
        ["CREATE TABLE more (id INTEGER)"],
        ["DROP INDEX items_label"],
        ["CREATE INDEX more ON items (split)"],
        ["ALTER TABLE items ADD COLUMN more AS (zeroblob(1000000000))"],
        ["DELETE FROM sqlite_schema WHERE name = 'thumbnails'"],
    ],
    ids=lambda statements: statements[-1].split(" AS ")[0].lower().replace(" ", "-"),
)
def test_other_tables_than_a_catalogues_are_refused(
    gallery: Gallery, statements: list[str]
) -> None:
    try:
        folder = forge(gallery, *statements)
    except sqlite3.OperationalError as error:  # SQLite itself refuses to make some of them
        pytest.skip(str(error))
    started = time.perf_counter()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="its tables are not a catalogue's"):
            Gallery.open(folder, read_only=read_only)
    assert time.perf_counter() - started < 2


def test_a_schema_of_other_bytes_than_utf_8_is_refused(gallery: Gallery) -> None:
    """SQLite's own words quote them."""
    name = "UPDATE sqlite_schema SET name = CAST(X'FF' AS TEXT) WHERE name = 'state'"
    folder = forge(gallery, name)
    for read_only in (True, False):
        with pytest.raises(StoreError):
            Gallery.open(folder, read_only=read_only)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items SET label = x'00ff' WHERE id = 5",
        "UPDATE items SET key = x'00ff' WHERE id = 5",
        "UPDATE items SET split = x'00ff' WHERE id = 5",
        "UPDATE items SET origin = x'2f' WHERE id = 5",
        "UPDATE items SET label = CAST(x'ff' AS TEXT) WHERE id = 5",
        "UPDATE items SET meta = '{' WHERE id = 5",
        "UPDATE items SET meta = '[1]' WHERE id = 5",
        "UPDATE items SET meta = '{\"a\": NaN}' WHERE id = 5",
        "UPDATE vectors SET vector = zeroblob(60) WHERE id = 5",
        "UPDATE vectors SET vector = 'text' WHERE id = 5",
        "UPDATE vectors SET checksum = 'none' WHERE id = 5",
        "UPDATE state SET count = 1 << 62",
        "UPDATE state SET count = 'many'",
        "UPDATE state SET generation = -1",
        "DELETE FROM state",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 'high'",
        "INSERT INTO changes VALUES (5, 'text')",
        "UPDATE settings SET value = 'abc' WHERE name = 'dim'",
        "UPDATE settings SET value = '99999999999' WHERE name = 'dim'",
        "DELETE FROM settings WHERE name = 'encoder'",
        "UPDATE settings SET value = x'00' WHERE name = 'kind'",
        "UPDATE settings SET value = 'IVF1000000000,Flat' WHERE name = 'kind'",
        "INSERT INTO settings VALUES ('budget.min_recall', '\"all\"')",
        "INSERT INTO settings VALUES ('budget.max_memory', '-1')",
        "DELETE FROM items",
        "DELETE FROM vectors",
        "UPDATE items SET id = -id",
        "UPDATE state SET count = 4611686018427387903",
    ],
)
def test_forged_rows_end_in_an_answer_or_one_error(gallery: Gallery, statement: str) -> None:
    folder = forge(gallery, statement)
    for use in USES.values():
        try:
            with Gallery.open(folder) as again:
                use(again)
        except SiamError as error:
            # A filter by what no item has any more is the user's mistake.
            assert error.exit_code == (2 if "to filter by" in error.problem else 4)
            assert "\n" not in error.problem and error.cure


@pytest.mark.parametrize("kind", ["flat", "hnsw", "IVF8,Flat", "SQ8"])
@pytest.mark.parametrize(
    "change",
    [
        {"effort": {"efSearch": 10**9}},
        {"effort": {"nprobe": -1}},
        {"effort": {"verbose": 1}},
        {"count": 10**18},
        {"count": -1},
        {"generation": "1"},
        {"stamp": 1 << 70},
        {"kind": "HNSW" * 100},
        {"files": {"../catalogue.sqlite": "1:2"}},
        {"extra": {"recall@10": "all"}},
        {"ascending": 3},
    ],
    ids=str,
)
def test_a_forged_manifest_of_the_accelerator_is_done_without(
    gallery: Gallery, vectors: np.ndarray, kind: str, change: dict[str, object]
) -> None:
    gallery.configure(kind=kind)
    gallery.build()
    gallery.close()
    path = folders(gallery.folder)[0] / "manifest.json"
    manifest = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(manifest | change))
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is None
        assert reader.search(vectors[:9], 1).ids[:, 0].tolist() == list(range(1, 10))
        assert not verify(reader).clean


@pytest.mark.parametrize("rows", [300, 599, 601, 1200])
@pytest.mark.parametrize("kind", ["hnsw", "IVF8,Flat"])
def test_an_accelerator_of_other_rows_is_done_without(
    gallery: Gallery,
    vectors: np.ndarray,
    clustered: Callable[..., np.ndarray],
    kind: str,
    rows: int,
) -> None:
    """Each file is whole, and its fingerprint right; they do not belong together."""
    import faiss

    from siam.index.stores.faiss_files import fingerprint
    from siam.index.stores.faiss_structure import make_structure

    gallery.configure(kind=kind)
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    path = folder / "approximate.faiss"
    faiss.write_index(
        make_structure(clustered(rows, seed=3), kind.replace("hnsw", "HNSW32,Flat")), str(path)
    )
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["files"][path.name] = fingerprint(path)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is None
        assert reader.search(vectors[:9], 1).ids[:, 0].tolist() == list(range(1, 10))
        assert not verify(reader).clean


@pytest.mark.parametrize("beyond", [600, 10**12, -7, -(1 << 62)])
def test_rows_that_a_forged_structure_speaks_of_are_not_looked_up(
    gallery: Gallery, beyond: int, vectors: np.ndarray, assert_equal: Any, nearest: Any
) -> None:
    """As many rows as there should be, under other numbers."""
    import faiss

    from siam.index.stores.faiss_files import fingerprint

    gallery.configure(kind="IVF8,Flat")
    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    path = folder / "approximate.faiss"
    forged = faiss.read_index(str(path))
    forged.reset()
    forged.add_with_ids(vectors, np.where(np.arange(600) % 3, np.arange(600), beyond))
    faiss.write_index(forged, str(path))
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["files"][path.name] = fingerprint(path)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is not None
        found = reader.search(vectors[:20], 400)
        assert_equal(found, nearest(vectors, np.arange(1, 601), vectors[:20], 400))
        assert not verify(reader).clean


@pytest.mark.parametrize("array", ["float64", "flat", "columns", "objects", "short", "header"])
def test_vectors_that_are_none_are_done_without(
    gallery: Gallery, vectors: np.ndarray, array: str
) -> None:
    from siam.index.stores.faiss_files import fingerprint

    gallery.build()
    gallery.close()
    (folder,) = folders(gallery.folder)
    path = folder / "vectors.npy"
    forged = {
        "float64": vectors.astype(np.float64),
        "flat": vectors.ravel(),
        "columns": np.asfortranarray(vectors),
        "objects": np.array([{}] * 600),
        "short": vectors[:7],
        "header": vectors,
    }[array]
    np.save(path, forged, allow_pickle=True)
    if array == "header":
        path.write_bytes(b"\x93NUMPY\x01\x00\x03\x00(((" + bytes(600 * 64))
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["files"][path.name] = fingerprint(path)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.snapshot().store.stamp is None
        assert reader.search(vectors[:9], 1).ids[:, 0].tolist() == list(range(1, 10))


@pytest.mark.parametrize("kind", ["IVF1000000000,Flat", "PQ99999x8", "HNSW" + "3" * 200, "a" * 200])
def test_a_kind_that_would_take_all_memory_is_refused(kind: str) -> None:
    with pytest.raises(UsageError, match="is no index kind"):
        check_kind(kind, 64)


@pytest.mark.parametrize("number", [1 << 63, -(1 << 64), 10**30])
def test_an_id_beyond_64_bits_is_none(gallery: Gallery, number: int) -> None:
    for use in (gallery.items, gallery.vectors_of, gallery.thumbnails):
        with pytest.raises(UsageError, match=f"The index holds no item {number}"):
            use([number])


def test_many_neighbours_of_many_queries_are_ranked_in_little_memory(
    gallery: Gallery, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siam.index import ranking

    whole = gallery.search(vectors, 600)
    monkeypatch.setattr(ranking, "MOST_NUMBERS", 600 * 16 * 3)
    sizes: list[int] = []
    rank_block = ranking._rank_block
    monkeypatch.setattr(
        ranking, "_rank_block", lambda q, c, k: sizes.append(len(q)) or rank_block(q, c, k)
    )
    few = gallery.search(vectors, 600)
    assert max(sizes) <= 3
    np.testing.assert_array_equal(few.ids, whole.ids)
