"""Embedded pictures, and distances between them.

A distance is Euclidean between unit embeddings: 0 to 2, smaller = closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, Vectors
from siam.errors import DataError
from siam.unit_vectors import check_unit_rows

__all__ = ["Embedded", "distance_block", "pair_distances"]


@dataclass(frozen=True)
class Embedded:
    """Embedded pictures, checked as they are put together.

    Attributes:
        embeddings: float32 (n, dim), unit rows.
        labels: int64 (n,), positions in the class names.

    Raises:
        DataError: shapes that do not fit, a value that is not finite, or a row not of unit length.
    """

    embeddings: Vectors
    labels: Integers

    def __post_init__(self) -> None:
        """Take the embeddings as float32 and the labels as int64, or refuse them."""
        labels = np.asarray(self.labels).astype(np.int64)
        if np.ndim(self.embeddings) != 2 or labels.shape != (len(self.embeddings),):
            raise DataError(
                "Embeddings must be (n, dim) with labels (n,), "
                f"received {np.shape(self.embeddings)} and {np.shape(self.labels)}."
            )
        object.__setattr__(self, "embeddings", check_unit_rows(self.embeddings))
        object.__setattr__(self, "labels", labels)


def pair_distances(embeddings: Vectors, left: Integers, right: Integers) -> Floats:
    """Return the distance of each pair of rows.

    Args:
        embeddings: float32 (n, dim), unit rows.
        left, right: int64 (count,), rows of `embeddings`.

    Returns:
        float64 (count,), 0 to 2, smaller = closer.

    Example:
        >>> pair_distances(np.eye(2), np.array([0, 0]), np.array([0, 1])).round(3).tolist()
        [0.0, 1.414]
    """
    difference = embeddings[left].astype(np.float64) - embeddings[right]
    distances: Floats = np.sqrt(np.einsum("nd,nd->n", difference, difference))
    return distances


def distance_block(rows: Floats, columns: Floats) -> Floats:
    """Return all distances between two sets of unit rows, float64 (n, m).

    Args:
        rows, columns: float64 (n, dim) and (m, dim). In float64, since |a - b|² = 2 - 2ab loses
            half of its digits where a and b are close.
    """
    block: Floats = rows @ columns.T
    block *= -2
    block += 2
    np.maximum(block, 0, out=block)
    np.sqrt(block, out=block)
    return block
