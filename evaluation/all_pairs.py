"""Every pair of a set of pictures, counted by distance without ever holding them all.

10,000 pictures make 50 million pairs. They are counted, block by block, into bins of 0.0001, so
that memory does not grow with the number of pairs, and any threshold or rate can be read off
later. Pictures are dealt at random to groups; leaving out one group at a time gives the 95 %
interval over pictures (delete-a-group jackknife: Kott 2001, J. Official Statistics 17(4)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, Vectors
from siam.evaluation.distances import Embedded, distance_block
from siam.evaluation.intervals import Figure, around, wilson
from siam.evaluation.roc import Roc, need_both_kinds, roc_of_counts
from siam.progress import Progress, silent

__all__ = ["BIN_WIDTH", "EDGES", "AllPairs", "count_all_pairs", "jackknife"]

BINS = 20_000
BIN_WIDTH = 2.0 / BINS
# The upper end of each bin: a pair in bin i has a distance of at most EDGES[i].
EDGES = np.linspace(0.0, 2.0, BINS + 1)[1:]

GROUPS = 24
# Student's t quantile of 97.5 % with GROUPS - 1 degrees of freedom.
STUDENT_T = 2.0687
ROWS_PER_BLOCK = 1024


@dataclass(frozen=True)
class AllPairs:
    """How many same and different pairs lie in each bin of distance.

    Attributes:
        pictures: how many pictures the pairs were made of.
        same, different: int64 (20000,), pairs whose distance lies in the bin.
        same_by_group, different_by_group: int64 (groups, 20000), those of them that touch a
            picture of the group.
    """

    pictures: int
    same: Integers
    different: Integers
    same_by_group: Integers
    different_by_group: Integers

    @property
    def count(self) -> int:
        """Number of pairs."""
        return int(self.same.sum() + self.different.sum())

    def roc(self) -> Roc:
        """Return the curve over all pairs; both kinds must occur."""
        need_both_kinds(int(self.same.sum()), int(self.different.sum()))
        return roc_of_counts(EDGES, self.same, self.different)


def count_all_pairs(
    embeddings: Vectors,
    labels: Integers,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> AllPairs:
    """Count all n(n-1)/2 pairs of pictures by distance.

    Args:
        embeddings: float32 (n, dim), unit rows.
        labels: int64 (n,).
        seed: of dealing the pictures to groups.

    Example:
        >>> pairs = count_all_pairs(np.eye(3), np.array([0, 0, 1]))
        >>> pairs.count, int(pairs.same.sum()), round(float(EDGES[pairs.same.argmax()]), 3)
        (3, 1, 1.414)
    """
    from threadpoolctl import threadpool_limits

    pictures = Embedded(embeddings, labels)
    rows, numbers = pictures.embeddings, pictures.labels
    order = np.random.default_rng(seed).permutation(len(rows))
    vectors, numbers = rows[order].astype(np.float64), numbers[order]
    groups = min(GROUPS, max(1, len(vectors)))
    bounds = np.linspace(0, len(vectors), groups + 1).astype(int)
    by_group = np.zeros((groups, 2 * BINS), np.int64)
    total = np.zeros(2 * BINS, np.int64)
    step, steps = 0, groups * (groups + 1) // 2
    # Between small products a BLAS's threads wait by computing: on two busy cores they took 3.3 s
    # of the processor for what one does in 0.35.
    with threadpool_limits(1, "blas"):
        for first in range(groups):
            for second in range(first, groups):
                down = slice(bounds[first], bounds[first + 1])
                across = slice(bounds[second], bounds[second + 1])
                counts = _count_block(vectors, numbers, down, across)
                total += counts
                by_group[first] += counts
                if second != first:
                    by_group[second] += counts
                step += 1
                progress("Comparing all pairs", step, steps)
    return AllPairs(
        len(vectors), total[BINS:], total[:BINS], by_group[:, BINS:], by_group[:, :BINS]
    )


def jackknife(
    pairs: AllPairs, statistics: Callable[[Integers, Integers], list[float]]
) -> list[Figure]:
    """Return rates computed from the counts, with their 95 % intervals over pictures.

    Args:
        statistics: takes counts of same and of different pairs, int64 (20000,) each, and returns
            numbers of 0 to 1.
    """
    estimates = np.array(statistics(pairs.same, pairs.different))
    left_out = []
    for same, different in zip(pairs.same_by_group, pairs.different_by_group, strict=True):
        rest = pairs.same - same, pairs.different - different
        if rest[0].sum() and rest[1].sum():
            left_out.append(statistics(*rest))
    if len(left_out) < 2:
        return [(float(value), (0.0, 1.0)) for value in estimates]
    deviations = np.array(left_out) - np.mean(left_out, axis=0)
    errors = np.sqrt((len(left_out) - 1) / len(left_out) * np.sum(deviations**2, axis=0))
    figures = []
    for value, error in zip(estimates, errors, strict=True):
        ends = value - STUDENT_T * error, value + STUDENT_T * error
        if error < 1e-12:  # no group makes a difference: as uncertain as a share of the pictures
            ends = wilson(value * pairs.pictures, pairs.pictures)
        figures.append((float(value), around(value, ends)))
    return figures


def _count_block(vectors: Floats, numbers: Integers, rows: slice, columns: slice) -> Integers:
    """Count the pairs of two groups: different pairs by bin, then same pairs by bin."""
    counts = np.zeros(2 * BINS, np.int64)
    within = rows == columns
    for start in range(rows.start, rows.stop, ROWS_PER_BLOCK):
        part = slice(start, min(start + ROWS_PER_BLOCK, rows.stop))
        for begin in range(part.start if within else columns.start, columns.stop, ROWS_PER_BLOCK):
            other = slice(begin, min(begin + ROWS_PER_BLOCK, columns.stop))
            distances = distance_block(vectors[part], vectors[other])
            # Bin i holds (EDGES[i - 1], EDGES[i]], since a threshold accepts its own distance.
            distances *= 1 / BIN_WIDTH
            bins = np.ceil(distances, out=distances).astype(np.int32)
            bins -= 1
            np.clip(bins, 0, BINS - 1, out=bins)
            bins += BINS * (numbers[part, None] == numbers[None, other])
            if within and begin == start:
                bins = bins[np.triu_indices(len(bins), k=1)]
            counts += np.bincount(bins.ravel(), minlength=2 * BINS)
    return counts
