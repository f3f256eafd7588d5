"""Outliers: repeatable, framed like digits, of no class; kept in their place in every batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.datasets.mnist import load_mnist
from siam.recipe import Recipe
from siam.siamese.network import tower_of
from siam.siamese.training import make_feed, train_network
from siam.training.feed import BatchFeed
from siam.training.outlier_exposure import OUTLIER_LABEL, add_outliers, draw_outliers, pen_strokes


@pytest.fixture(scope="module")
def digits(data_dir: Path) -> Split:
    return load_mnist(data_dir=data_dir).train.take(np.arange(600))


def test_outliers_follow_from_the_seed(digits: Split) -> None:
    one, again, other = (
        draw_outliers(digits.pictures, digits.labels, count=60, seed=seed) for seed in (1, 1, 2)
    )
    assert one.shape == (60, 28, 28, 1)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, again)
    assert (one != other).any(axis=(1, 2, 3)).mean() > 0.9


def test_pen_strokes_are_framed_as_mnist_frames() -> None:
    made = pen_strokes(200, (28, 28), np.random.default_rng(0))
    for mark in made:
        rows, columns = np.nonzero(mark > 40)
        assert 15 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        weights = mark.astype(float)
        assert abs((weights.sum(axis=1) * np.arange(28)).sum() / weights.sum() - 13.5) < 1.5
        assert abs((weights.sum(axis=0) * np.arange(28)).sum() / weights.sum() - 13.5) < 1.5
    assert len(np.unique(made.reshape(200, -1), axis=0)) > 195


def test_no_outlier_is_blank_or_a_picture_of_the_data_set(digits: Split) -> None:
    made = draw_outliers(digits.pictures, digits.labels, count=300, seed=0)
    assert (made.reshape(300, -1).max(axis=1) > 100).mean() > 0.98
    known = {picture.tobytes() for picture in digits.pictures}
    assert np.mean([mark.tobytes() in known for mark in made]) < 0.02


@pytest.mark.parametrize("shape", [(12, 16, 1), (20, 20, 3)])
def test_outliers_have_the_shape_of_the_pictures(shape: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, *shape)).astype(np.uint8)
    made = draw_outliers(pictures, np.arange(10) % 2, count=40, seed=0)
    assert made.shape == (40, *shape)


def test_outliers_stand_behind_the_pictures(digits: Split) -> None:
    both = add_outliers(digits, seed=0, count=50)
    np.testing.assert_array_equal(both.pictures[:600], digits.pictures)
    np.testing.assert_array_equal(both.labels[:600], digits.labels)
    assert both.labels[600:].tolist() == [OUTLIER_LABEL] * 50
    assert len(set(both.origins)) == 650


def test_a_batch_holds_its_share_of_outliers_and_an_epoch_no_fewer_digits(digits: Split) -> None:
    both = add_outliers(digits, seed=0, count=50)
    plain = BatchFeed(digits, classes=10, pictures=4, seed=3, policy=None)
    feed = BatchFeed(both, classes=10, pictures=4, outliers=10, seed=3, policy=None)
    assert len(feed) == len(plain) == 15
    feed.set_epoch(2)
    plain.set_epoch(2)
    np.testing.assert_array_equal(feed.batches[:, :40], plain.batches)
    assert (both.labels[feed.batches[:, 40:]] == OUTLIER_LABEL).all()
    first = feed.batches.copy()
    feed.set_epoch(3)
    assert (feed.batches[:, 40:] != first[:, 40:]).any()
    feed.set_epoch(2)
    np.testing.assert_array_equal(feed.batches, first)


def test_a_recipe_says_how_many_and_validation_has_none(digits: Split) -> None:
    recipe = Recipe(outlier_share=0.2, classes_per_batch=10, pictures_per_class=4)
    both = add_outliers(digits, seed=0, count=50)
    shown = make_feed(both, recipe, "batch", seed=0)
    watched = make_feed(digits, recipe, "batch", seed=0, vary=False)
    assert shown[0][0].shape[0] == 50
    assert watched[0][0].shape[0] == 40


@pytest.mark.slow
def test_a_training_with_outliers_tells_others_better(digits: Split, tmp_path: Path) -> None:
    others = draw_outliers(digits.pictures, digits.labels, count=300, seed=9)
    passed = []
    for share in (0.0, 0.25):
        recipe = Recipe(
            outlier_share=share,
            hard_example_share=0.5,
            dim=16,
            epochs=8,
            pictures_per_class=8,
            precision="float32",
        )
        folder = tmp_path / str(share)
        folder.mkdir()
        trained = train_network(digits, digits, recipe=recipe, seed=0, folder=folder)
        tower = tower_of(trained.network)
        known, strange = (tower.predict(one, verbose=0) for one in (digits.pictures, others))
        own = np.linalg.norm(known[:, None] - known[None], axis=2) + 9 * np.eye(len(known))
        away = np.linalg.norm(strange[:, None] - known[None], axis=2)
        passed.append(float((away.min(axis=1) <= np.quantile(own.min(axis=1), 0.95)).mean()))
    assert passed[1] < 0.9 * passed[0]
