"""What a classifier's training step is fed: every picture once an epoch, in a shuffled order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siam.array_types import Pictures
from siam.datasets.dataset import Split
from siam.recipe import AugmentPolicy
from siam.training.augmentation.cpu import augment_batch
from siam.training.prefetch import PrefetchedFeed

__all__ = ["ShuffledBatches"]


class ShuffledBatches(PrefetchedFeed):
    """Batches of one size, so that a backend compiles one step; what is left over waits.

    A batch depends on (seed, epoch, step) alone, whatever thread makes it.

    Args:
        split: pictures uint8 (n, height, width, channels) with their labels.
        batch_size: pictures in a batch; all of them where there are fewer.
        seed: fixes order and augmentation.
        policy: how pictures are varied; None leaves them as they are.
        augmented_epochs: how many epochs, from the first one, vary their pictures; None = all.

    Raises:
        ValueError: an empty split, or batch_size < 1.
    """

    def __init__(
        self,
        split: Split,
        *,
        batch_size: int,
        seed: int,
        policy: AugmentPolicy | None,
        augmented_epochs: int | None = None,
    ) -> None:
        super().__init__()
        if len(split) == 0 or batch_size < 1:
            raise ValueError(
                "Training needs at least one picture and batch_size >= 1, "
                f"received {len(split)} pictures and batch_size {batch_size}."
            )
        self.split = split
        # JAX knows no wider integers by default, and from 0.11 on warns of each that it is given.
        self.labels = split.labels.astype(np.int32)
        self.batch_size = min(batch_size, len(split))
        self.seed = seed
        self.policy = policy
        self.augmented_epochs = augmented_epochs
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch."""
        self.epoch = epoch
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.split))

    def __len__(self) -> int:
        return len(self.split) // self.batch_size

    def prepare(self, step: int) -> tuple[Pictures, NDArray[np.int32]]:
        """Return the pictures and the labels of a batch."""
        chosen = self.order[step * self.batch_size : (step + 1) * self.batch_size]
        pictures = self.split.pictures[chosen]
        varied = self.augmented_epochs is None or self.epoch < self.augmented_epochs
        if self.policy is not None and varied:
            rng = np.random.default_rng((self.seed, self.epoch, step))
            pictures = augment_batch(pictures, rng=rng, policy=self.policy)
        return pictures, self.labels[chosen]
