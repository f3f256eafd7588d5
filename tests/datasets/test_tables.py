"""Tables of path, label and split: as a data set, with any header or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.datasets.load import load_dataset
from siam.datasets.tables import read_table
from siam.errors import DataError


def rows_of(folder: Path) -> list[tuple[str, str]]:
    files = sorted(folder.rglob("*.png"))
    return [(file.relative_to(folder).as_posix(), file.parent.name) for file in files]


@pytest.mark.parametrize(
    ("name", "header", "line"),
    [
        ("labels.csv", "path,label", "{0},{1}"),
        ("labels.csv", "", "{0},{1}"),
        ("labels.csv", "Label;Image", "{1};{0}"),
        ("labels.tsv", "id\tfilename\tclass", "7\t{0}\t{1}"),
    ],
)
def test_a_table_labels_as_folders_do(
    write_folder: Callable[..., Path], name: str, header: str, line: str
) -> None:
    folder = write_folder()
    lines = [header, *(line.format(*row) for row in rows_of(folder))]
    (folder / name).write_text("\n".join(filter(None, lines)))
    assert load_dataset(str(folder / name)).fingerprint == load_dataset(str(folder)).fingerprint


def test_parquet(write_folder: Callable[..., Path]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = write_folder()
    paths, labels = zip(*rows_of(folder), strict=True)
    columns = {"size": np.arange(len(paths)), "label": labels, "path": paths}
    parquet.write_table(pyarrow.table(columns), folder / "labels.parquet")
    table = load_dataset(str(folder / "labels.parquet"))
    assert table.fingerprint == load_dataset(str(folder)).fingerprint


def test_a_table_says_the_splits(write_folder: Callable[..., Path]) -> None:
    folder = write_folder(count=9)
    splits = ["train"] * 5 + ["Val"] * 2 + ["test"] * 2
    rows = [f"{path},{label},{splits[n % 9]}" for n, (path, label) in enumerate(rows_of(folder))]
    (folder / "labels.csv").write_text("\n".join(["path,label,split", *rows, "loose.png,,"]))
    told: list[str] = []
    dataset = load_dataset(str(folder / "labels.csv"), notice=told.append)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [10, 4, 4]
    assert {origin[-5] for origin in dataset.test.origins} == {"7", "8"}
    assert any("1 picture in no class (loose.png)" in line for line in told)


def test_pictures_that_are_not_there_are_told(write_folder: Callable[..., Path]) -> None:
    folder = write_folder()
    rows = [f"{path},{label}" for path, label in rows_of(folder)]
    (folder / "labels.csv").write_text("\n".join(["path,label", *rows, "gone.png,cat", "cat,cat"]))
    skipped = {skip.path: skip.reason for skip in load_dataset(str(folder / "labels.csv")).skipped}
    assert "no such file" in skipped["gone.png"] and "not a plain file" in skipped["cat"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", r"which of its columns \(a, b\)"),
        (",".join(["label", *(f"pixel{n}" for n in range(784))]), "785 columns: pixels"),
        ("path,label,split\na.png,cat,holdout\n", "names a split 'holdout'"),
        ("path,label\n", "names no picture"),
        ("path,label\na\0.png,cat\n", "null character"),
        ("", "which of its columns"),
    ],
)
def test_tables_that_say_something_else(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "table.csv").write_text(content)
    with pytest.raises(DataError, match=words):
        read_table(tmp_path / "table.csv")


@pytest.mark.parametrize("column", ["path", "label"])
def test_parquet_of_other_bytes_than_utf_8_is_refused(tmp_path: Path, column: str) -> None:
    import pyarrow
    from pyarrow import parquet

    raw = pyarrow.array([b"a.png", b"\xff\xfe"])
    text = pyarrow.Array.from_buffers(pyarrow.string(), 2, raw.buffers())
    parquet.write_table(
        pyarrow.table({"path": ["a.png", "b.png"], "label": ["a", "b"]} | {column: text}),
        tmp_path / "t.parquet",
    )
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_table(tmp_path / "t.parquet")
