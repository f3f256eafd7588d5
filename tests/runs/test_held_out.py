"""The pictures that judge a run: kept, cut and read again; a wrong file is one error."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.errors import RunError
from siam.runs import held_out
from siam.runs.held_out import load_held_out, save_held_out


def split(name: str, count: int) -> Split:
    """A split of noise."""
    rng = np.random.default_rng(count)
    return Split(
        rng.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8),
        np.arange(count) % 2,
        tuple(f"{name}/{i}" for i in range(count)),
    )


@pytest.fixture
def dataset() -> Dataset:
    """A small data set."""
    return Dataset(
        name="noise",
        source="here",
        classes=("a", "b"),
        train=split("train", 9),
        validation=split("validation", 6),
        test=split("test", 4),
        prepare="none",
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_larger_pictures_are_kept_small_and_to_the_pixel(
    dataset: Dataset, tmp_path: Path, channels: int
) -> None:
    ramp = np.linspace(0, 255, 128).astype(np.uint8)
    pictures = np.tile(ramp[:, None, None], (6, 1, 128, channels)).reshape(6, 128, 128, channels)
    pictures[..., 0] += np.arange(6, dtype=np.uint8)[:, None, None]
    large, none = (
        Split(pictures[:count], dataset.validation.labels[:count], tuple(map(str, range(count))))
        for count in (6, 0)
    )
    save_held_out(tmp_path, dataclasses.replace(dataset, validation=large, test=none), seed=0)
    validation, test = load_held_out(tmp_path)
    np.testing.assert_array_equal(validation.pictures, pictures)
    assert test.pictures.shape == (0, 128, 128, channels)
    assert (tmp_path / "held_out.npz").stat().st_size < pictures.nbytes / 20


@pytest.mark.parametrize(
    "changes",
    [
        {"test_webp": np.zeros(4, np.float32)},
        {"test_webp": np.zeros(4, np.uint8)},
        {"test_webp_sizes": np.array([1, 2])},
        {"test_webp_sizes": np.array(["a"])},
        {"test_shape": np.array([4, 80, 80])},
        {"test_shape": np.array([4, 81, 80, 1])},
        {"test_shape": np.array([4, 0, 80, 1])},
        {"test_shape": np.array([4, 80, 80, 2])},
        {"test_shape": np.array([4, 80_000, 80_000, 1])},
        {"test_shape": np.array([4.0, 80, 80, 1])},
    ],
)
def test_files_that_are_no_such_pictures_are_refused(
    dataset: Dataset, tmp_path: Path, changes: dict[str, Any]
) -> None:
    small = dataset.test
    large = dataclasses.replace(small, pictures=np.zeros((4, 80, 80, 1), np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_out, "MOST_PLAIN_BYTES", 80)
        save_held_out(tmp_path, dataclasses.replace(dataset, test=large), seed=0)
    path = tmp_path / "held_out.npz"
    kept = arrays(path)
    if "test_webp" in changes:  # as long as it was, and no picture
        changes = {"test_webp": np.resize(changes["test_webp"], kept["test_webp"].shape)}
    np.savez(path, **kept | changes)
    with pytest.raises(RunError, match=r"held_out.npz cannot be read \(.*test"):
        load_held_out(tmp_path, classes=2)


def arrays(path: Path) -> dict[str, Any]:
    """The arrays of an .npz file."""
    with np.load(path) as content:
        return dict(content)


def test_both_splits_are_read_as_they_were_kept(dataset: Dataset, tmp_path: Path) -> None:
    save_held_out(tmp_path, dataset, seed=0)
    for kept, read in zip(
        (dataset.validation, dataset.test), load_held_out(tmp_path, classes=2), strict=True
    ):
        np.testing.assert_array_equal(read.pictures, kept.pictures)
        np.testing.assert_array_equal(read.labels, kept.labels)
        assert read.origins == kept.origins


def test_a_large_split_is_cut_by_a_seeded_draw(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_out, "MOST_PICTURES", 5)
    draws = []
    for seed in (1, 1, 2):
        save_held_out(tmp_path, dataset, seed=seed)
        validation, test = load_held_out(tmp_path)
        assert (len(validation), len(test)) == (5, 4)
        draws.append(validation.origins)
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"test_pictures": np.zeros((4, 8, 8, 1), np.float32)},
        {"test_pictures": np.zeros((4, 8, 8), np.uint8)},
        {"test_pictures": np.zeros((4, 8, 8, 2), np.uint8)},
        {"test_pictures": np.zeros((4, 9, 9, 1), np.uint8)},
        {"test_pictures": np.zeros((3, 8, 8, 1), np.uint8)},
        {"test_labels": np.zeros(4, np.float64)},
        {"test_labels": np.zeros((4, 1), np.int64)},
        {"test_labels": np.array([0, 1, -1, 0])},
        {"test_labels": np.array([0, 1, 2, 0])},
        {"test_origins": np.zeros(4, np.int64)},
        {"test_origins": np.array(["a"] * 5)},
    ],
)
def test_arrays_that_are_no_split_are_refused(
    dataset: Dataset, tmp_path: Path, changes: dict[str, Any]
) -> None:
    save_held_out(tmp_path, dataset, seed=0)
    path = tmp_path / "held_out.npz"
    np.savez(path, **arrays(path) | changes)
    with pytest.raises(RunError, match=r"held_out.npz cannot be read \(.*test"):
        load_held_out(tmp_path, classes=2)


@pytest.mark.parametrize(
    "damage", ["missing", "empty", "text", "cut", "flipped", "lacking", "huge"]
)
def test_a_damaged_file_is_one_error(dataset: Dataset, tmp_path: Path, damage: str) -> None:
    save_held_out(tmp_path, dataset, seed=0)
    path = tmp_path / "held_out.npz"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "lacking":
        kept = arrays(path)
        del kept["test_labels"]
        np.savez(path, **kept)
    elif damage == "huge":
        header = {"descr": "|u1", "fortran_order": False, "shape": (20_000, 4096, 4096, 3)}
        with (
            zipfile.ZipFile(path, "w") as archive,
            archive.open("validation_pictures.npy", "w") as member,
        ):
            np.lib.format.write_array_header_1_0(member, header)
    else:
        middle = content.index(b"validation_labels.npy") - 60
        path.write_bytes(
            {
                "empty": b"",
                "text": b"no archive",
                "cut": content[: len(content) // 2],
                "flipped": content[:middle] + bytes(20) + content[middle + 20 :],
            }[damage]
        )
    with pytest.raises(RunError, match="held_out.npz cannot be read"):
        load_held_out(tmp_path)
