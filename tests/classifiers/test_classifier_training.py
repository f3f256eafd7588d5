"""Training a baseline: it learns, the same seed gives the same weights, the terms are kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from siam.classifiers.styles import STYLES
from siam.classifiers.training import ShuffledBatches, TrainedClassifier, train_classifier
from siam.datasets.dataset import Split
from siam.recipe import AugmentPolicy, Recipe


def stripes(count: int, seed: int) -> Split:
    """Noise with a bright stripe: upright in class 0, lying in class 1."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pictures = rng.integers(0, 60, (count, 8, 8, 1)).astype(np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        place = rng.integers(8)
        picture[(slice(None), place) if label == 0 else (place, slice(None))] = 250
    return Split(pictures, labels.astype(np.int64), tuple(f"stripe/{i}" for i in range(count)))


# AdamW: what Muon does to a step takes TensorFlow longer to compile than these take to train.
RECIPE = Recipe(
    epochs=8,
    optimizer="adamw",
    classes_per_batch=2,
    pictures_per_class=8,
    learning_rate=5e-3,
    precision="float32",
)


def train(style: str, seed: int = 0, recipe: Recipe = RECIPE) -> TrainedClassifier:
    return train_classifier(
        style, stripes(64, 0), num_classes=2, recipe=recipe, seed=seed, validation=stripes(32, 1)
    )


@pytest.mark.parametrize(
    "style",
    [pytest.param(name, marks=[] if name == "functional" else pytest.mark.slow) for name in STYLES],
)
def test_every_style_learns(style: str) -> None:
    trained = train(style)
    assert len(trained.history) == RECIPE.epochs
    assert trained.history[-1]["val_accuracy"] >= 0.9
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert trained.seconds > 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    short = dataclasses.replace(RECIPE, epochs=1)
    once, again, other = (train("functional", seed, short).model for seed in (3, 3, 4))
    for left, right in zip(once.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(once.get_weights()[0], other.get_weights()[0])


@pytest.mark.slow
def test_mixed_precision_leaves_a_float32_model_behind() -> None:
    mixed = dataclasses.replace(RECIPE, epochs=1, precision="mixed_bfloat16")
    model = train("subclassed", recipe=mixed).model
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_progress_counts_every_step() -> None:
    told: list[tuple[int, int]] = []
    short = dataclasses.replace(RECIPE, epochs=2)
    train_classifier(
        "sequential",
        stripes(40, 0),
        num_classes=2,
        recipe=short,
        seed=0,
        progress=lambda what, done, total: told.append((done, total)),
    )
    assert told == [(0, 0), (1, 4), (2, 4), (3, 4), (4, 4)]  # before the first it is compiled


def test_batches_hold_every_picture_once_an_epoch() -> None:
    split = stripes(30, 0)
    batches = ShuffledBatches(split, batch_size=10, seed=0, policy=None)
    # JAX keeps no wider integers.
    assert batches[0][1].dtype == np.int32
    seen = np.concatenate([batches[step][0] for step in range(len(batches))])
    assert sorted(map(bytes, seen)) == sorted(map(bytes, split.pictures))


def test_a_batch_depends_on_seed_epoch_and_step_alone() -> None:
    def make() -> ShuffledBatches:
        policy = AugmentPolicy(rotation=20)
        return ShuffledBatches(stripes(30, 0), batch_size=10, seed=0, policy=policy)

    forwards, backwards = make(), make()
    expected = [forwards[step][0] for step in (0, 1, 2)]
    for step in (2, 1, 0):
        np.testing.assert_array_equal(backwards[step][0], expected[step])
    forwards.set_epoch(1)
    assert not np.array_equal(forwards[0][0], expected[0])


def test_pictures_stay_as_they_are_in_the_last_epochs_of_a_recipe_that_says_so() -> None:
    split = stripes(10, 0)
    policy = AugmentPolicy(rotation=20)
    batches = ShuffledBatches(split, batch_size=10, seed=0, policy=policy, augmented_epochs=1)
    assert sorted(map(bytes, batches[0][0])) != sorted(map(bytes, split.pictures))
    batches.set_epoch(1)
    assert sorted(map(bytes, batches[0][0])) == sorted(map(bytes, split.pictures))


def test_a_small_split_is_one_batch() -> None:
    assert len(ShuffledBatches(stripes(7, 0), batch_size=100, seed=0, policy=None)) == 1


def test_nothing_to_learn_from_is_refused() -> None:
    empty = stripes(4, 0).take(np.arange(0))
    with pytest.raises(ValueError, match="received 0 pictures and batch_size 10"):
        ShuffledBatches(empty, batch_size=10, seed=0, policy=None)
