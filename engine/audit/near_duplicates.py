"""Pictures that are copies of each other: re-encoded, resized, cropped a little, made brighter.

Embeddings of one class lie together, whoever wrote the digit, so the nearest pictures are looked
for where content was brought to one place and scale. Then pixels decide: two pictures are copies if
they differ far less than each does from its other neighbours, so that two clean 1s by one hand are
none: many others agree with them as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, Pictures, Vectors
from siam.engine.audit.registration import content_places, sample_frames
from siam.engine.audit.tangent_distance import pair_residuals
from siam.progress import Progress, silent
from siam.unit_vectors import exact_neighbours

__all__ = ["Copies", "find_near_copies", "group_copies"]

NEIGHBOURS = 8
# Share of the usual difference below which two pictures are copies, and below which they are
# looked at closely.
COPY, CLOSE = 0.12, 0.7
ROUNDS = 4
# Side of what neighbours are looked for by, in pixels.
COARSE = 12
# Of all usual differences, the one that none is taken to be below.
LEAST = 0.01


@dataclass(frozen=True)
class Copies:
    """Pairs of pictures that are copies of each other.

    Attributes:
        left, right: int64 (m,), rows, left < right.
        likeness: float64 (m,), difference in pixels by the usual one, 0 = the same, up to 0.12.
    """

    left: Integers
    right: Integers
    likeness: Floats


def find_near_copies(frames: Pictures, *, progress: Progress = silent) -> Copies:
    """Return the pairs of pictures that are copies of each other, exact ones included.

    Args:
        frames: uint8 (n, 32, 32), of `grey_frame`.
        progress: told of pairs compared.
    """
    count = len(frames)
    coarse = coarse_rows(frames)
    neighbours = exact_neighbours(coarse, coarse, NEIGHBOURS, same_set=True, progress=progress)
    near = neighbours.positions
    if near.shape[1] == 0:
        return Copies(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    own = np.repeat(np.arange(count), near.shape[1])
    pairs, place = np.unique(
        np.minimum(own, near.ravel()) * count + np.maximum(own, near.ravel()), return_inverse=True
    )
    left, right = pairs // count, pairs % count
    apart = pair_residuals(frames, left, right, rounds=1, progress=progress)
    # What is usual between a picture and its neighbours, copies among them left aside.
    ordered = np.sort(apart[place].reshape(near.shape), axis=1)
    usual = np.median(ordered[:, near.shape[1] // 2 :], axis=1)
    usual = np.maximum(usual, max(float(np.quantile(usual, LEAST)), 1e-6))
    usual_of_pair = np.sqrt(usual[left] * usual[right])
    close = np.flatnonzero(apart <= CLOSE * usual_of_pair)
    apart[close] = pair_residuals(
        frames, left[close], right[close], rounds=ROUNDS, progress=progress
    )
    likeness = apart / usual_of_pair
    copies = likeness <= COPY
    return Copies(left[copies], right[copies], likeness[copies])


def coarse_rows(frames: Pictures) -> Vectors:
    """Return what neighbours are looked for by, float32 (n, 144), unit rows."""
    import cv2

    sampled = sample_frames(frames, content_places(frames))
    small = [cv2.resize(one, (COARSE, COARSE), interpolation=cv2.INTER_AREA) for one in sampled]
    rows = np.asarray(small, np.float32).reshape(len(frames), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    # A blank picture has no direction: all of them are given one.
    unit: Vectors = np.where(lengths > 1e-3, rows / np.maximum(lengths, 1e-3), COARSE**-1.0)
    return unit.astype(np.float32)


def group_copies(left: Sequence[int], right: Sequence[int]) -> list[list[int]]:
    """Return what is linked by pairs as groups of rising rows, by their first row.

    Example:
        >>> group_copies([1, 5, 2], [2, 6, 9])
        [[1, 2, 9], [5, 6]]
    """
    leader: dict[int, int] = {}

    def lead(row: int) -> int:
        while leader.setdefault(row, row) != row:
            leader[row] = row = leader[leader[row]]
        return row

    for one, other in zip(left, right, strict=True):
        first, second = sorted((lead(int(one)), lead(int(other))))
        leader[second] = first
    groups: dict[int, list[int]] = {}
    for row in sorted(leader):
        groups.setdefault(lead(row), []).append(row)
    return sorted(groups.values())
