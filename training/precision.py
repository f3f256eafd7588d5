"""The numbers a network computes with while it learns: float32, or a mix with bfloat16."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

__all__ = ["PRECISIONS", "dtype_policy"]

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build layers under a Keras dtype policy, and leave the process's own as it was.

    Args:
        name: "float32", "mixed_bfloat16" (fast on recent CPUs and GPUs) or "mixed_float16"
            (GPUs before 2020). Weights are float32 under each of them.

    Example:
        >>> with dtype_policy("mixed_bfloat16"):
        ...     layer = keras.layers.Dense(1)
        >>> layer.compute_dtype
        'bfloat16'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
