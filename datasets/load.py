"""One way to name a data set: mnist, digits, or the path of a folder or .zip archive."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from siam.datasets.archive import archive_pictures
from siam.datasets.dataset import Dataset, Split
from siam.datasets.digits import load_digits
from siam.datasets.holdout import hold_out
from siam.datasets.idx_folder import holds_idx, load_idx_folder
from siam.datasets.mnist import load_mnist
from siam.datasets.picture_set import PictureSet, read_dataset
from siam.errors import DataError, UsageError
from siam.pictures.folder_walk import walk_folder
from siam.pictures.preparation import CHAINS, MAX_SIDE, MIN_SIDE
from siam.progress import Progress, silent

__all__ = ["load_dataset"]

Notice = Callable[[str], None]


def load_dataset(
    spec: str | None,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
    size: int | None = None,
    classes_from: str | None = None,
    holdout_classes: tuple[str, ...] = (),
    prepare: str | None = None,
    progress: Progress = silent,
    notice: Notice | None = None,
) -> Dataset:
    """Load the data set that `spec` names; it is never replaced by another.

    Args:
        spec: "mnist", "digits", a folder of IDX files, a folder of pictures with one sub-folder
            per class, or a .zip of one. None is MNIST where it is found or can be downloaded,
            else digits, and `notice` is told.
        data_dir: where MNIST is looked for first, in its folder `mnist`.
        seed: fixes the splits.
        size: side of the pictures in pixels, 16 to 512; None leaves or fits it to the data.
        classes_from: which folders are the class, see `siam.datasets.layout.class_depth`.
        holdout_classes: names of classes or groups to keep out of training, in `unseen`.
        prepare: "digit", "glyph", "photo" or "none", the chain for pictures from outside; None
            fits the data.
        progress: told of downloads and of pictures read.
        notice: told, in a sentence, what was decided without being asked.

    Raises:
        UsageError: an option that cannot be meant that way.
        DataError: what was named is not there or cannot be read.
        MissingExtraError: digits without scikit-learn.

    Example:
        >>> dataset = load_dataset("digits")
        >>> dataset.picture_shape, len(dataset.train)
        ((28, 28, 1), 1259)
    """
    if size is not None and not MIN_SIDE <= size <= MAX_SIDE:
        raise UsageError(f"--size must be {MIN_SIDE} to {MAX_SIDE} pixels, received {size}.")
    if prepare is not None and prepare not in CHAINS:
        raise UsageError(f"--prepare must be one of {', '.join(CHAINS)}, received {prepare!r}.")
    if data_dir is not None and not data_dir.is_dir():
        raise UsageError(f"--data-dir must be a folder, received {data_dir}.", "Check the path.")
    path = None if spec in (None, "mnist", "digits") else Path(str(spec)).expanduser()
    pictures_below = path is not None and not (path.is_dir() and holds_idx(path))
    if classes_from is not None and not pictures_below:
        raise UsageError(
            f"--classes-from is for folders of pictures, received {classes_from!r} for "
            f"{spec or 'MNIST'}.",
            "Leave it out.",
        )
    if path is None:
        dataset = _named(spec, data_dir=data_dir, seed=seed, progress=progress, notice=notice)
    elif not path.exists():
        raise DataError(
            f"There is no data set {spec!r}.",
            "Give mnist, digits, a folder with one sub-folder per class, or a .zip of one.",
        )
    elif pictures_below:
        with _files(path) as files:
            dataset = read_dataset(
                files,
                seed=seed,
                size=size,
                classes_from=classes_from,
                prepare=prepare,
                progress=progress,
                notice=notice,
            )
    else:
        dataset = load_idx_folder(path, seed=seed)
    if prepare is not None:
        dataset = dataclasses.replace(dataset, prepare=prepare)
    if size is not None and not pictures_below:
        dataset = _resized(dataset, size)
    return hold_out(dataset, holdout_classes) if holdout_classes else dataset


def _named(
    spec: str | None,
    *,
    data_dir: Path | None,
    seed: int,
    progress: Progress,
    notice: Notice | None,
) -> Dataset:
    if spec == "digits":
        return load_digits(seed=seed)
    try:
        return load_mnist(data_dir=data_dir, seed=seed, progress=progress)
    except DataError:
        if spec is not None:
            raise
        if notice is not None:
            notice(
                "MNIST is not here and could not be downloaded, so these are the 1,797 digits of "
                "scikit-learn. --data-dir names the folder that holds mnist/."
            )
        return load_digits(seed=seed)


def _files(path: Path) -> AbstractContextManager[PictureSet]:
    if not path.is_dir():
        return archive_pictures(path)
    listing, whole = walk_folder(path, may_be_empty=True), path.resolve()
    return nullcontext(
        PictureSet(
            whole.name, str(whole), listing.pictures, lambda name: path / name, listing.skipped
        )
    )


def _resized(dataset: Dataset, size: int) -> Dataset:
    import cv2

    def resize(split: Split) -> Split:
        pictures = np.stack(
            [cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in split.pictures]
        )
        return dataclasses.replace(split, pictures=pictures.reshape(len(split), size, size, -1))

    return dataclasses.replace(
        dataset,
        train=resize(dataset.train),
        validation=resize(dataset.validation),
        test=resize(dataset.test),
    )
