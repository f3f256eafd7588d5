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
from siam.siamese.quarter_turns import take_turned, turned_labels

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
        varied_epochs: how many epochs, from the first one, vary their pictures; None = all.
        quarter_turns: every class turned by 90, 180 and 270 degrees is a class too.
    """

    def __init__(
        self,
        split: Split,
        *,
        classes: int,
        pictures: int,
        seed: int,
        policy: AugmentPolicy | None,
        varied_epochs: int | None = None,
        quarter_turns: bool = False,
    ) -> None:
        super().__init__(workers=WORKERS, max_queue_size=QUEUE)
        self.split = split
        self.labels = turned_labels(split.labels) if quarter_turns else split.labels
        self.classes = classes
        self.pictures = pictures
        self.seed = seed
        self.policy = policy
        self.varied_epochs = varied_epochs
        self.quarter_turns = quarter_turns
        self.turn(0)

    def turn(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        self.epoch = epoch
        self.policy_now = policy_in(epoch, self.policy, self.varied_epochs)
        self.batches = epoch_batches(
            self.labels,
            classes=self.classes,
            pictures=self.pictures,
            seed=self.seed,
            epoch=epoch,
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.batches[step]
        pictures = taken(self.split.pictures, chosen, self.quarter_turns)
        return varied(pictures, self.policy_now, (self.seed, self.epoch, step)), self.labels[chosen]


class PairFeed(keras.utils.PyDataset):
    """Explicit pairs, half of them of one class, for the two inputs of the network.

    Args:
        split: what to draw from.
        batch: pairs in a step.
        seed: fixes pairs and augmentation.
        policy: how pictures are varied; None leaves them as they are.
        varied_epochs: how many epochs, from the first one, vary their pictures; None = all.
        quarter_turns: every class turned by 90, 180 and 270 degrees is a class too.
    """

    def __init__(
        self,
        split: Split,
        *,
        batch: int,
        seed: int,
        policy: AugmentPolicy | None,
        varied_epochs: int | None = None,
        quarter_turns: bool = False,
    ) -> None:
        super().__init__(workers=WORKERS, max_queue_size=QUEUE)
        self.split = split
        self.labels = turned_labels(split.labels) if quarter_turns else split.labels
        self.batch = batch
        self.seed = seed
        self.policy = policy
        self.varied_epochs = varied_epochs
        self.quarter_turns = quarter_turns
        self.turn(0)

    def turn(self, epoch: int) -> None:
        """Draw the pairs of an epoch: as many as there are pictures."""
        self.epoch = epoch
        self.policy_now = policy_in(epoch, self.policy, self.varied_epochs)
        count = max(1, len(self.labels) // self.batch) * self.batch
        epoch_seed = int(np.random.default_rng([self.seed, epoch]).integers(2**31))
        self.left, self.right, self.same = sample_pairs(self.labels, count, seed=epoch_seed)

    def __len__(self) -> int:
        return len(self.same) // self.batch

    def __getitem__(self, step: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        part = slice(step * self.batch, (step + 1) * self.batch)
        seed = (self.seed, self.epoch, step)
        left = taken(self.split.pictures, self.left[part], self.quarter_turns)
        right = taken(self.split.pictures, self.right[part], self.quarter_turns)
        left, right = (
            varied(side, self.policy_now, (*seed, which))
            for which, side in enumerate((left, right))
        )
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


def taken(pictures: np.ndarray, positions: np.ndarray, quarter_turns: bool) -> np.ndarray:
    """Return the pictures at `positions`, which count every quarter turn where there are some."""
    return take_turned(pictures, positions) if quarter_turns else pictures[positions]


def policy_in(
    epoch: int, policy: AugmentPolicy | None, varied_epochs: int | None
) -> AugmentPolicy | None:
    """Return how an epoch varies its pictures."""
    return policy if varied_epochs is None or epoch < varied_epochs else None


def varied(pictures: np.ndarray, policy: AugmentPolicy | None, seed: tuple[int, ...]) -> np.ndarray:
    """Augment pictures by a generator of their own, or leave them as they are."""
    if policy is None:
        return pictures
    return augment_batch(pictures, rng=np.random.default_rng(seed), policy=policy)
