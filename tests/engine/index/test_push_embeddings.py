"""What `siam embed` wrote, pushed to a server on loopback."""

from __future__ import annotations

import io
import secrets
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_server import MilvusServer
from sklearn.datasets import load_digits

import siam
from siam.engine.embed import embed
from siam.engine.embedding import embedding_reading
from siam.engine.embedding.batches import Batch
from siam.engine.embedding.embedding_files import write_embeddings
from siam.engine.index import push_embeddings as module
from siam.engine.index.push_embeddings import push_embeddings
from siam.engine.open_run import open_encoder_of
from siam.engine.pack import unpack_run
from siam.errors import DataError, StoreError, UsageError
from siam.index.gallery import Gallery
from siam.run_files import INDEX_FOLDER
from siam.runs.bundled_run import PACK


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run that ships with siam, without an index; the cache is the test's own."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setenv("SIAM_RUNS", str(tmp_path / "runs"))
    path = unpack_run(PACK, name="digits").path
    shutil.rmtree(path / INDEX_FOLDER)
    return path


@pytest.fixture
def embeddings(run: Path, tmp_path: Path) -> Path:
    """Forty of scikit-learn's digits, embedded by that run."""
    digits = load_digits()
    pictures = np.kron(digits.images[:40] * 15, np.ones((3, 3))).astype(np.uint8)
    np.savez(
        tmp_path / "some.npz", x=np.pad(pictures, ((0, 0), (2, 2), (2, 2))), y=digits.target[:40]
    )
    out = tmp_path / "embeddings.parquet"
    embed([str(tmp_path / "some.npz")], out, run=str(run), standard_input=io.BytesIO())
    return out


def pushed(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "cache" / "siam" / "pushed"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_client_without_an_index_asks_what_was_embedded(
    run: Path, embeddings: Path, milvus: MilvusServer, tmp_path: Path
) -> None:
    address = milvus.address(f"s{secrets.token_hex(8)}")
    done = siam.open(run).index.push(address, embeddings=embeddings)
    assert (done.store, done.items, done.sent) == (address, 40, 40)
    assert pushed(tmp_path) == []
    with np.load(tmp_path / "some.npz") as content:
        picture, label = content["x"][7], content["y"][7]
    answer = siam.open(run, store=address).query(picture, k=1)
    assert (answer.neighbours[0].key, answer.neighbours[0].label) == ("some.npz/7", str(label))
    assert answer.neighbours[0].distance < 1e-3


def test_a_push_that_was_cut_short_goes_on_with_what_it_read(
    run: Path,
    embeddings: Path,
    milvus: MilvusServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise StoreError("The server is away.")

    address = milvus.address(f"s{secrets.token_hex(8)}")
    with monkeypatch.context() as patch, pytest.raises(StoreError, match="is away"):
        patch.setattr(module, "push", refuse)
        push_embeddings(run, embeddings, address)
    assert len(pushed(tmp_path)) == 1
    monkeypatch.setattr(module, "read_embeddings", refuse)
    assert push_embeddings(run, embeddings, address).items == 40
    assert pushed(tmp_path) == []


def test_what_was_half_read_is_read_again(
    run: Path, embeddings: Path, milvus: MilvusServer, tmp_path: Path
) -> None:
    encoder = open_encoder_of(str(run))[2]
    half = module.gallery_folder(embeddings)  # as one that is killed leaves it
    with Gallery.create(half, dim=encoder.dim, encoder_hash=encoder.hash) as gallery:
        gallery.add(np.eye(2, encoder.dim), keys=["some.npz/0", "some.npz/1"])
    address = milvus.address(f"s{secrets.token_hex(8)}")
    assert push_embeddings(run, embeddings, address).sent == 40
    assert pushed(tmp_path) == []


def test_another_encoder_and_a_name_that_stands_twice_are_refused(
    run: Path, milvus: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = open_encoder_of(str(run))[2]
    vectors = np.eye(2, encoder.dim, dtype=np.float32)
    twice = Batch(["a", "a"], ["1", "2"], np.empty((2, 0, 0, 1), np.uint8))
    path, address = tmp_path / "e.npz", milvus.address(f"s{secrets.token_hex(8)}")
    write_embeddings(path, iter([(twice, vectors)]), dim=encoder.dim, encoder="f" * 64)
    with pytest.raises(DataError, match=f"encoder {'f' * 12}, the run digits") as told:
        push_embeddings(run, path, address)
    assert "--run" in told.value.cure
    write_embeddings(path, iter([(twice, vectors)]), dim=encoder.dim, encoder=encoder.hash)
    with pytest.raises(UsageError, match="'a' is empty or comes twice"):
        push_embeddings(run, path, address)
    monkeypatch.setattr(embedding_reading, "ROWS", 1)
    with pytest.raises(DataError, match="names 2 pictures, 1 of them twice"):
        push_embeddings(run, path, address)
    assert pushed(tmp_path) == []
