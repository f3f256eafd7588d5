from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.datasets.dataset import Dataset
from siam.datasets.idx_folder import holds_idx, load_idx_folder
from siam.errors import DataError
from siam.pictures.framing import look_like_mnist

LABELS = np.repeat([3, 7], 10)
PICTURES = np.random.default_rng(0).integers(0, 256, (20, 12, 10), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path, write_idx: Callable[..., Path]) -> Path:
    """Twenty pictures of the classes 3 and 7 to train, six to test."""
    write_idx(tmp_path / "train-images-idx3-ubyte", PICTURES)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", LABELS)
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", PICTURES[7:13])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", LABELS[7:13])
    return tmp_path


def test_train_and_test_files(folder: Path, assert_disjoint: Callable[[Dataset], None]) -> None:
    dataset = load_idx_folder(folder)
    assert dataset.classes == ("3", "7")
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [16, 4, 6]
    assert dataset.picture_shape == (12, 10, 1)
    assert dataset.prepare == "photo"
    np.testing.assert_array_equal(dataset.test.pictures[..., 0], PICTURES[7:13])
    assert dataset.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.test.origins[5] == f"{folder.name}/test/5"
    assert_disjoint(dataset)


def test_without_test_files_the_split_is_made(folder: Path) -> None:
    for path in folder.glob("t10k*"):
        path.unlink()
    dataset = load_idx_folder(folder)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [12, 4, 4]


def test_names_of_other_sets(tmp_path: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(tmp_path / "emnist-letters-train-images.idx3-ubyte", PICTURES)
    write_idx(tmp_path / "emnist-letters-train-labels.idx1-ubyte", LABELS)
    assert holds_idx(tmp_path)
    assert load_idx_folder(tmp_path).classes == ("3", "7")


def test_packed_beside_unpacked_is_one_file(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "train-images-idx3-ubyte.gz", PICTURES)
    assert len(load_idx_folder(folder).train) == 16


def test_only_idx_names_make_an_idx_folder(folder: Path, tmp_path: Path) -> None:
    assert holds_idx(folder)
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    assert not holds_idx(tmp_path / "pictures")


def test_label_count_other_than_picture_count(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "train-labels-idx1-ubyte.gz", LABELS[:-1])
    with pytest.raises(DataError, match="has 20 pictures, .* has 19 labels"):
        load_idx_folder(folder)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("train-images-idx3-ubyte", "lacks train-images-idx3-ubyte"),
        ("train-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte .* is missing"),
        ("t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte .* is missing"),
    ],
)
def test_missing_file(folder: Path, missing: str, words: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(DataError, match=words):
        load_idx_folder(folder)


def test_labels_in_the_place_of_pictures(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "train-images-idx3-ubyte", LABELS)
    with pytest.raises(DataError, match="magic number 00000803 .* begins with 00000801"):
        load_idx_folder(folder)


def test_no_pictures_in_the_file(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "train-images-idx3-ubyte", PICTURES[:0])
    write_idx(folder / "train-labels-idx1-ubyte.gz", LABELS[:0])
    with pytest.raises(DataError, match=r"holds no pictures: its sizes are \(0, 12, 10\)"):
        load_idx_folder(folder)


def test_two_sets_in_one_folder(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "emnist-train-images-idx3-ubyte", PICTURES)
    with pytest.raises(DataError, match="holds several IDX sets"):
        load_idx_folder(folder)


def test_two_sizes_of_pictures(folder: Path, write_idx: Callable[..., Path]) -> None:
    write_idx(folder / "t10k-images-idx3-ubyte.gz", PICTURES[7:13, :8])
    with pytest.raises(DataError, match=r"one size, received .*\(12, 10\).*\(8, 10\)"):
        load_idx_folder(folder)


def test_digits_are_sparse_white_ink_with_a_black_margin() -> None:
    pictures = np.zeros((5, 28, 28, 1), dtype=np.uint8)
    pictures[:, 5:23, 12:16] = 255
    assert look_like_mnist(pictures)
    assert not look_like_mnist(255 - pictures)
    assert not look_like_mnist(pictures[:, :20, :20])
    pictures[:, :, 10:18] = 255  # as high as the picture: Fashion-MNIST's are fitted like this
    assert not look_like_mnist(pictures)
