"""Batches that a thread prepares while the network learns from those before."""

from __future__ import annotations

import threading
from typing import Any

import keras

__all__ = ["PrefetchedFeed"]

# Batches that wait for the step at most.
QUEUE = 8


class PrefetchedFeed(keras.utils.PyDataset):
    """A data set whose batches are prepared one at a time, in a thread beside the step.

    On TensorFlow, Keras leaves a single worker's batches to tf.data, where every epoch begins by
    waiting for a sleeping thread of its autotuning: 0.6 to 2.6 s on two cores, 5 to 35 s on one.
    Two workers are given a queue of Keras' own; a lock keeps them from taking both cores from the
    step. The other backends draw a batch before the first epoch begins, which that queue would
    show in it, so they keep the one worker.
    """

    def __init__(self) -> None:
        workers = 2 if keras.backend.backend() == "tensorflow" else 1
        super().__init__(workers=workers, max_queue_size=QUEUE)
        self._one_at_a_time = threading.Lock()

    def __getitem__(self, step: int) -> Any:
        with self._one_at_a_time:
            return self.prepare(step)

    def prepare(self, step: int) -> Any:
        """Return the batch of a step, whatever thread asks for it."""
        raise NotImplementedError
