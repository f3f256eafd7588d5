"""One way to name a data set: mnist, digits, or the path of a folder, an archive, a table."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from siam.datasets.archive import archive_pictures
from siam.datasets.arrays import read_arrays
from siam.datasets.assemble import assemble
from siam.datasets.dataset import Dataset, Split
from siam.datasets.digits import load_digits
from siam.datasets.holdout import hold_out
from siam.datasets.idx_folder import holds_idx, load_idx_folder
from siam.datasets.layout import PictureSet
from siam.datasets.mnist import load_mnist
from siam.datasets.picture_set import read_dataset
from siam.datasets.tables import is_table, table_pictures
from siam.errors import DataError, UsageError
from siam.pictures.folder_walk import walk_folder
from siam.pictures.framing import look_like_mnist
from siam.pictures.preparation import CHAINS, MAX_SIDE, MIN_SIDE
from siam.progress import Progress, silent

__all__ = ["NAMES", "holds_picture_files", "load_dataset", "open_pictures"]

# The data sets that have a name; any other word is a path.
NAMES = ("mnist", "digits")
PACKED = (".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")

Notice = Callable[[str], None]


def load_dataset(
    spec: str | None,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
    size: int | tuple[int, int] | None = None,
    classes_from: str | None = None,
    holdout_classes: tuple[str, ...] = (),
    prepare: str | None = None,
    whole: bool = True,
    progress: Progress = silent,
    notice: Notice | None = None,
) -> Dataset:
    """Load the data set that `spec` names; it is never replaced by another.

    Args:
        spec: "mnist", "digits", a folder of IDX files, a folder of pictures with one sub-folder
            per class, a .zip of one, a .csv, .tsv or .parquet table of path, label and perhaps
            split, or an .npz file of the arrays x and y. None is MNIST where it is found or can
            be downloaded, else digits, and `notice` is told.
        data_dir: where MNIST is looked for first, in its folder `mnist`.
        seed: fixes the splits.
        size: side of the pictures in pixels, or (height, width), each 16 to 512; None leaves or
            fits it to the data.
        classes_from: which folders are the class, see `siam.datasets.layout.class_depth`.
        holdout_classes: names of classes or groups to keep out of training, in `unseen`.
        prepare: "digit", "glyph", "photo" or "none", the chain for pictures from outside; None
            or "auto" asks the pictures.
        whole: False for a part that others will be joined to: one class or one picture will do.
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
    prepare = None if prepare == "auto" else prepare
    shape = (size, size) if isinstance(size, int) else size
    if shape is not None and not all(MIN_SIDE <= side <= MAX_SIDE for side in shape):
        raise UsageError(f"--size must be {MIN_SIDE} to {MAX_SIDE} pixels, received {size}.")
    if prepare is not None and prepare not in CHAINS:
        raise UsageError(
            f"--prepare must be auto or one of {', '.join(CHAINS)}, received {prepare!r}."
        )
    if data_dir is not None and not data_dir.is_dir():
        raise UsageError(f"--data-dir must be a folder, received {data_dir}.", "Check the path.")
    path = None if spec in (None, *NAMES) else Path(str(spec)).expanduser()
    pictures_below = path is not None and holds_picture_files(path)
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
            f"{_suggest(path)}Give mnist, digits, a folder with one sub-folder per class, a .zip "
            "of one, or a table of path,label.",
        )
    elif not path.is_dir() and not path.is_file():  # a pipe may never end
        raise DataError(f"{path} is not a plain file.", "Save it to one.")
    elif pictures_below:
        with open_pictures(path) as files:
            dataset = read_dataset(
                files,
                seed=seed,
                size=shape,
                classes_from=classes_from,
                prepare=prepare,
                whole=whole,
                progress=progress,
                notice=notice or (lambda _: None),
            )
    elif path.is_dir():
        dataset = load_idx_folder(path, seed=seed)
    else:
        dataset = _load_arrays(path, seed=seed, whole=whole)
    if prepare is not None:
        dataset = dataclasses.replace(dataset, prepare=prepare)
    if shape is not None and not pictures_below:
        dataset = _resized(dataset, shape)
    if not holdout_classes:
        return dataset
    dataset = hold_out(dataset, holdout_classes)
    if notice is not None:
        notice(_tell_held_out(dataset))
    return dataset


def _tell_held_out(dataset: Dataset) -> str:
    """Say in a sentence which classes are held out, the first ten by name."""
    assert dataset.unseen is not None
    names = dataset.unseen_classes
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    of = len(names) + len(dataset.classes)
    return (
        f"Held out of training: {len(names)} of the {of} classes, {', '.join(names[:10])}{more}; "
        f"{len(dataset.unseen):,} pictures."
    )


def holds_picture_files(path: Path) -> bool:
    """Return whether a data set is read from files of pictures, not from arrays of them."""
    return not holds_idx(path) if path.is_dir() else path.suffix.lower() != ".npz"


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


def open_pictures(path: Path) -> AbstractContextManager[PictureSet]:
    """Open the labelled picture files of a folder, a .zip or a table, for as long as the block.

    Raises:
        DataError: it is packed otherwise, or cannot be read.
    """
    if is_table(path):
        return nullcontext(table_pictures(path))
    if path.suffix.lower() in PACKED:
        raise DataError(
            f"{path} is packed in a way that siam does not read.",
            "Unpack it, and give the folder; or pack that as a .zip.",
        )
    if not path.is_dir():
        return archive_pictures(path)
    listing, whole = walk_folder(path, may_be_empty=True), path.resolve()
    return nullcontext(PictureSet(whole.name, str(whole), listing, lambda name: path / name))


def _load_arrays(path: Path, *, seed: int, whole: bool) -> Dataset:
    pictures, labels = read_arrays(path)
    if labels is None:
        raise DataError(
            f"{path} holds no labels, so there is nothing to train on.",
            "Save them too:  numpy.savez(FILE, x=pictures, y=labels)",
        )
    names, numbers = np.unique(labels, return_inverse=True)
    origins = tuple(f"{path.stem}/{place}" for place in range(len(labels)))
    return assemble(
        name=path.stem,
        source=str(path.resolve()),
        classes=tuple(str(name) for name in names),
        train=Split(pictures, numbers.astype(np.int64), origins),
        prepare="digit" if look_like_mnist(pictures) else "photo",
        seed=seed,
        whole=whole,
    )


def _suggest(path: Path) -> str:
    """Return what may have been meant by a path where nothing is, as a question."""
    there = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    choices = {**{str(other): other.name for other in there}, **{name: name for name in NAMES}}
    near = difflib.get_close_matches(path.name, choices.values(), n=1)
    return next(
        (f"Did you mean {meant}? " for meant, name in choices.items() if [name] == near), ""
    )


def _resized(dataset: Dataset, size: tuple[int, int]) -> Dataset:
    import cv2

    height, width = size

    def resize(split: Split) -> Split:
        pictures = np.stack(
            [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in split.pictures]
        )
        return dataclasses.replace(split, pictures=pictures.reshape(len(split), height, width, -1))

    return dataclasses.replace(
        dataset,
        train=resize(dataset.train),
        validation=resize(dataset.validation),
        test=resize(dataset.test),
    )
