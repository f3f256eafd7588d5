"""A labelled data set in memory: three disjoint splits of pictures of one size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Dataset", "Skipped", "Split"]


@dataclass(frozen=True)
class Split:
    """Pictures with their labels and where each came from.

    Attributes:
        pictures: uint8 of shape (n, height, width, channels), channels 1 (grey) or 3 (RGB).
        labels: int64 of shape (n,), positions in `Dataset.classes`.
        origins: n strings, unique over the data set, such as "mnist/train/17" or "cats/a.png".
    """

    pictures: np.ndarray
    labels: np.ndarray
    origins: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: np.ndarray) -> Split:
        """Return the split of the items at `positions`, in that order."""
        origins = tuple(self.origins[i] for i in positions)
        return Split(self.pictures[positions], self.labels[positions], origins)


@dataclass(frozen=True)
class Skipped:
    """A file that was passed over, and why."""

    path: str
    reason: str


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
            "digit", "photo" or "none".
        groups: one group name per class (an alphabet, say), or empty where there are none.
        skipped: files that could not be read.
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

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every picture."""
        height, width, channels = self.train.pictures.shape[1:]
        return int(height), int(width), int(channels)
