from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.datasets import mnist
from siam.datasets.load import load_dataset
from siam.errors import DataError, UsageError


@pytest.fixture
def no_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST is nowhere to be found or fetched."""
    monkeypatch.delenv("SIAM_DATA_DIR")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(mnist, "MNIST_MIRRORS", ("http://127.0.0.1:9/",))


def test_left_out_is_mnist_without_a_word() -> None:
    notices: list[str] = []
    assert load_dataset(None, notice=notices.append).name == "mnist"
    assert notices == []


def test_left_out_without_mnist_is_digits_and_says_so(no_mnist: None) -> None:
    notices: list[str] = []
    assert load_dataset(None, notice=notices.append).name == "digits"
    assert len(notices) == 1
    assert "1,797 digits of scikit-learn" in notices[0]
    assert "could not be downloaded" in notices[0]


def test_named_mnist_is_never_replaced(no_mnist: None) -> None:
    with pytest.raises(DataError, match="could not be downloaded"):
        load_dataset("mnist")


def test_named_digits_are_used_though_mnist_is_there() -> None:
    assert load_dataset("digits").name == "digits"


def test_folder_of_pictures(write_folder: Callable[..., Path]) -> None:
    dataset = load_dataset(str(write_folder()), size=16, prepare="none")
    assert dataset.picture_shape == (16, 16, 1)
    assert dataset.prepare == "none"


def test_idx_folder_with_size_and_prepare(tmp_path: Path, write_idx: Callable[..., Path]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 28, 28))
    write_idx(tmp_path / "train-images-idx3-ubyte", pictures)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.repeat([0, 1], 10))
    plain = load_dataset(str(tmp_path))
    assert (plain.picture_shape, plain.prepare) == ((28, 28, 1), "photo")
    changed = load_dataset(str(tmp_path), size=20, prepare="digit")
    assert (changed.picture_shape, changed.prepare) == ((20, 20, 1), "digit")
    assert changed.test.origins == plain.test.origins


def test_seed_reaches_the_split(write_folder: Callable[..., Path]) -> None:
    folder = str(write_folder())
    assert load_dataset(folder, seed=1).fingerprint == load_dataset(folder, seed=1).fingerprint
    assert load_dataset(folder, seed=1).fingerprint != load_dataset(folder, seed=2).fingerprint


def test_held_out_classes_are_seen_nowhere_else() -> None:
    told: list[str] = []
    dataset = load_dataset("digits", holdout_classes=("8", "9"), notice=told.append)
    assert told == ["Held out of training: 2 of the 10 classes, 8, 9; 354 pictures."]
    assert dataset.classes == tuple("01234567")
    assert dataset.unseen_classes == ("8", "9")
    assert dataset.unseen is not None
    assert set(dataset.unseen.labels.tolist()) == {8, 9}
    splits = (dataset.train, dataset.validation, dataset.test)
    assert len(dataset.unseen) + sum(len(split) for split in splits) == 1797
    assert max(split.labels.max() for split in splits) == 7


def test_no_such_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no data set '.*absent'") as caught:
        load_dataset(str(tmp_path / "absent"))
    assert "mnist, digits, a folder" in caught.value.cure


@pytest.mark.parametrize(
    ("spec", "meant"), [("mnits", "mnist"), ("digit", "digits"), ("pet", "pets")]
)
def test_a_misspelt_name_gets_a_suggestion(
    write_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, spec: str, meant: str
) -> None:
    monkeypatch.chdir(write_folder().parent)
    with pytest.raises(DataError, match=f"There is no data set '{spec}'") as caught:
        load_dataset(spec)
    assert caught.value.cure.startswith(f"Did you mean {meant}?")


@pytest.mark.parametrize(
    ("name", "words"),
    [("set.tar.gz", "packed in a way"), ("set.tar", "packed in a way"), ("set.doc", "not a whole")],
)
def test_a_file_that_is_no_archive(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_text("a,b\n")
    with pytest.raises(DataError, match=words):
        load_dataset(str(tmp_path / name))


@pytest.mark.parametrize("suffix", [".zip", ".csv", ".npz", ".parquet", ""])
def test_a_pipe_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"set{suffix}")
    with pytest.raises(DataError, match="is not a plain file"):
        load_dataset(str(tmp_path / f"set{suffix}"))


def test_arrays_with_labels_are_a_data_set(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 24, 24), dtype=np.uint8)
    np.savez(tmp_path / "set.npz", x=pictures, y=np.repeat(["a", "b"], 10))
    dataset = load_dataset(str(tmp_path / "set.npz"))
    assert (dataset.name, dataset.classes, dataset.prepare) == ("set", ("a", "b"), "photo")
    position = int(dataset.test.origins[0].removeprefix("set/"))
    np.testing.assert_array_equal(dataset.test.pictures[0, ..., 0], pictures[position])
    np.savez(tmp_path / "set.npz", x=pictures)
    with pytest.raises(DataError, match="holds no labels"):
        load_dataset(str(tmp_path / "set.npz"))


def test_a_size_may_be_a_pair(write_folder: Callable[..., Path], tmp_path: Path) -> None:
    assert load_dataset(str(write_folder()), size=(16, 40)).picture_shape == (16, 40, 1)
    pictures = np.zeros((20, 24, 24), np.uint8)
    np.savez(tmp_path / "set.npz", x=pictures, y=np.repeat(["a", "b"], 10))
    assert load_dataset(str(tmp_path / "set.npz"), size=(16, 40)).picture_shape == (16, 40, 1)


def test_auto_asks_the_pictures(write_folder: Callable[..., Path]) -> None:
    folder = str(write_folder())
    assert load_dataset(folder, prepare="auto").fingerprint == load_dataset(folder).fingerprint


@pytest.mark.parametrize(
    ("spec", "options", "words"),
    [
        ("digits", {"size": 8}, "--size must be 16 to 512 pixels, received 8"),
        ("digits", {"size": 1000}, "received 1000"),
        (
            "digits",
            {"prepare": "magic"},
            "--prepare must be auto or one of digit, glyph, photo, none",
        ),
        ("digits", {"classes_from": "folder"}, "for folders of pictures, .* for digits"),
        (None, {"classes_from": "folder"}, "for MNIST"),
        ("digits", {"holdout_classes": ("ten",)}, "received 'ten'"),
        ("mnist", {"data_dir": Path("/absent")}, "--data-dir must be a folder, received /absent"),
    ],
)
def test_options_that_cannot_be_meant(
    spec: str | None, options: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        load_dataset(spec, **options)  # type: ignore[arg-type]
