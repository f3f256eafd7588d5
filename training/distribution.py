"""Several GPUs of one machine: every batch shared out by the backend's own distribution."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from siam.errors import UsageError

__all__ = ["distribute", "shares_batches"]


@contextlib.contextmanager
def distribute(device: str = "auto") -> Iterator[int]:
    """Build, compile and fit inside: with "all", every batch is shared out over all GPUs.

    JAX computes the whole batch's loss as one device would. TensorFlow computes the loss within
    each device's share, so that a batch loss sees fewer pairs.

    Args:
        device: what `prepare_device` was given; anything but "all" changes nothing.

    Yields:
        How many devices share a batch. Its size must be a multiple of that.

    Raises:
        UsageError: the backend cannot do so within one process.
    """
    import keras

    backend = str(keras.backend.backend())
    if device != "all":
        yield 1
    elif backend == "jax":
        before = keras.distribution.distribution()
        shared = keras.distribution.DataParallel()
        keras.distribution.set_distribution(shared)
        try:
            yield len(keras.distribution.list_devices())
        finally:
            keras.distribution.set_distribution(before)
    elif backend == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        strategy = tensorflow.distribute.MirroredStrategy()
        with strategy.scope():
            yield int(strategy.num_replicas_in_sync)
    else:
        raise UsageError(
            "--device all needs the backend jax or tensorflow, received torch, which wants a "
            "process for each GPU.",
            "Take --backend jax; or see docs/scale.md.",
        )


def shares_batches() -> bool:
    """Return whether every batch is shared out over several devices here."""
    import keras

    if keras.backend.backend() == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        return bool(tensorflow.distribute.has_strategy())
    return keras.distribution.distribution() is not None
