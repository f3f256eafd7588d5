"""On the real MNIST, which must be found through SIAM_DATA_DIR: without it these tests fail."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.datasets import mnist
from siam.datasets.dataset import Dataset
from siam.datasets.mnist import CHECKSUMS, find_mnist, load_mnist, mnist_folders
from siam.errors import DataError


@pytest.fixture(scope="module")
def real() -> Path:
    """The folder of the real files."""
    folder = Path(os.environ.get("SIAM_DATA_DIR", "not-set")) / "mnist"
    assert folder.is_dir(), f"Set SIAM_DATA_DIR to a folder that holds mnist/; {folder} is none."
    return folder


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user cache without MNIST, no SIAM_DATA_DIR, and no network."""
    monkeypatch.delenv("SIAM_DATA_DIR")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(mnist, "MNIST_MIRRORS", ("http://127.0.0.1:9/",))
    return tmp_path / "cache" / "siam" / "mnist"


def link(real: Path, folder: Path, *, unpacked: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in CHECKSUMS:
        packed = next(path for path in (real / f"{name}.gz", real / name) if path.exists())
        if unpacked and packed.suffix == ".gz":
            (folder / name).write_bytes(gzip.decompress(packed.read_bytes()))
        else:
            (folder / packed.name).symlink_to(packed.resolve())
    return folder


def test_splits_of_the_real_digits(real: Path, assert_disjoint: Callable[[Dataset], None]) -> None:
    dataset = load_mnist(data_dir=real.parent)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (
        55_000,
        5_000,
        10_000,
    )
    assert dataset.picture_shape == (28, 28, 1)
    assert dataset.classes == tuple("0123456789")
    assert dataset.prepare == "digit"
    assert dataset.source == str(real.resolve())
    assert dataset.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert dataset.test.origins[0] == "mnist/test/0"
    assert_disjoint(dataset)
    # In proportion, to within one.
    whole = np.bincount(np.concatenate([dataset.train.labels, dataset.validation.labels]))
    assert np.abs(np.bincount(dataset.validation.labels) - whole / 12).max() < 1


def test_origins_follow_their_pictures(real: Path) -> None:
    plain, other = (load_mnist(data_dir=real.parent, seed=seed) for seed in (0, 1))
    assert plain.validation.origins != other.validation.origins
    position = {origin: i for i, origin in enumerate(other.train.origins)}
    shared = next(origin for origin in plain.train.origins if origin in position)
    np.testing.assert_array_equal(
        plain.train.pictures[plain.train.origins.index(shared)],
        other.train.pictures[position[shared]],
    )


def test_unpacked_files_are_the_same(real: Path, tmp_path: Path) -> None:
    link(real, tmp_path / "mnist", unpacked=True)
    unpacked, packed = load_mnist(data_dir=tmp_path), load_mnist(data_dir=real.parent)
    assert unpacked.source == str(tmp_path / "mnist")
    assert unpacked.fingerprint == packed.fingerprint


def test_looked_for_in_the_named_folder_then_the_environment_then_the_cache(
    real: Path, tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, environment = tmp_path / "named", tmp_path / "environment"
    monkeypatch.setenv("SIAM_DATA_DIR", str(environment))
    assert mnist_folders(named) == (named / "mnist", environment / "mnist", nowhere)
    assert find_mnist(named) is None
    link(real, nowhere)
    assert find_mnist(named) == nowhere
    link(real, environment / "mnist")
    assert find_mnist(named) == environment / "mnist"
    link(real, named / "mnist")
    assert find_mnist(named) == named / "mnist"


def test_a_folder_with_some_of_the_files_is_an_error_not_passed_over(
    real: Path, tmp_path: Path, nowhere: Path
) -> None:
    link(real, tmp_path / "mnist")
    next((tmp_path / "mnist").glob("train-labels*")).unlink()
    with pytest.raises(DataError, match="lacks train-labels-idx1-ubyte"):
        load_mnist(data_dir=tmp_path)


def test_another_set_under_the_name_is_refused_by_its_checksum(
    real: Path, tmp_path: Path, write_idx: Callable[[Path, np.ndarray], Path]
) -> None:
    folder = link(real, tmp_path / "mnist")
    next(folder.glob("t10k-labels*")).unlink()
    write_idx(folder / "t10k-labels-idx1-ubyte", np.zeros(10_000, dtype=np.uint8))
    with pytest.raises(DataError, match="not MNIST's: .* the real one ff7bcfd4") as caught:
        load_mnist(data_dir=tmp_path)
    assert "give the folder itself" in caught.value.cure


def test_a_truncated_file_is_refused(real: Path, tmp_path: Path) -> None:
    folder = link(real, tmp_path / "mnist")
    path = next(folder.glob("train-images*"))
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="train-images.*(damaged gzip|cut off)"):
        load_mnist(data_dir=tmp_path)


def test_not_there_and_no_mirror_says_what_to_do(nowhere: Path) -> None:
    with pytest.raises(DataError, match="could not be downloaded: http://127.0.0.1:9/") as caught:
        load_mnist()
    assert "--data-dir DIR" in caught.value.cure
    assert not list(nowhere.glob("*"))


def test_only_what_the_cache_lacks_is_downloaded(
    real: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(real, nowhere)
    lost = next(nowhere.glob("t10k-labels*"))
    content = lost.read_bytes()
    lost.unlink()
    asked = []

    def deliver(name: str, *, folder: Path, sha256: str, **_: object) -> None:
        asked.append((name, sha256))
        (folder / lost.name).write_bytes(content)

    monkeypatch.setattr(mnist, "download", deliver)
    assert len(load_mnist().test) == 10_000
    assert asked == [("t10k-labels-idx1-ubyte.gz", CHECKSUMS["t10k-labels-idx1-ubyte"])]
