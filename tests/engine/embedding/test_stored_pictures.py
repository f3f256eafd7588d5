"""Pictures and tables in an object store: embedded as the same ones in a folder are."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from siam.cli import app
from siam.engine.embed import embed, merge
from siam.engine.embedding.shards import Shard
from siam.errors import DataError
from siam.runs.held_out import load_held_out

Put = Callable[..., None]


@pytest.fixture
def contents(run_copy: Path) -> dict[str, bytes]:
    """Six of the run's test pictures in two folders, and a bad one, by their paths; as files."""
    _, test = load_held_out(run_copy)
    contents = {
        f"kind{row % 2}/{row}.png": cv2.imencode(".png", test.pictures[row])[1].tobytes()
        for row in range(6)
    }
    contents["kind0/bad.png"] = b"no picture"
    for path, content in contents.items():
        Path("folder", path).parent.mkdir(parents=True, exist_ok=True)
        Path("folder", path).write_bytes(content)
    return contents


def embedded(name: str, out: str, **more: Any) -> Any:
    done = embed([name], Path(out), standard_input=io.BytesIO(), **more)
    with np.load(out) as arrays:
        return done, arrays["embeddings"], arrays["keys"].tolist(), arrays.get("labels")


def test_a_prefix_is_embedded_as_a_folder(s3: Put, contents: dict[str, bytes]) -> None:
    s3(**{f"some/{path}": content for path, content in contents.items()})
    there, vectors, keys, labels = embedded("s3://pictures/some", "s.npz")
    here, expected, paths, classes = embedded("folder", "f.npz")
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert keys == [path.replace("folder", "s3://pictures/some") for path in paths]
    assert labels.tolist() == classes.tolist() == ["kind0"] * 3 + ["kind1"] * 3
    assert [one.path for one in there.skipped] == ["s3://pictures/some/kind0/bad.png"]
    assert len(here.skipped) == 1


def test_shards_of_a_prefix_are_joined(s3: Put, contents: dict[str, bytes]) -> None:
    s3(**contents)
    for number in (1, 2):
        embedded("s3://pictures", f"{number}.npz", shard=Shard(number, 2))
    merge([Path("1.npz"), Path("2.npz")], Path("e.npz"))
    np.testing.assert_allclose(
        np.load("e.npz")["embeddings"], embedded("folder", "f.npz")[1], atol=1e-6
    )


def test_a_table_may_lie_there(s3: Put, contents: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    parquet.write_table(
        pa.table({"image": list(contents.values()), "key": list(contents)}),
        buffer,
        row_group_size=2,
    )
    s3(**{"t.parquet": buffer.getvalue(), "cut.parquet": buffer.getvalue()[:-30]})
    done, vectors, keys, _ = embedded("s3://pictures/t.parquet", "s.npz")
    assert (keys, len(done.skipped)) == ([key for key in contents if "bad" not in key], 1)
    by_path = dict(zip(embedded("folder", "f.npz")[2], embedded("folder", "f.npz")[1], strict=True))
    expected = np.stack([by_path[f"folder/{key}"] for key in keys])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    with pytest.raises(DataError, match=r"s3://pictures/cut\.parquet cannot be read as Parquet"):
        embedded("s3://pictures/cut.parquet", "e.npz")
    with pytest.raises(DataError, match=r"There is nothing at s3://pictures/no\.parquet"):
        embedded("s3://pictures/no.parquet", "e.npz")


def test_the_command_says_what_is_wrong_with_a_store(s3: Put, run_copy: Path) -> None:
    done = CliRunner().invoke(app, ["embed", "s3://elsewhere/photos"])
    assert done.exit_code == 3
    assert "There is nothing at s3://elsewhere/photos." in done.stderr
