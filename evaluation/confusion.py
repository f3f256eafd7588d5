"""Which classes are taken for which: one row per true class, and per-class figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siam.array_types import Integers
from siam.evaluation.intervals import Interval, wilson

__all__ = ["ClassScores", "confuse", "score_classes"]


@dataclass(frozen=True)
class ClassScores:
    """How one class fared.

    Attributes:
        name: the class.
        count: its pictures among the queries.
        recall: share of them whose voted label is right; None without pictures.
        precision: share of the pictures voted for it that are of it; None where none was.
        recall_ci95, precision_ci95: Wilson's 95 % intervals over pictures.
        mistaken_for: (class, pictures) it was taken for, most frequent first.
    """

    name: str
    count: int
    recall: float | None
    recall_ci95: Interval
    precision: float | None
    precision_ci95: Interval
    mistaken_for: tuple[tuple[str, int], ...]


def confuse(labels: Integers, predictions: Integers, classes: int) -> Integers:
    """Count pictures by true class and predicted class.

    Args:
        labels: int64 (n,), 0 to `classes` - 1.
        predictions: int64 (n,); -1, no vote, is not counted.
        classes: how many classes there are.

    Returns:
        int64 (classes, classes), row = true class, column = predicted class.

    Example:
        >>> confuse(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    from sklearn.metrics import confusion_matrix

    valid = predictions >= 0
    if classes == 0 or not valid.any():
        return np.zeros((classes, classes), np.int64)
    matrix: Integers = confusion_matrix(
        labels[valid], predictions[valid], labels=np.arange(classes)
    ).astype(np.int64)
    return matrix


def score_classes(
    labels: Integers, predictions: Integers, classes: Sequence[str]
) -> tuple[ClassScores, ...]:
    """Return each class's recall and precision with what it was mistaken for.

    Args:
        labels: int64 (n,), positions in `classes`.
        predictions: int64 (n,), positions in `classes`, -1 for no vote.
        classes: class names.
    """
    matrix = confuse(labels, predictions, len(classes))
    counts = np.bincount(labels, minlength=len(classes))
    scores = []
    for row, name in enumerate(classes):
        count, right, total = int(counts[row]), int(matrix[row, row]), int(matrix[:, row].sum())
        others = np.where(np.arange(len(classes)) == row, 0, matrix[row])
        mistaken = [i for i in np.argsort(-others, kind="stable") if others[i] > 0]
        scores.append(
            ClassScores(
                name=name,
                count=count,
                recall=right / count if count else None,
                recall_ci95=wilson(right, count),
                precision=right / total if total else None,
                precision_ci95=wilson(right, total),
                mistaken_for=tuple((classes[i], int(others[i])) for i in mistaken),
            )
        )
    return tuple(scores)
