"""Parquet tables of pictures: embedded as the files in a folder are, whatever form they have."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from siam.cli import app
from siam.engine import reading
from siam.engine.embed import Embedding, embed, merge
from siam.engine.embedding.shards import Shard
from siam.errors import DataError, MissingExtraError
from siam.runs.held_out import load_held_out

COUNT = 7


@pytest.fixture
def pictures(run_copy: Path, tmp_path: Path) -> list[bytes]:
    """The first of the run's test pictures as PNG files' content, beside a folder of them."""
    _, test = load_held_out(run_copy)
    (tmp_path / "folder").mkdir()
    contents = [cv2.imencode(".png", test.pictures[row])[1].tobytes() for row in range(COUNT)]
    for row, content in enumerate(contents):
        (tmp_path / "folder" / f"{row}.png").write_bytes(content)
    return contents


def embedded(name: str, out: str = "e.npz", **more: Any) -> Embedding:
    return embed([name], Path(out), standard_input=io.BytesIO(), **more)


def write(columns: dict[str, Any], **options: Any) -> None:
    parquet.write_table(pa.table(columns), "t.parquet", **options)


def assert_as_folder(rows: slice = slice(None)) -> Any:
    """Compare what was embedded with the folder's; return it."""
    embedded("folder", "f.npz")
    with np.load("e.npz") as table, np.load("f.npz") as folder:
        expected = folder["embeddings"][rows]
        np.testing.assert_allclose(table["embeddings"], expected, atol=1e-6)
        assert table["encoder"] == folder["encoder"]
        return {name: table[name].tolist() for name in ("keys", "labels") if name in table}


def test_a_table_is_embedded_as_a_folder_of_its_pictures(pictures: list[bytes]) -> None:
    labels = [7, 7, 1, 1, 2, 2, 3]
    write({"Image": pictures, "label": labels, "n": labels}, row_group_size=3)
    done = embedded("t.parquet")
    assert (done.count, done.skipped) == (COUNT, ())
    assert assert_as_folder() == {
        "keys": [f"t.parquet/{row}" for row in range(COUNT)],
        "labels": labels,
    }


def test_keys_and_labels_may_be_text_and_missing(pictures: list[bytes]) -> None:
    keys = ["a", "ü", "a", None, "", "x", "y"]
    write({"data": pa.array(pictures, pa.large_binary()), "class": list("abcdefg"), "path": keys})
    embedded("t.parquet")
    assert assert_as_folder() == {
        "keys": ["a", "ü", "a", "t.parquet/3", "t.parquet/4", "x", "y"],
        "labels": list("abcdefg"),
    }
    write({"data": pictures, "label": ["a", None, "", "d", "e", "f", "g"]})
    embedded("t.parquet", "e.jsonl")
    lines = [json.loads(line) for line in Path("e.jsonl").read_text("utf-8").splitlines()]
    assert [line["label"] for line in lines] == ["a", None, None, "d", "e", "f", "g"]


def test_a_data_set_of_hugging_faces_keeps_its_paths_and_names_of_classes(
    pictures: list[bytes],
) -> None:
    cells = [{"bytes": content, "path": f"{row}.png"} for row, content in enumerate(pictures)]
    table = pa.table({"image": cells, "label": [0, 1, 0, 1, 0, 1, 2], "other": pictures})
    label = {"names": ["cat", "dog"], "_type": "ClassLabel"}
    told = {"info": {"features": {"image": {"_type": "Image"}, "label": label, "other": []}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    parquet.write_table(table, "t.parquet")
    embedded("t.parquet")
    assert assert_as_folder() == {
        "keys": [f"{row}.png" for row in range(COUNT)],
        "labels": ["cat", "dog", "cat", "dog", "cat", "dog", "2"],
    }


def test_shards_of_a_table_are_its_rows(pictures: list[bytes]) -> None:
    write({"image": pictures}, row_group_size=2)
    for number in (1, 2, 3):
        embedded("t.parquet", f"{number}.npz", shard=Shard(number, 3))
    assert len(np.load("2.npz")["keys"]) == 2
    merge([Path(f"{number}.npz") for number in (1, 2, 3)], Path("e.npz"))
    assert_as_folder()


def test_a_bad_picture_and_an_empty_cell_are_told_of_and_passed_over(
    pictures: list[bytes],
) -> None:
    write({"image": [*pictures[:3], b"no", None, *pictures[3:]], "label": list("abcdefghi")})
    done = embedded("t.parquet")
    assert assert_as_folder()["labels"] == list("abcfghi")
    assert [one.path for one in done.skipped] == ["t.parquet/3", "t.parquet/4"]
    assert "is not a picture that siam reads" in done.skipped[0].reason
    assert done.skipped[1].reason == "t.parquet/4 is an empty cell."


def test_one_picture_alone_and_large_ones_are_read(
    pictures: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"image": pictures[:1]})
    embedded("t.parquet")
    assert_as_folder(slice(1))
    monkeypatch.setattr(reading, "HELD", 1)  # each is a task's whole
    write({"image": pictures})
    embedded("t.parquet")
    assert_as_folder()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"path": ["a.png"], "label": ["x"]}, "no column of pictures among path, label"),
        ({"left": [b"a"], "right": [b"b"]}, "no column of pictures among left, right"),
        ({"image": pa.array([], pa.binary())}, "claims to hold 0 pictures"),
        ({"image": pa.nulls(10_000, pa.binary())}, "claims to hold 10,000 pictures"),
    ],
)
def test_a_table_without_pictures_is_refused(
    run_copy: Path, columns: dict[str, Any], words: str
) -> None:
    write(columns)
    with pytest.raises(DataError, match=rf"t\.parquet.*{words}"):
        embedded("t.parquet")
    done = CliRunner().invoke(app, ["embed", "t.parquet"])
    assert (done.exit_code, words in done.stderr) == (3, True)
    assert "Give it a column `image`" in done.stderr


def test_a_damaged_table_and_one_that_is_not_there_are_told_of_in_a_line(
    pictures: list[bytes],
) -> None:
    with pytest.raises(DataError, match=r"There is no file t\.parquet"):
        embedded("t.parquet")
    write({"image": pictures}, compression="none")
    content = Path("t.parquet").read_bytes()
    for bad in (b"", b"PAR1", content[:-20], content[:4] + b"\xff" * 100 + content[104:]):
        Path("t.parquet").write_bytes(bad)
        with pytest.raises(DataError, match=r"t\.parquet cannot be read as Parquet: .*\n.*column"):
            embedded("t.parquet")
    assert not Path("e.npz").exists()


def test_without_pyarrow_the_extra_is_named(
    pictures: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"t\.parquet needs .*\n.*siam\[parquet\]"):
        embedded("t.parquet")
