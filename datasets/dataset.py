"""A labelled data set in memory: three disjoint splits of pictures of one size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from siam.array_types import Integers, Pictures
from siam.pictures.reading import Skipped

__all__ = ["Dataset", "Split", "join_splits"]


@dataclass(frozen=True)
class Split:
    """Pictures with their labels and where each came from.

    Attributes:
        pictures: uint8 of shape (n, height, width, channels), channels 1 (grey) or 3 (RGB).
        labels: int64 of shape (n,), positions in `Dataset.classes`.
        origins: n strings, unique over the data set, such as "mnist/train/17" or "cats/a.png".
    """

    pictures: Pictures
    labels: Integers
    origins: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: Integers) -> Split:
        """Return the split of the items at `positions`, in that order."""
        origins = tuple(self.origins[i] for i in positions)
        return Split(self.pictures[positions], self.labels[positions], origins)


def join_splits(splits: Sequence[Split]) -> Split:
    """Return all items of several splits as one, in that order."""
    return Split(
        np.concatenate([split.pictures for split in splits]),
        np.concatenate([split.labels for split in splits]),
        tuple(origin for split in splits for origin in split.origins),
    )


@dataclass(frozen=True)
class Dataset:
    """A named data set: class names and disjoint train, validation and test splits.

    Attributes:
        name: what the user called it, such as "mnist" or the folder's name.
        source: where it was read from: an absolute path, or "scikit-learn".
        classes: class names; a label is a position in it.
        train: what the network learns from.
        validation: what epochs, thresholds and calibration are chosen by.
        test: scored once, never looked at before.
        prepare: the chain that pictures from outside go through to look like these:
            "digit", "glyph", "photo" or "none".
        groups: one group name (an alphabet, say) for each of `classes` and then each of
            `unseen_classes`, or empty where there are none.
        skipped: files that could not be read.
        depth: how many folders name a class, 0 where none does.
        unseen: every picture of the classes held out of all three splits, or None. Its labels
            are positions in `classes + unseen_classes`.
        unseen_classes: the names of the classes held out.
    """

    name: str
    source: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    prepare: str
    groups: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = field(default=())
    depth: int = 0
    unseen: Split | None = None
    unseen_classes: tuple[str, ...] = ()

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every picture."""
        height, width, channels = self.train.pictures.shape[1:]
        return int(height), int(width), int(channels)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the class names and of every split's pictures and labels, in hexadecimal."""
        digest = hashlib.sha256("\0".join(self.classes + self.unseen_classes).encode())
        for split in (self.train, self.validation, self.test, self.unseen):
            if split is not None:
                digest.update(str(split.pictures.shape).encode())
                digest.update(np.ascontiguousarray(split.pictures).data)
                digest.update(np.ascontiguousarray(split.labels).data)
        return digest.hexdigest()
