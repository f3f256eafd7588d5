"""Preparing ahead: one batch at a time, every batch in its place."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np

from siam.training.feed import FeedEpoch
from siam.training.prefetch import PrefetchedFeed

STEPS = 12


class Numbered(PrefetchedFeed):
    """Each batch is one number, 100 x epoch + step."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 0
        self.busy = 0
        self.most_busy = 0
        self.counting = threading.Lock()

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return STEPS

    def prepare(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the number, and count how many threads are here."""
        with self.counting:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        time.sleep(0.002)
        with self.counting:
            self.busy -= 1
        number = np.full((1, 1), 100 * self.epoch + step, np.float32)
        return np.zeros((1, 1), np.float32), number


def test_one_thread_prepares_at_a_time() -> None:
    numbered = Numbered()
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda step: numbered[step][1].item(), range(STEPS)))
    assert shown == list(range(STEPS))
    assert numbered.most_busy == 1


def test_a_training_is_shown_each_epochs_batches_in_order() -> None:
    numbered, shown = Numbered(), []

    def note(numbers: Any, outputs: Any) -> Any:
        shown.append(round(keras.ops.convert_to_numpy(numbers).item()))
        return keras.ops.mean(outputs)

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss=note, run_eagerly=True)
    # As a resumed training does, whose first epoch is not epoch 0.
    model.fit(
        numbered,
        initial_epoch=2,
        epochs=5,
        shuffle=False,
        verbose=0,
        callbacks=[FeedEpoch(numbered)],
    )
    expected = [100 * epoch + step for epoch in (2, 3, 4) for step in range(STEPS)]
    assert shown == expected
