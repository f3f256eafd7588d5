"""What a search returns: ids and distances, and the items behind the ids."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import UsageError

__all__ = ["Item", "Matches", "check_radius"]


class Item(msgspec.Struct, frozen=True):
    """One indexed picture, without its vector and thumbnail.

    Attributes:
        id: stable number, never given to another item.
        key: unique name, such as a path or "mnist/train/17".
        label: class name; None where none was given.
        origin: where the picture came from.
        split: "train", "validation", "test", or None where none was given.
        hash: SHA-256 of the picture's content in hexadecimal, or "".
        meta: further values by name: texts, numbers, booleans.
    """

    id: int
    key: str
    label: str | None
    origin: str
    split: str | None = None
    hash: str = ""
    meta: Mapping[str, str | int | float | bool | None] = {}


class Matches(msgspec.Struct, frozen=True):
    """The nearest items of each query, nearest first.

    Attributes:
        ids: int64 of shape (queries, k); -1 where there were fewer than k.
        distances: float32 of shape (queries, k), Euclidean, 0 to 2, smaller = closer; infinity
            where `ids` is -1.
    """

    ids: Integers
    distances: Vectors

    @property
    def counts(self) -> Integers:
        """How many items each query found: int64 of shape (queries,)."""
        counts: Integers = (self.ids >= 0).sum(axis=1)
        return counts

    def __len__(self) -> int:
        return len(self.ids)

    def within(self, radius: float) -> Matches:
        """Keep what lies at `radius` or nearer; the rest becomes -1 and infinity.

        Raises:
            UsageError: a radius outside 0 to 2.
        """
        check_radius(radius)
        kept = self.distances <= radius
        return Matches(
            np.where(kept, self.ids, -1),
            np.where(kept, self.distances, np.float32(np.inf)).astype(np.float32),
        )


def check_radius(radius: float) -> None:
    """Refuse a radius that is no distance, NaN too.

    Raises:
        UsageError: it is outside 0 to 2.
    """
    if not 0.0 <= radius <= 2.0:
        raise UsageError(f"Distances lie between 0 and 2; received the radius {radius}.")
