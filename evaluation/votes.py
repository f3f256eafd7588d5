"""What a picture's neighbours say together: the label they vote for, and how firmly.

A neighbour's vote weighs 1 / (distance + 0.05)², so that three near pictures of a new label are
not outvoted by seven far ones of old labels, and an exact copy does not drown all others.
Plain NumPy, a row per query.
"""

from __future__ import annotations

import msgspec
import numpy as np

from siam.array_types import Floats, Integers, Reals

__all__ = ["CLOSEST", "UNKNOWN", "Votes", "count_votes"]

# The label of a query without neighbours.
UNKNOWN = -1
SOFTENING = 0.05
CLOSEST = 5


class Votes(msgspec.Struct, frozen=True):
    """The outcome of the votes of k neighbours for n queries.

    Attributes:
        labels: int64 (n,), the label with most votes; -1 where there are no neighbours.
        shares: float64 (n,), its part of all votes, above 0 to 1.
        nearest: float64 (n,), distance of its nearest neighbour, 0 to 2; 2 without neighbours.
        closeness: float64 (n,), mean distance of its (up to) 5 nearest neighbours, 0 to 2: how far
            the picture is from what the gallery knows. A label of few pictures is not held against
            the query, as the mean over all k neighbours would.
    """

    labels: Integers
    shares: Floats
    nearest: Floats
    closeness: Floats


def count_votes(distances: Reals, labels: Integers) -> Votes:
    """Count the neighbours' votes, nearer ones weighing more.

    Args:
        distances: (n, k), 0 to 2, smaller = closer, rising along each row. A missing neighbour is
            infinite or NaN and has no vote.
        labels: int64 (n, k), the neighbours' labels.

    Example:
        >>> votes = count_votes(np.array([[0.1, 0.2, 0.9]]), np.array([[7, 7, 1]]))
        >>> int(votes.labels[0]), round(float(votes.shares[0]), 2)
        (7, 0.98)
    """
    distances = np.asarray(distances, np.float64)
    labels = np.asarray(labels, np.int64)
    if distances.ndim != 2 or distances.shape != labels.shape:
        raise ValueError(
            "Neighbour distances and labels must both be (n, k), "
            f"received {distances.shape} and {labels.shape}."
        )
    n, k = distances.shape
    if k == 0:
        nowhere = np.full(n, 2.0)
        return Votes(np.full(n, UNKNOWN), np.zeros(n), nowhere, nowhere.copy())
    present = np.isfinite(distances)
    distances = np.where(present, distances, 2.0)
    weights = np.where(present, 1 / (distances + SOFTENING) ** 2, 0.0)
    agrees = labels[:, :, None] == labels[:, None, :]  # (n, k, k)
    support = np.einsum("nij,nj->ni", agrees, weights) * present
    # Among equal support the nearest neighbour's label wins: argmax takes the first.
    winner = np.argmax(support, axis=1)
    rows = np.arange(n)
    some = present.any(axis=1)
    winning_labels = np.where(some, labels[rows, winner], UNKNOWN)
    total = np.where(some, weights.sum(axis=1), 1.0)
    own = (labels == winning_labels[:, None]) & present
    closest = own & (np.cumsum(own, axis=1) <= CLOSEST)
    voters = np.maximum(closest.sum(axis=1), 1)
    return Votes(
        labels=winning_labels,
        shares=support[rows, winner] / total,
        nearest=np.min(np.where(own, distances, 2.0), axis=1),
        closeness=np.where(some, np.sum(distances * closest, axis=1) / voters, 2.0),
    )
