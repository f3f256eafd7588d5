"""Pictures on the device: what is shown, and that training with them is the same training."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.recipe import AugmentPolicy, Recipe
from siam.siamese.training import train_network
from siam.training import device_feed
from siam.training.augmentation.policy import draw_distortion
from siam.training.device import Device
from siam.training.device_feed import DeviceFeed, StepGenerator, fits_device, move_to_device
from siam.training.feed import BatchFeed

POLICY = AugmentPolicy(rotation=10, shift=0.1, elastic=0.02, stroke=0.3, contrast=0.2, cutout=0.5)
RECIPE = Recipe(
    dim=8,
    epochs=3,
    classes_per_batch=3,
    pictures_per_class=4,
    learning_rate=3e-3,
    optimizer="adamw",  # compiled sooner
    precision="float32",
    augment=POLICY,
)


def soft_squares(count: int, seed: int) -> Split:
    """A bright square on grey, in another corner for each of three classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    pictures = np.full((count, 12, 12, 1), 40, np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        top, left = ((1, 1), (1, 7), (7, 1))[label] + rng.integers(-1, 2, 2)
        picture[top : top + 4, left : left + 4] = rng.integers(120, 256)
    return Split(pictures, labels.astype(np.int64), tuple(f"square/{i}" for i in range(count)))


def feeds(**options: Any) -> tuple[BatchFeed, BatchFeed]:
    """To train and to validate with."""
    shape: dict[str, Any] = {"classes": 3, "pictures": 4, "seed": 5}
    return (
        BatchFeed(soft_squares(60, 0), **shape, **options),
        BatchFeed(soft_squares(24, 1), **shape, policy=options["policy"], augmented_epochs=0),
    )


def passed_on(feed: BatchFeed, watched: BatchFeed) -> tuple[keras.Model, DeviceFeed, DeviceFeed]:
    """A network that hands on what it is shown."""
    learner = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Identity()])
    return move_to_device(learner, feed, watched)


def shown_by(model: keras.Model, feed: DeviceFeed, step: int) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(model(feed[step][0])))


@pytest.mark.parametrize("quarter_turns", [False, True])
def test_undistorted_pictures_and_labels_are_those_of_the_cpu(quarter_turns: bool) -> None:
    feed, watched = feeds(policy=None, quarter_turns=quarter_turns)
    model, on_device, watched_on_device = passed_on(feed, watched)
    assert len(on_device) == len(feed)
    for plain, moved in ((feed, on_device), (watched, watched_on_device)):
        for step in range(len(plain)):
            np.testing.assert_array_equal(shown_by(model, moved, step), plain[step][0])
            np.testing.assert_array_equal(moved[step][1], plain[step][1])


def test_pictures_are_distorted_in_the_epochs_that_vary_alone() -> None:
    feed, watched = feeds(policy=POLICY, augmented_epochs=2)
    model, on_device, watched_on_device = passed_on(feed, watched)
    for epoch, least in ((1, 2.0), (0, 2.0), (2, 0.0)):
        on_device.set_epoch(epoch)
        still = feed.split.pictures[feed.batches[3]].astype(float)
        gap = np.abs(shown_by(model, on_device, 3) - still).mean()
        assert (gap > least) if least else (gap == 0)
    np.testing.assert_array_equal(shown_by(model, watched_on_device, 0), watched[0][0])


def test_distortions_follow_from_seed_epoch_and_step_alone() -> None:
    model, on_device, _ = passed_on(*feeds(policy=POLICY))
    first = shown_by(model, on_device, 3)
    assert np.abs(shown_by(model, on_device, 2) - first).mean() > 2
    other, again, _ = passed_on(*feeds(policy=POLICY))
    np.testing.assert_array_equal(shown_by(other, again, 3), first)


def test_a_share_of_a_batch_draws_what_no_other_does() -> None:
    """As on several devices, each of which is handed some of the batch's rows."""
    _, on_device, _ = passed_on(*feeds(policy=POLICY))
    seeds = on_device[0][0]["seed"]
    drawn = [numbers(seeds[row])["stroke"] for row in (0, 1, 11)]
    assert len(np.unique(np.concatenate(drawn))) == 3 * len(drawn[0])


def numbers(seed: np.ndarray, policy: AugmentPolicy = POLICY, n: int = 6) -> dict[str, np.ndarray]:
    """What the device draws."""
    dtype = keras.random.SeedGenerator(0).state.dtype
    rng = StepGenerator(keras.ops.cast(keras.ops.convert_to_tensor(seed), dtype))
    drawn = draw_distortion((n, 12, 10, 1), rng=rng, policy=policy, library=keras.ops)
    return {name: np.asarray(keras.ops.convert_to_numpy(each)) for name, each in drawn.items()}


def test_the_device_draws_by_the_same_laws_as_numpy() -> None:
    """Means and deviations of 4,000 pictures, to what four deviations of them leave open."""
    policy = AugmentPolicy(
        rotation=15, scale=0.2, shear=0.2, shift=0.1, elastic=0.03, stroke=0.5, cutout=0.5,
        contrast=0.3, noise=20, blur=0.5, outline=0.4, lines=0.5, bands=0.5,
    )  # fmt: skip
    found = numbers(np.array([1, 2], np.int32), policy, n=4000)
    rng = np.random.default_rng(0)
    expected = draw_distortion((4000, 12, 10, 1), rng=rng, policy=policy)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].shape == values.shape, name
        assert found[name].dtype == values.dtype == np.float32, name
        left, right = (each[name].astype(np.float64) for each in (found, expected))
        spread = np.maximum(right.std(axis=0), 1e-6)
        assert (np.abs(left.mean(axis=0) - right.mean(axis=0)) < 6 * spread / 4000**0.5).all(), name
        np.testing.assert_allclose(left.std(axis=0), spread, rtol=0.15, atol=1e-5, err_msg=name)


def train(folder: Path, *, recipe: Recipe = RECIPE, **options: Any) -> list[np.ndarray]:
    folder.mkdir(exist_ok=True)
    trained = train_network(
        soft_squares(60, 0), soft_squares(24, 1), recipe=recipe, seed=0, folder=folder, **options
    )
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert len(trained.history) == recipe.epochs
    weights: list[np.ndarray] = trained.network.get_weights()
    return weights


@pytest.mark.slow
def test_training_on_the_device_learns_what_the_cpus_feed_teaches(tmp_path: Path) -> None:
    """Also where the hardest pictures are drawn more often."""
    plain = dataclasses.replace(RECIPE, augment=AugmentPolicy(), hard_example_share=0.5)
    expected = train(tmp_path / "cpu", recipe=plain, on_device=False)
    found = train(tmp_path / "device", recipe=plain, on_device=True)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=2e-3)


@pytest.mark.slow
def test_a_resumed_training_equals_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In mixed precision: what holds there, where sums are coarser, holds in float32."""
    monkeypatch.setattr("siam.training.steps_in_one_call.MOST_STEPS", 2)
    recipe = dataclasses.replace(
        RECIPE, precision="mixed_bfloat16", clean_epochs=0.3, hard_example_share=0.5
    )
    expected = train(tmp_path / "whole", recipe=recipe, on_device=True)

    def stop_in_the_last_epoch(what: str, done: int, total: int) -> None:
        if done == total - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", recipe=recipe, on_device=True, progress=stop_in_the_last_epoch)
    found = train(tmp_path / "cut", recipe=recipe, on_device=True)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-5)


@pytest.mark.slow
def test_a_checkpoint_holds_the_network_and_no_pictures(tmp_path: Path) -> None:
    train(tmp_path, recipe=dataclasses.replace(RECIPE, augment=AugmentPolicy()), on_device=True)
    with np.load(tmp_path / "checkpoint.npz") as state:
        assert 60 + 24 not in {state[name].shape[0] for name in state.files if state[name].ndim}


def test_steps_are_compiled_once() -> None:
    """Also where epochs with distortion are followed by one without."""
    feed, watched = feeds(policy=POLICY, augmented_epochs=1)
    traced: list[bool] = []

    class Counted(keras.layers.Flatten):
        def call(self, inputs: Any) -> Any:
            traced.append(True)
            return super().call(inputs)

    learner = keras.Sequential([keras.Input((12, 12, 1)), Counted(), keras.layers.Dense(1)])
    model, shown, watched_on_device = move_to_device(learner, feed, watched)
    model.compile(optimizer="sgd", loss="mse")
    counts = []
    for epoch in range(3):
        shown.set_epoch(epoch)
        model.fit(shown, validation_data=watched_on_device, verbose=0)
        counts.append(len(traced))
    if keras.backend.backend() == "torch":  # which runs every step anew, and compiles none
        steps = len(shown) + len(watched_on_device)
        assert counts[2] - counts[1] == steps
    else:
        assert counts[2] == counts[1] == counts[0]


@pytest.mark.parametrize(
    ("kind", "memory", "fits"), [("gpu", 400, True), ("gpu", 399, False), ("cpu", 400, False)]
)
def test_pictures_move_to_a_gpu_with_the_memory_for_them(
    kind: str, memory: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_feed, "detect_device", lambda: Device("jax", kind, "a card"))
    monkeypatch.setattr(device_feed, "card_memory", lambda: memory)
    assert fits_device(100) is fits
