"""MNIST: where its four IDX files are looked for, and the proof that they are the real ones."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import numpy as np

from siam.array_types import Integers, Pictures
from siam.datasets.dataset import Dataset, Split
from siam.datasets.download import MNIST_MIRRORS, download
from siam.datasets.idx import read_idx
from siam.datasets.splits import split_off
from siam.errors import DataError
from siam.progress import Progress, silent

__all__ = ["CHECKSUMS", "find_mnist", "load_mnist", "mnist_folders"]

# SHA-256 of the uncompressed files.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
VALIDATION_PICTURES = 5_000


def load_mnist(
    *, data_dir: Path | None = None, seed: int = 0, progress: Progress = silent
) -> Dataset:
    """Load the 70,000 digits, fetching them into the user cache where they are not found.

    Args:
        data_dir: looked in first, for `mnist/`.
        seed: fixes which 5,000 of the 60,000 training pictures validate.
        progress: told of the download.

    Returns:
        55,000 train, 5,000 validation and 10,000 test pictures of 28 x 28 x 1.

    Raises:
        DataError: a file is missing, damaged or not MNIST's, or no mirror has it.
    """
    folder = find_mnist(data_dir) or _fetch(progress)
    pictures, labels = _read(folder, "train")
    test_pictures, test_labels = _read(folder, "t10k")
    train, validation = split_off(labels, VALIDATION_PICTURES, seed=seed)
    whole = Split(pictures, labels, tuple(f"mnist/train/{i}" for i in range(len(labels))))
    return Dataset(
        name="mnist",
        source=str(folder.resolve()),
        classes=tuple("0123456789"),
        train=whole.take(train),
        validation=whole.take(validation),
        test=Split(
            test_pictures, test_labels, tuple(f"mnist/test/{i}" for i in range(len(test_labels)))
        ),
        prepare="digit",
    )


def mnist_folders(data_dir: Path | None = None) -> tuple[Path, ...]:
    """Return where MNIST is looked for, first to last; the last is where it is downloaded to."""
    from platformdirs import user_cache_path

    named = [data_dir] if data_dir is not None else []
    if os.environ.get("SIAM_DATA_DIR"):
        named.append(Path(os.environ["SIAM_DATA_DIR"]))
    return (*(folder / "mnist" for folder in named), user_cache_path("siam") / "mnist")


def find_mnist(data_dir: Path | None = None) -> Path | None:
    """Return the first folder that holds MNIST, or None.

    Raises:
        DataError: a folder other than the cache holds some of the four files and not the rest.
    """
    *named, cache = mnist_folders(data_dir)
    for folder in named:
        missing = [name for name in CHECKSUMS if _file(folder, name) is None]
        if not missing:
            return folder
        if len(missing) < len(CHECKSUMS):
            raise DataError(
                f"MNIST has four files, {folder} lacks {', '.join(missing)} (.gz or not).",
                "Add what is missing, or remove the folder to have MNIST downloaded.",
            )
    return cache if all(_file(cache, name) for name in CHECKSUMS) else None


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)


def _fetch(progress: Progress) -> Path:
    cache = mnist_folders()[-1]
    for name, checksum in CHECKSUMS.items():
        if _file(cache, name) is None:
            download(
                f"{name}.gz",
                mirrors=MNIST_MIRRORS,
                folder=cache,
                sha256=checksum,
                progress=progress,
            )
    return cache


def _read(folder: Path, part: str) -> tuple[Pictures, Integers]:
    pictures = _checked(folder, f"{part}-images-idx3-ubyte", dimensions=3)
    labels = _checked(folder, f"{part}-labels-idx1-ubyte", dimensions=1)
    return pictures[..., np.newaxis], labels.astype(np.int64)


def _checked(folder: Path, name: str, *, dimensions: int) -> Pictures:
    path = _file(folder, name)
    if path is None:
        raise DataError(f"{folder / name} is missing (.gz or not).", "Add it to the folder.")
    array = read_idx(path, dimensions=dimensions)
    header = struct.pack(f">4B{dimensions}I", 0, 0, 8, dimensions, *array.shape)
    found = hashlib.sha256(header + array.tobytes()).hexdigest()
    if found != CHECKSUMS[name]:
        raise DataError(
            f"{path} is not MNIST's: its content has the SHA-256 {found}, "
            f"the real one {CHECKSUMS[name]}.",
            "Delete it and fetch it again, or give the folder itself as the data set.",
        )
    return array
