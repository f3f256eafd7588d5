from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from siam.datasets.arrays import read_arrays
from siam.errors import DataError

X = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("compressed", [False, True])
def test_round_trip(tmp_path: Path, compressed: bool) -> None:
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "a.npz", x=X, y=np.array([5, 6]))
    pictures, labels = read_arrays(tmp_path / "a.npz")
    np.testing.assert_array_equal(pictures, X[..., np.newaxis])
    assert labels is not None and labels.tolist() == [5, 6]


def test_colour_and_no_labels(tmp_path: Path) -> None:
    colour = np.stack([X, X, X], axis=3)
    np.savez(tmp_path / "a.npz", x=colour)
    pictures, labels = read_arrays(tmp_path / "a.npz")
    np.testing.assert_array_equal(pictures, colour)
    assert labels is None


def test_labels_may_be_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=["cat", "dog"])
    assert read_arrays(tmp_path / "a.npz")[1].tolist() == ["cat", "dog"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"pictures": X}, "must hold an array x, it holds pictures"),
        ({}, "must hold an array x, it holds none"),
        ({"x": X[0]}, r"must have the shape .* received \(3, 4\)"),
        ({"x": X[..., np.newaxis].repeat(4, 3)}, r"received \(2, 3, 4, 4\)"),
        ({"x": X[:0]}, r"must hold one picture or more, received \(0, 3, 4, 1\)"),
        ({"x": X / 255}, "must be uint8, 0 to 255, received float64"),
        ({"x": X, "y": [1]}, r"must be 2 integers or strings, .* int64 of shape \(1,\)"),
        ({"x": X, "y": [0.5, 1.5]}, "received float64"),
        ({"x": X, "y": np.array([1, "a"], dtype=object)}, "cannot be read as .npz"),
    ],
)
def test_wrong_arrays_are_refused_with_the_values(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=words) as caught:
        read_arrays(tmp_path / "a.npz")
    assert caught.value.cure


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="allow_pickle=False"):
        read_arrays(tmp_path / "a.npz")


def test_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(DataError, match="is a single array"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="a.npz cannot be read as .npz"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_damage_inside_any_packing_is_refused(tmp_path: Path, method: int) -> None:
    array = io.BytesIO()
    np.save(array, np.arange(9000, dtype=np.uint8).reshape(10, 30, 30))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("x.npy", array.getvalue())
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[60:90] = b"\xff" * 30
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as .npz"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "header",
    [b"{'descr': '|u1', 'shape': (1,", b"(" * 5000, b"{", b"\xff\xfe", b"{'descr': [('a', 7)]}"],
    ids=["cut", "nested", "open", "no text", "no type"],
)
@pytest.mark.parametrize("version", [1, 2, 3, 9])
def test_a_header_that_is_none_is_refused(tmp_path: Path, header: bytes, version: int) -> None:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY" + bytes([version, 0]) + length + header)
    with pytest.raises(DataError, match="cannot be read as .npz") as caught:
        read_arrays(tmp_path / "a.npz")
    assert "\n" not in caught.value.problem


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_member_that_is_no_array_is_refused(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "a.npz", **({"x": X} if name == "y" else {}))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr(f"{name}.npy", b"no array at all")
    with pytest.raises(DataError, match=f"{name} is no array"):
        read_arrays(tmp_path / "a.npz")


def test_a_member_with_a_password_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # its flags, in both directories
        content[content.index(mark) + place] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="encrypted"):
        read_arrays(tmp_path / "a.npz")


def test_damage_inside_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 9, 9), dtype=np.uint8))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[400] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as .npz: Bad CRC-32"):
        read_arrays(tmp_path / "a.npz")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent.npz cannot be read"):
        read_arrays(tmp_path / "absent.npz")


def test_what_is_no_archive_is_not_told_to_be_loaded_unsafely(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"hello")
    with pytest.raises(DataError, match="no such archive") as caught:
        read_arrays(tmp_path / "a.npz")
    assert "pickle" not in str(caught.value) + caught.value.cure


def test_arrays_by_columns_are_read_all_the_same(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.asfortranarray(X))
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz")[0][..., 0], X)


def test_a_small_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siam.datasets.arrays.MOST_BYTES", 50_000)
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((60, 30, 30), np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 1000
    with pytest.raises(DataError, match=r"unpacks to 54,\d\d\d bytes, and 50,000 may be read"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("count", [100, 10**9, 10**15])
def test_an_array_that_claims_more_than_the_file_holds_is_refused(
    tmp_path: Path, count: int
) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (count, 28, 28)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(5000))
    with pytest.raises(DataError, match=r"a\.npz cannot be read as \.npz"):
        read_arrays(tmp_path / "a.npz")
