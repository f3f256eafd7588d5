"""What a training step is fed: class-balanced batches, or explicit pairs for both inputs.

Every batch depends on (seed, epoch, step) alone; a background thread prepares the next ones
while the network learns from this one.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from siam.datasets.dataset import Split
from siam.datasets.sampling import epoch_batches, sample_pairs
from siam.siamese.augment import AugmentPolicy, augment_batch

__all__ = ["BatchFeed", "EpochTurn", "PairFeed"]

# One thread beside the step's own keeps ahead of it and takes no core from it for long.
WORKERS = 1
QUEUE = 8


class BatchFeed(keras.utils.PyDataset):
    """P x K batches of pictures with their labels.

    Args:
        split: what to draw from.
        classes: P, classes in a batch.
        pictures: K, pictures of each.
        seed: fixes order and augmentation.
        policy: how pictures are varied; None leaves them as they are.
    """

    def __init__(
        self,
        split: Split,
        *,
        classes: int,
        pictures: int,
        seed: int,
        policy: AugmentPolicy | None,
    ) -> None:
        super().__init__(workers=WORKERS, max_queue_size=QUEUE)
        self.split = split
        self.classes = classes
        self.pictures = pictures
        self.seed = seed
        self.policy = policy
        self.turn(0)

    def turn(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        self.epoch = epoch
        self.batches = epoch_batches(
            self.split.labels,
            classes=self.classes,
            pictures=self.pictures,
            seed=self.seed,
            epoch=epoch,
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.batches[step]
        pictures = varied(self.split.pictures[chosen], self.policy, (self.seed, self.epoch, step))
        return pictures, self.split.labels[chosen]


class PairFeed(keras.utils.PyDataset):
    """Explicit pairs, half of them of one class, for the two inputs of the network.

    Args:
        split: what to draw from.
        batch: pairs in a step.
        seed: fixes pairs and augmentation.
        policy: how pictures are varied; None leaves them as they are.
    """

    def __init__(
        self, split: Split, *, batch: int, seed: int, policy: AugmentPolicy | None
    ) -> None:
        super().__init__(workers=WORKERS, max_queue_size=QUEUE)
        self.split = split
        self.batch = batch
        self.seed = seed
        self.policy = policy
        self.turn(0)

    def turn(self, epoch: int) -> None:
        """Draw the pairs of an epoch: as many as there are pictures."""
        self.epoch = epoch
        count = max(1, len(self.split) // self.batch) * self.batch
        epoch_seed = int(np.random.default_rng([self.seed, epoch]).integers(2**31))
        self.left, self.right, self.same = sample_pairs(self.split.labels, count, seed=epoch_seed)

    def __len__(self) -> int:
        return len(self.same) // self.batch

    def __getitem__(self, step: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        part = slice(step * self.batch, (step + 1) * self.batch)
        seed = (self.seed, self.epoch, step)
        left = varied(self.split.pictures[self.left[part]], self.policy, (*seed, 0))
        right = varied(self.split.pictures[self.right[part]], self.policy, (*seed, 1))
        # One column, as the distances have: (batch,) against (batch, 1) would broadcast.
        return (left, right), self.same[part].astype(np.float32)[:, np.newaxis]


class EpochTurn(keras.callbacks.Callback):
    """Tell a feed which epoch begins, so that a resumed training draws what it would have."""

    def __init__(self, feed: BatchFeed | PairFeed) -> None:
        super().__init__()
        self.feed = feed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the epoch's batches."""
        self.feed.turn(epoch)


def varied(pictures: np.ndarray, policy: AugmentPolicy | None, seed: tuple[int, ...]) -> np.ndarray:
    """Augment pictures by a generator of their own, or leave them as they are."""
    if policy is None:
        return pictures
    return augment_batch(pictures, rng=np.random.default_rng(seed), policy=policy)
