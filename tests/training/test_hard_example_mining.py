"""The hardest pictures: ranked against a loop, drawn from when due, the same after a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.errors import RunError
from siam.recipe import AugmentPolicy
from siam.run_files import RANKING_FILE
from siam.training.feed import BatchFeed
from siam.training.hard_example_mining import (
    HardExampleMining,
    hardest_per_class,
    misplacement,
    wrong_label_limit,
)


def test_misplacement_against_a_loop() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((40, 5)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    labels = rng.choice([2, 5, 7], 40)
    means = {}
    for label in (2, 5, 7):
        total = sum(row for row, own in zip(embeddings, labels, strict=True) if own == label)
        means[label] = total / np.sqrt((np.asarray(total) ** 2).sum())
    for row, own, found in zip(embeddings, labels, misplacement(embeddings, labels), strict=True):
        nearest = max(float(row @ means[label]) for label in means if label != own)
        assert found == pytest.approx(nearest - float(row @ means[own]), abs=1e-5)


def test_each_class_gives_its_own_share_and_two_at_least() -> None:
    labels = np.array([0] * 10 + [1] * 4 + [2])
    hardness = np.arange(15.0)
    chosen = hardest_per_class(hardness, labels, share=0.3)
    assert chosen.tolist() == [7, 8, 9, 12, 13, 14]


def test_what_is_beyond_the_limit_comes_after_all_others() -> None:
    labels = np.array([0] * 6 + [1] * 4)
    hardness = np.array([0.9, -1.0, 0.2, 0.1, -0.5, 0.8, 1.5, 1.2, 1.1, -1.0])
    chosen = hardest_per_class(hardness, labels, share=0.5, limit=0.3)
    assert chosen.tolist() == [2, 3, 4, 8, 9]


def test_pictures_with_a_wrong_label_are_not_learned_as_the_hardest(tmp_path: Path) -> None:
    own, model = split(), Placed()
    feed = feed_of(own)
    # By the first pixel: picture 0 lies on the class of 1, picture 1 between both.
    own.pictures[:, 0, 0, 0] = np.array([0, 100, 200])[own.labels]
    own.pictures[0, 0, 0, 0], own.pictures[1, 0, 0, 0] = 100, 55
    callback = HardExampleMining(model, feed, share=0.2, folder=tmp_path)
    learned = drawn(feed, callback, 1)
    assert 0 not in learned
    assert 1 in learned


def test_a_rare_picture_elsewhere_is_the_hardest_of_all(tmp_path: Path) -> None:
    own, model = split(300), Placed()
    feed = feed_of(own)
    own.pictures[:, 0, 0, 0] = np.array([0, 100, 200])[own.labels]
    own.pictures[0, 0, 0, 0], own.pictures[1, 0, 0, 0] = 100, 55
    callback = HardExampleMining(model, feed, share=0.05, folder=tmp_path)
    callback.on_epoch_begin(1)
    assert feed.draw_from is not None
    assert {0, 1} <= set(feed.draw_from.tolist())


@pytest.mark.parametrize(
    ("misplaced", "of", "limit"), [(0, 100, np.inf), (1, 100, np.inf), (2, 100, 0.5), (3, 201, 0.5)]
)
def test_wrong_labels_are_told_by_their_number(misplaced: int, of: int, limit: float) -> None:
    hardness = np.full(of, 0.4)
    hardness[:misplaced] = 0.6
    assert wrong_label_limit(hardness) == limit


def split(count: int = 60) -> Split:
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    return Split(pictures, np.arange(count) % 3, tuple(str(i) for i in range(count)))


def feed_of(own: Split, **options: Any) -> BatchFeed:
    options = {"policy": AugmentPolicy(shift=0.1), "augmented_epochs": 6} | options
    return BatchFeed(own, classes=3, pictures=4, seed=0, **options)


def tower() -> keras.Model:
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)],
    )


class Placed:
    """A tower that lays pictures on a quarter circle by their first pixel."""

    def predict(self, pictures: np.ndarray, **_: Any) -> np.ndarray:
        """Return embeddings."""
        angle = pictures[:, 0, 0, 0] / 255 * np.pi
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def drawn(feed: BatchFeed, callback: HardExampleMining, epoch: int) -> set[int]:
    callback.on_epoch_begin(epoch)
    feed.set_epoch(epoch)
    assert len(feed) == 5
    return set(feed.batches.ravel().tolist())


def test_epochs_draw_from_the_hardest_once_ranked_and_plain_ones_from_all(tmp_path: Path) -> None:
    own, model = split(), tower()
    feed = feed_of(own)
    callback = HardExampleMining(model, feed, share=0.2, folder=tmp_path)
    embeddings = np.asarray(model.predict(own.pictures, verbose=0))
    hardness = misplacement(embeddings, own.labels)
    hardest = set(
        hardest_per_class(hardness, own.labels, share=0.2, limit=wrong_label_limit(hardness))
    )
    assert len(hardest) == 12
    everything = set(range(60))
    assert drawn(feed, callback, 0) == everything
    assert drawn(feed, callback, 1) == hardest
    # Between rankings the choice stays, whatever the network has become.
    model.set_weights([-weight for weight in model.get_weights()])
    assert drawn(feed, callback, 3) == hardest
    assert drawn(feed, callback, 6) == everything


@pytest.mark.parametrize("epoch", [1, 2, 3, 5])
def test_a_resumed_training_draws_what_it_would_have_drawn(tmp_path: Path, epoch: int) -> None:
    own, model = split(), tower()
    feed = feed_of(own)
    callback = HardExampleMining(model, feed, share=0.5, folder=tmp_path)
    for passed in range(epoch):
        drawn(feed, callback, passed)
    resumed = feed_of(own)
    again = HardExampleMining(model, resumed, share=0.5, folder=tmp_path)
    assert drawn(resumed, again, epoch) == drawn(feed, callback, epoch)
    np.testing.assert_array_equal(resumed.batches, feed.batches)
    assert (tmp_path / RANKING_FILE).exists()


@pytest.mark.slow
def test_an_epoch_cut_after_its_ranking_goes_on_with_that_ranking(tmp_path: Path) -> None:
    own, model = split(), tower()
    feed = feed_of(own)
    ranked = drawn(feed, HardExampleMining(model, feed, share=0.5, folder=tmp_path), 2)
    model.set_weights([weight[::-1] for weight in model.get_weights()])  # has learned since
    resumed = feed_of(own)
    again = HardExampleMining(model, resumed, share=0.5, folder=tmp_path)
    assert drawn(resumed, again, 2) == ranked
    assert drawn(resumed, again, 4) != ranked


def test_every_turn_of_a_hard_picture_is_drawn(tmp_path: Path) -> None:
    own = split(24)
    feed = feed_of(own, quarter_turns=True)
    callback = HardExampleMining(tower(), feed, share=0.25, folder=tmp_path)
    callback.on_epoch_begin(1)
    assert feed.draw_from is not None
    assert len(feed.draw_from) == 4 * 6
    assert {int(p) % 24 for p in feed.draw_from} == {int(p) for p in feed.draw_from[:6]}


@pytest.mark.parametrize(
    "positions",
    [[0, 1, 60], [-1, 1, 2], [0, 3], [], [[0, 1, 2]], [0.0, 1.0, 2.0]],
    ids=["beyond", "negative", "a class missing", "none", "a table", "fractions"],
)
def test_a_ranking_of_something_else_is_refused(tmp_path: Path, positions: list[Any]) -> None:
    """It may come with an interrupted run from anybody."""
    callback = HardExampleMining(tower(), feed_of(split()), share=0.5, folder=tmp_path)
    np.savez(tmp_path / RANKING_FILE, positions=np.array(positions), epoch=2)
    for epoch in (2, 3):
        with pytest.raises(RunError, match=RANKING_FILE):
            callback.on_epoch_begin(epoch)
