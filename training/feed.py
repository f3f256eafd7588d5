"""What a training step is fed: class-balanced batches, or explicit pairs for both inputs.

Every batch depends on (seed, epoch, step) alone; a background thread prepares the next ones
while the network learns from this one.
"""

from __future__ import annotations

from typing import Any, Protocol

import keras
import numpy as np

from siam.array_types import Integers, Pictures, Vectors
from siam.datasets.dataset import Split
from siam.datasets.sampling import epoch_batches, sample_pairs
from siam.recipe import AugmentPolicy
from siam.training.augmentation.cpu import augment_batch
from siam.training.prefetch import PrefetchedFeed
from siam.training.quarter_turns import gather_turned, turn_labels

__all__ = ["BatchFeed", "FeedEpoch", "PairFeed"]


class Feed(PrefetchedFeed):
    """What both feeds share: the pictures, how they are varied, and which epoch it is.

    Args:
        split: what to draw from.
        seed: fixes order and augmentation.
        policy: how pictures are varied; None leaves them as they are.
        augmented_epochs: how many epochs, from the first one, vary their pictures; None = all.
        quarter_turns: every class turned by 90, 180 and 270 degrees is a class too.
    """

    def __init__(
        self,
        split: Split,
        *,
        seed: int,
        policy: AugmentPolicy | None,
        augmented_epochs: int | None = None,
        quarter_turns: bool = False,
    ) -> None:
        super().__init__()
        self.split = split
        labels = turn_labels(split.labels) if quarter_turns else split.labels
        # JAX knows no wider integers by default, and from 0.11 on warns of each that it is given.
        self.labels = labels.astype(np.int32)
        self.seed = seed
        self.policy = policy
        self.augmented_epochs = augmented_epochs
        self.quarter_turns = quarter_turns

    def set_epoch(self, epoch: int) -> None:
        """Draw everything that an epoch shows."""
        self.epoch = epoch
        self.policy_now = self.policy if self.varies(epoch) else None

    def varies(self, epoch: int) -> bool:
        """Say whether an epoch is one of those that vary their pictures."""
        return self.augmented_epochs is None or epoch < self.augmented_epochs

    def pictures_at(self, positions: Integers, *step: int) -> Pictures:
        """Return the pictures at `positions`, varied by a generator of the step's own."""
        if self.quarter_turns:
            pictures = gather_turned(self.split.pictures, positions)
        else:
            pictures = self.split.pictures[positions]
        if self.policy_now is None:
            return pictures
        rng = np.random.default_rng((self.seed, self.epoch, *step))
        return augment_batch(pictures, rng=rng, policy=self.policy_now)


class BatchFeed(Feed):
    """P x K batches of pictures with their labels, and outliers behind them.

    Args:
        split: what to draw from; labels below 0 are outliers (`siam.training.outlier_exposure`).
        classes: P, classes in a batch.
        pictures: K, pictures of each.
        outliers: how many outliers stand in a batch beside them.
        **shared: what `Feed` takes.

    Attributes:
        draw_from: positions that the next epochs draw from; None = all of a class. An epoch has
            as many steps either way.
    """

    def __init__(
        self, split: Split, *, classes: int, pictures: int, outliers: int = 0, **shared: Any
    ) -> None:
        super().__init__(split, **shared)
        self.classes = classes
        self.pictures = pictures
        self.outliers = outliers
        self.known = np.flatnonzero(self.labels >= 0)
        self.draw_from: Integers | None = None
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        super().set_epoch(epoch)
        drawn = self.known if self.draw_from is None else self.draw_from
        batches = epoch_batches(
            self.labels[drawn],
            classes=self.classes,
            pictures=self.pictures,
            seed=self.seed,
            epoch=epoch,
            of=len(self.known),
        )
        self.batches = drawn[batches]
        if self.outliers:
            rng = np.random.default_rng([self.seed, epoch, 1])
            strange = np.flatnonzero(self.labels < 0)
            beside = rng.choice(strange, (len(batches), self.outliers))
            self.batches = np.concatenate([self.batches, beside], axis=1)

    def __len__(self) -> int:
        return len(self.batches)

    def prepare(self, step: int) -> tuple[Pictures, Integers]:
        """Return the pictures and the labels of a batch."""
        chosen = self.batches[step]
        return self.pictures_at(chosen, step), self.labels[chosen]


class PairFeed(Feed):
    """Explicit pairs, half of them of one class, for the two inputs of the network.

    Args:
        split: what to draw from.
        batch: pairs in a step.
        **shared: what `Feed` takes.
    """

    def __init__(self, split: Split, *, batch: int, **shared: Any) -> None:
        super().__init__(split, **shared)
        self.batch = batch
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw the pairs of an epoch: as many as there are pictures."""
        super().set_epoch(epoch)
        count = max(1, len(self.labels) // self.batch) * self.batch
        epoch_seed = int(np.random.default_rng([self.seed, epoch]).integers(2**31))
        self.left, self.right, self.same = sample_pairs(self.labels, count, seed=epoch_seed)

    def __len__(self) -> int:
        return len(self.same) // self.batch

    def prepare(self, step: int) -> tuple[tuple[Pictures, Pictures], Vectors]:
        """Return both sides' pictures, and whether they are of one class."""
        part = slice(step * self.batch, (step + 1) * self.batch)
        left = self.pictures_at(self.left[part], step, 0)
        right = self.pictures_at(self.right[part], step, 1)
        # One column, as the distances have: (batch,) against (batch, 1) would broadcast.
        return (left, right), self.same[part].astype(np.float32)[:, np.newaxis]


class EpochFeed(Protocol):
    """What draws anew for every epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Draw everything that an epoch shows."""


class FeedEpoch(keras.callbacks.Callback):
    """Tell a feed which epoch begins, so that a resumed training draws what it would have."""

    def __init__(self, feed: EpochFeed) -> None:
        super().__init__()
        self.feed = feed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the epoch's batches."""
        self.feed.set_epoch(epoch)
