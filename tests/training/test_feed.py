"""Feeds: every batch follows from (seed, epoch, step) alone."""

from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.recipe import AugmentPolicy
from siam.training.feed import BatchFeed, PairFeed

POLICY = AugmentPolicy(rotation=10, shift=0.1)


@pytest.fixture(scope="module")
def split() -> Split:
    """Sixty random pictures of three classes."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)
    return Split(pictures, np.repeat([0, 1, 2], 20), tuple(str(i) for i in range(60)))


def test_a_batch_holds_p_classes_of_k_pictures(split: Split) -> None:
    feed = BatchFeed(split, classes=3, pictures=4, seed=0, policy=None)
    pictures, labels = feed[0]
    assert pictures.shape == (12, 28, 28, 1)
    assert sorted(labels.tolist()) == sorted([0] * 4 + [1] * 4 + [2] * 4)


def test_labels_are_no_wider_than_every_backend_keeps_them(split: Split) -> None:
    for turned in (False, True):
        feed = BatchFeed(split, classes=3, pictures=4, seed=0, policy=None, quarter_turns=turned)
        assert feed[0][1].dtype == np.int32


def test_batches_follow_from_seed_epoch_and_step(split: Split) -> None:
    one, other = (BatchFeed(split, classes=3, pictures=4, seed=5, policy=POLICY) for _ in range(2))
    one.set_epoch(3)
    other.set_epoch(1)
    other.set_epoch(3)
    for step in (0, 4, 2):
        for first, second in zip(one[step], other[step], strict=True):
            np.testing.assert_array_equal(first, second)
    other.set_epoch(4)
    assert not np.array_equal(one[0][0], other[0][0])


def test_pairs_are_balanced_and_labelled_in_a_column(split: Split) -> None:
    feed = PairFeed(split, batch=20, seed=0, policy=None)
    same = np.concatenate([feed[step][1] for step in range(len(feed))])
    assert same.shape == (60, 1)
    assert same.mean() == 0.5
    (left, right), _ = feed[0]
    assert left.shape == right.shape == (20, 28, 28, 1)


def test_both_sides_of_a_pair_are_varied_each_in_its_own_way(split: Split) -> None:
    feed = PairFeed(split, batch=20, seed=0, policy=POLICY)
    feed.left = feed.right = np.zeros_like(feed.left)
    (left, right), _ = feed[0]
    assert not np.array_equal(left, right)


def test_the_last_epochs_show_pictures_as_they_are(split: Split) -> None:
    feed = BatchFeed(split, classes=3, pictures=4, seed=0, policy=POLICY, augmented_epochs=2)
    shown = []
    for epoch in range(3):
        feed.set_epoch(epoch)
        pictures, _ = feed[0]
        shown.append(np.array_equal(pictures, split.pictures[feed.batches[0]]))
    assert shown == [False, False, True]
