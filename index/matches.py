"""What a search returns, and recall: the share of the exact answer that it finds."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import UsageError

__all__ = [
    "NEIGHBOURS",
    "SAMPLE",
    "Item",
    "Matches",
    "check_radius",
    "others",
    "recall",
    "sampling_error",
]

SAMPLE = 200  # queries that recall is measured with: 2,000 neighbours at k = 10
NEIGHBOURS = 10
# A search compares d^2 = 2 - 2 cos, of products that float32 rounds by 1e-6 at most: items whose
# d^2 differ by no more than two such roundings are equally near.
ROUNDING = 4e-6


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


def recall(matches: Matches, truth: Matches) -> float:
    """Return the share of the exact answer that was found, ties counted as found: 0 to 1.

    Args:
        matches: what an approximate search returned, k neighbours per query.
        truth: the exact answer with the same k.
    """
    hits, due = _hits(matches, truth)
    return float(hits.sum() / due.sum()) if due.sum() else 1.0


def sampling_error(matches: Matches, truth: Matches) -> float:
    """Return the standard error of `recall` as an estimate for all queries there could be.

    Neighbours of one query are missed together, so it is the queries that count as draws.
    """
    hits, due = _hits(matches, truth)
    shares = hits[due > 0] / due[due > 0]
    return float(shares.std(ddof=1) / len(shares) ** 0.5) if len(shares) > 1 else 0.0


def _hits(matches: Matches, truth: Matches) -> tuple[Integers, Integers]:
    # Compared by distance: equally near items may stand in for each other.
    there = ~np.isinf(truth.distances)
    worst = np.where(there, truth.distances, -np.inf).max(axis=1, initial=-np.inf)
    hits = (matches.distances**2 <= (np.sign(worst) * worst**2 + ROUNDING)[:, None]).sum(axis=1)
    return np.minimum(hits, truth.counts), truth.counts


def others(matches: Matches) -> Matches:
    """Leave out the nearest match of each query: an indexed vector finds itself first."""
    return Matches(matches.ids[:, 1:], matches.distances[:, 1:])
