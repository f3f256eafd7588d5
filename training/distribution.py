"""Several devices, of one process or of many: every batch shared out by the backend's own way."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from siam.errors import UsageError
from siam.training.processes import process

__all__ = ["alone", "distribute", "shares_batches"]


@contextlib.contextmanager
def distribute(device: str = "auto") -> Iterator[int]:
    """Build, compile and fit inside: with "all", every batch is shared out over all GPUs.

    So it is over the devices of all processes, where there are several.

    JAX computes the whole batch's loss as one device would. TensorFlow computes the loss within
    each device's share, so that a batch loss sees fewer pairs.

    Args:
        device: what `prepare_device` was given; in a lone process anything but "all" changes
            nothing.

    Yields:
        How many devices share a batch. Its size must be a multiple of that.

    Raises:
        UsageError: the backend cannot do so within one process.
    """
    import keras

    backend = str(keras.backend.backend())
    if device != "all" and process()[1] == 1:
        yield 1
    elif backend == "jax":
        before = keras.distribution.distribution()
        shared = keras.distribution.DataParallel(auto_shard_dataset=False)
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


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Build and compute inside on this process's own device, whatever is shared outside."""
    import keras

    if keras.backend.backend() != "jax":
        yield
        return
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def shares_batches() -> bool:
    """Return whether every batch is shared out over several devices here."""
    import keras

    if keras.backend.backend() == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        return bool(tensorflow.distribute.has_strategy())
    return keras.distribution.distribution() is not None
