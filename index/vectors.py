"""The one rule of what a vector must be: finite and of unit length, as an item or as a query."""

from __future__ import annotations

import numpy as np

from siam.errors import DataError

__all__ = ["check_vectors", "have_unit_length"]

# A float16 or quantised encoder rounds lengths by this much; more means it forgot to normalise.
TOLERANCE = 1e-3
# Below this float32 rounding itself is the cause, and mending it would only change the vector.
ROUNDING = 1e-6


def check_vectors(vectors: np.ndarray, dim: int, *, what: str = "vectors") -> np.ndarray:
    """Return `vectors` as float32 of shape (n, dim), each of unit length.

    Args:
        vectors: numbers of shape (n, dim), or (dim,) for one. Each row has length 1 within
            `TOLERANCE`; what rounding took or added is set right, so that inner product and
            Euclidean distance order neighbours alike.
        dim: length of the index's vectors.
        what: how the error names them.

    Raises:
        DataError: another shape, NaN or infinity, or a row that is not of unit length.

    Example:
        >>> check_vectors(np.array([0.6, 0.8]), 2)
        array([[0.6, 0.8]], dtype=float32)
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != dim:
        raise DataError(
            f"{what} must have the index's shape (n, {dim}), received {np.shape(vectors)}.",
            "Embed the pictures with the encoder that filled this index.",
        )
    squared = np.einsum("nd,nd->n", array, array)
    off = np.abs(squared - 1.0)
    # NaN and infinity fail this comparison too, so the usual case costs one pass.
    if not len(off) or off.max() <= ROUNDING:
        return array
    finite = np.isfinite(squared)
    if not finite.all():
        raise DataError(
            f"{what} must be finite numbers; row {int(np.argmin(finite))} holds NaN or infinity.",
            "Leave that picture out, or look at the encoder that made it.",
        )
    lengths = np.sqrt(squared)
    right = have_unit_length(array)
    if not right.all():
        row = int(np.argmin(right))
        raise DataError(
            f"{what} must have length 1 (within {TOLERANCE}); row {row} has {lengths[row]:.4g}.",
            "Divide each vector by its length: v / np.linalg.norm(v, axis=1, keepdims=True).",
        )
    return np.where(off[:, None] > ROUNDING, array / lengths[:, None], array)


def have_unit_length(vectors: np.ndarray) -> np.ndarray:
    """Return which rows of float32 (n, dim) are finite and of length 1, within `TOLERANCE`.

    Example:
        >>> have_unit_length(np.array([[0.6, 0.8], [0.6, np.nan], [3.0, 4.0]], np.float32)).tolist()
        [True, False, False]
    """
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    right: np.ndarray = np.abs(lengths - 1.0) <= TOLERANCE  # NaN and infinity are not
    return right
