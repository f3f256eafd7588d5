"""The last step of every tower: a row of numbers scaled to unit length."""

from __future__ import annotations

from keras import layers, ops

from siam.array_types import Tensor

__all__ = ["unit_length"]

# Shorter rows than 1e-6 keep their shortness: they have no direction to speak of.
_SMALLEST_SQUARE = 1e-12


def unit_length(rows: Tensor, *, name: str) -> Tensor:
    """Scale rows to unit length, with a finite gradient everywhere.

    `keras.layers.UnitNormalization` takes the root first and bounds it afterwards, so that a row
    of zeros gets an infinite slope, and NaN on PyTorch. Batch normalisation makes such rows
    where a whole batch is one picture. Made of Keras' own operations, so that a saved network
    loads without siam.

    Args:
        rows: symbolic, floats (n, dim), any policy.
        name: of the last layer.

    Returns:
        float32 (n, dim), each row of unit length; a row of zeros stays as it is.

    Example:
        >>> import keras
        >>> unit_length(keras.Input((64,)), name="embedding").shape
        (None, 64)
    """
    # float32 whatever the policy: a bfloat16 cosine resolves only 1 part in 256.
    rows = ops.cast(rows, "float32")
    squares = ops.sum(ops.square(rows), axis=-1, keepdims=True)
    inverse = ops.rsqrt(ops.maximum(squares, _SMALLEST_SQUARE))
    return layers.Multiply(name=name, dtype="float32")([rows, inverse])
