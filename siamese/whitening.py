"""Within-class whitening of features that nothing was trained for, for classes learned of later.

In what pictures of one class differ from each other, those of another class differ too: such
directions are shrunk (A. O. Hatch, S. Kajarekar, A. Stolcke, "Within-Class Covariance Normalization
for SVM-Based Speaker Recognition", Interspeech 2006). How far, and how much of the squared distance
is then theirs, is decided by training classes that are left out in turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Integers, Vectors
from siam.evaluation.all_pairs import count_all_pairs
from siam.evaluation.roc import equal_error
from siam.siamese.pretrained_tower import Components
from siam.unit_vectors import nearest_rows

__all__ = ["Whitening", "choose_whitening", "unit_rows", "within_class_axes"]

# Of the directions in which features vary most; of the largest variance, what a direction needs.
MOST_DIRECTIONS = 256
LEAST_VARIANCE = 1e-6
# Added to the variance within classes, in mean variances: more = closer to no whitening at all.
SHRINKAGES = (0.1, 0.3, 1.0, 3.0)
# Of the squared distance; the others are the features as they are, which know what training
# classes have nothing of.
SHARES = (0.4, 0.8)
# Groups of classes that are left out in turn, each of two classes or more.
MOST_GROUPS = 3


# Which training pictures may be learned from, bool (n,) -> float32 (n, dim), unit length, of all.
Learn = Callable[[Booleans], Vectors]


@dataclass(frozen=True)
class Axes:
    """Directions in which features vary, and how far within a class.

    Attributes:
        mean: float32 (features,).
        directions: float32 (features, n), orthonormal.
        variances: float32 (n,), within classes.
    """

    mean: Vectors
    directions: Vectors
    variances: Vectors

    def whiten(self, shrinkage: float) -> Components:
        """Return the map under which every direction varies alike, but for the shrinkage.

        Args:
            shrinkage: in mean variances, above 0.
        """
        variances = self.variances + shrinkage * max(float(self.variances.mean()), LEAST_VARIANCE)
        kernel = self.directions / np.sqrt(variances)
        return Components(kernel, -self.mean @ kernel)


@dataclass(frozen=True)
class Whitening:
    """A whitening that classes left out have chosen.

    Attributes:
        components: of features of unit length.
        share: of the features' squared distance, how much is the whitened ones', 0 to 1.
    """

    components: Components
    share: float

    def apply(self, rows: Vectors) -> Vectors:
        """Whiten features of unit length: float32 (n, features) to (n, directions), unit length."""
        return unit_rows(self.components.apply(rows))


def within_class_axes(rows: Vectors, labels: Integers) -> Axes:
    """Find in which directions features vary, and how far within a class: 256 or fewer.

    Args:
        rows: float32 (n, features), of training pictures.
        labels: int64 (n,).

    Example:
        >>> rows = np.array([[0, 0, 5], [2, 0, 5], [0, 9, 5], [2, 9, 5]], np.float32)
        >>> within_class_axes(rows, np.array([0, 0, 1, 1])).variances.round(2).tolist()
        [0.0, 1.0]
    """
    mean = rows.mean(axis=0)
    centred = rows - mean
    spread, directions = np.linalg.eigh(centred.T @ centred)
    kept = spread > LEAST_VARIANCE * spread[-1]
    directions = directions[:, kept][:, -MOST_DIRECTIONS:]
    inside = centred @ directions
    for label in np.unique(labels):
        inside[labels == label] -= inside[labels == label].mean(axis=0)
    variances, turn = np.linalg.eigh(inside.T @ inside / np.float32(len(rows)))
    return Axes(mean, directions @ turn, np.maximum(variances, 0))


def choose_whitening(
    rows: Vectors,
    labels: Integers,
    *,
    learn: Learn | None = None,
    learned_share: float = 0.0,
    seed: int = 0,
) -> Whitening | None:
    """Choose a whitening by classes left out in turn, and fit it to all of them.

    Each group of classes is left out of the fit; its pictures are searched among all others, and
    its pairs told apart: best is what has the most Recall@1 less equal error rate.

    Args:
        rows: float32 (n, features), unit length, of training pictures.
        labels: int64 (n,).
        learn: learns what else the embedding has; features are judged together with it.
        learned_share: of the squared distance, that part's.
        seed: of the groups.

    Returns:
        None where there are fewer than four classes, or where every whitening does worse than none.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.arange(80) % 8  # what tells them apart varies least
        >>> rows = rng.normal(size=(80, 8)) * [9, 9, 9, 9, 1, 1, 1, 1]
        >>> rows[:, 4:] += 5 * rng.normal(size=(8, 4))[labels]
        >>> choose_whitening(unit_rows(rows.astype(np.float32)), labels).share
        0.8
    """
    classes = np.random.default_rng(seed).permutation(np.unique(labels))
    count = min(MOST_GROUPS, len(classes) // 2)
    if count < 2:
        return None
    choices = [(1.0, 0.0), *itertools.product(SHRINKAGES, SHARES)]  # the first: none
    scores = np.zeros(len(choices))
    for group in range(count):
        out = np.isin(labels, classes[group::count])
        axes = within_class_axes(rows[~out], labels[~out])
        learned = learn(~out) if learn else None
        for place, (shrinkage, share) in enumerate(choices):
            joined = join_whitened(rows, Whitening(axes.whiten(shrinkage), share))
            if learned is not None:
                joined = join(joined, learned, learned_share)
            scores[place] += score_unseen(joined, labels, out)
    shrinkage, share = choices[int(scores.argmax())]
    if not share:
        return None
    return Whitening(within_class_axes(rows, labels).whiten(shrinkage), share)


def join_whitened(rows: Vectors, whitening: Whitening) -> Vectors:
    """Put features of unit length and whitened ones side by side: float32 (n, dim), unit length."""
    return join(rows, whitening.apply(rows), whitening.share)


def join(rows: Vectors, others: Vectors, share: float) -> Vectors:
    """Put two embeddings side by side, the others with a share of the squared distance."""
    parts = np.float32((1 - share) ** 0.5) * rows, np.float32(share**0.5) * others
    return np.concatenate(parts, axis=1)


def score_unseen(rows: Vectors, labels: Integers, out: Booleans) -> float:
    """Score the pictures of classes left out: their Recall@1 among all, less their pairs' error.

    Args:
        rows: float32 (n, dim), unit length; a row of zeros, of a blank picture, is not asked.
        labels: int64 (n,).
        out: bool (n,), which pictures are of classes left out.
    """
    rows, out = unit_rows(rows), out & rows.any(axis=1)
    same = np.unique(labels[out], return_counts=True)[1]
    if len(same) < 2 or same.max() < 2:
        return 0.0  # no pairs to tell apart
    asked = np.flatnonzero(out)
    found = nearest_rows(rows[out], rows, 2)
    nearest = np.where(found[:, 0] == asked, found[:, 1], found[:, 0])  # another picture
    error, _ = equal_error(count_all_pairs(rows[out], labels[out]).roc())
    return float(np.mean(labels[nearest] == labels[out])) - error


def unit_rows(rows: Vectors) -> Vectors:
    """Scale rows to unit length; a row of zeros stays as it is.

    Example:
        >>> unit_rows(np.array([[3.0, 4.0]])).tolist()
        [[0.6, 0.8]]
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = rows / np.maximum(lengths, np.float32(1e-6))
    return unit
