from pathlib import Path

import numpy as np
import pytest

from siam.engine.embedding import embedding_reading
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_files import write_embeddings
from siam.engine.embedding.embedding_reading import EmbeddedFacts, read_embeddings, read_facts
from siam.errors import DataError, UsageError

ENCODER = "0123456789abcdef" * 4
VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
KEYS = ["a", "ü", "b/c.png"]


def write(path: Path, labels: list[str | None], encoder: str = ENCODER) -> Path:
    batch = Batch(KEYS, labels, np.empty((3, 0, 0, 1), np.uint8))
    write_embeddings(path, iter([(batch, VECTORS)]), dim=2, encoder=encoder)
    return path


@pytest.mark.parametrize("ending", ["npz", "parquet"])
@pytest.mark.parametrize("labels", [["7", "12", "7"], ["cat", "dog", "dog"], [None, None, None]])
def test_what_was_written_is_read(
    tmp_path: Path, ending: str, labels: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_reading, "ROWS", 2)
    path = write(tmp_path / f"e.{ending}", labels)
    assert read_facts(path) == EmbeddedFacts(ENCODER, 3)
    parts = list(read_embeddings(path, dim=2))
    assert [len(keys) for keys, _, _ in parts] == [2, 1]
    assert [key for keys, _, _ in parts for key in keys] == KEYS
    assert [label for _, some, _ in parts for label in some] == labels
    np.testing.assert_array_equal(np.concatenate([vectors for _, _, vectors in parts]), VECTORS)


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_another_length_is_refused(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"e.{ending}", ["7", "12", "7"])
    with pytest.raises(DataError, match="holds no embeddings of siam's, or is damaged"):
        list(read_embeddings(path, dim=3))


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_a_file_that_names_no_encoder_is_refused(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"e.{ending}", ["7", "12", "7"], encoder="")
    with pytest.raises(DataError, match="does not say of which encoder") as told:
        read_facts(path)
    assert "siam embed" in told.value.cure


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"e.{ending}"
    with pytest.raises(DataError, match="There is no file"):
        read_facts(path)
    path.write_bytes(b"something else")
    with pytest.raises(DataError, match="is damaged"):
        read_facts(path)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", ["7", "12", "7"])
    with pytest.raises(UsageError, match=r"read from \.npz and \.parquet, received .*jsonl"):
        read_facts(path)
