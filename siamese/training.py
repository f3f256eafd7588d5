"""Train a Siamese network: by every pair in a class-balanced batch, or by explicit pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras

from siam.datasets.dataset import Split
from siam.progress import Progress, silent
from siam.recipe import Pairs, Recipe
from siam.siamese.losses.contrastive import ContrastiveLoss
from siam.siamese.losses.registry import make_loss
from siam.siamese.network import siamese_network
from siam.siamese.oriented_gradients import join_gradients, whiten_gradients
from siam.siamese.step_time import batch_pictures, measure_step, multiply_adds
from siam.siamese.test_time_augmentation import average_test_time_views
from siam.siamese.towers import build_tower
from siam.siamese.whitening import Whitening
from siam.training.callbacks import (
    ProgressReport,
    StopOnDivergence,
    tensorboard,
)
from siam.training.checkpoint import Checkpoint, RestOfEpoch, restore
from siam.training.device import compile_steps
from siam.training.device_feed import fits_device, move_to_device
from siam.training.distribution import alone
from siam.training.feed import BatchFeed, FeedEpoch, PairFeed
from siam.training.hard_example_mining import HardExampleMining
from siam.training.optimizers import make_optimizer
from siam.training.outlier_exposure import add_outliers
from siam.training.plateau import PlannedEpochs, next_epoch
from siam.training.position import HistoryRow
from siam.training.precision import dtype_policy, resolve_precision
from siam.training.process_shard import shard_feed
from siam.training.processes import agree
from siam.training.schedule import warm_up_cosine
from siam.training.steps_in_one_call import steps_per_call

__all__ = ["TrainedNetwork", "train_network"]


@dataclass(frozen=True)
class TrainedNetwork:
    """What a training leaves.

    Attributes:
        network: the two-input Siamese network in float32, ready to be saved.
        history: one row per epoch.
        seconds: wall time of all sittings' epochs, compiling included.
    """

    network: keras.Model
    history: list[HistoryRow]
    seconds: float


def train_network(
    train: Split,
    validation: Split,
    *,
    recipe: Recipe,
    seed: int,
    folder: Path,
    pairs: Pairs = "batch",
    patience: int = 0,
    on_device: bool | None = None,
    build: Callable[[tuple[int, ...]], keras.Model] | None = None,
    start: keras.Model | None = None,
    progress: Progress = silent,
) -> TrainedNetwork:
    """Train, or go on where an interrupted training stopped: the result is the same.

    Args:
        train: what is learned from.
        validation: what early stopping watches; never learned from.
        recipe: tower, loss, schedule and augmentation.
        seed: fixes initialisation, order and augmentation.
        folder: keeps checkpoint, history and TensorBoard logs.
        pairs: "batch" = every pair of a P x K batch counts, N pictures give N(N-1)/2 pairs for
            N tower passes; "sampled" = explicit pairs through the two-input model.
        patience: stop after this many epochs without a better validation loss; 0 = never.
        on_device: keep the pictures on the device and distort them there; None = where that is
            faster: on a GPU with the memory for it. Explicit pairs are always fed by the CPU.
        build: builds the tower from a picture's shape; None = the recipe's own. Where it takes no
            pictures but what another network made of them, the recipe must not distort.
        start: a tower of the same build whose weights are the first ones; None = chance.
        progress: told of steps done.

    Raises:
        RunError: the folder's checkpoint is damaged or of another network.
        DivergenceError: the loss became infinite or no number; the checkpoint before is kept.
    """
    progress("Building the network", 0, 0)
    shape, classes = train.pictures.shape[1:], len(set(train.labels.tolist()))
    measure = partial(measure_step, input_shape=shape, classes=classes)
    recipe, _ = resolve_precision(recipe, measure)
    keras.utils.set_random_seed(seed)
    with_outliers = recipe.outlier_share and pairs == "batch"
    fed = add_outliers(train, seed=seed) if with_outliers else train
    feed = make_feed(fed, recipe, pairs, seed=seed)
    watched = make_feed(validation, recipe, pairs, seed=seed, vary=False)
    build = build or partial(tower_for, recipe)
    with dtype_policy(recipe.precision):
        tower = build(shape)
        if start is not None:
            tower.set_weights(start.get_weights())
        network = tower if pairs == "batch" else siamese_network(tower)
    model, shown, together = network, feed, 1
    if on_device is None:
        on_device = agree(fits_device(fed.pictures.nbytes + validation.pictures.nbytes))
    if on_device and isinstance(feed, BatchFeed) and isinstance(watched, BatchFeed):
        model, shown, watched = move_to_device(network, feed, watched)
        work = batch_pictures(recipe, classes) * multiply_adds(recipe, input_shape=shape)
        together = steps_per_call(work)
    shown, watched = shard_feed(shown), shard_feed(watched)
    model.compile(
        optimizer=make_optimizer(
            recipe.optimizer,
            warm_up_cosine(
                recipe.learning_rate, steps=len(feed) * recipe.epochs, warm_up=recipe.warm_up
            ),
            weight_decay=recipe.weight_decay,
        ),
        loss=ContrastiveLoss()
        if pairs == "sampled"
        else make_loss(recipe.loss, members=recipe.ensemble_size),
        jit_compile=compile_steps(),
        steps_per_execution=together,
    )
    position = restore(model, network, folder, steps=len(shown))
    history, checkpoint = position.history, Checkpoint(network, folder, position)
    follow = partial(
        next_epoch,
        history,
        epochs=recipe.epochs,
        plateau_after=recipe.plateau_after,
        patience=patience,
    )
    # Once; twice where the first epoch was cut in its midst; never where the last one was done.
    while follow() < recipe.epochs:
        first = checkpoint.step
        rest = RestOfEpoch(shown, first) if first else shown
        callbacks = [
            *mine_hard_examples(tower, feed, recipe, folder, progress),
            FeedEpoch(shown),
            StopOnDivergence(recipe.learning_rate, first=first),
            checkpoint,
            ProgressReport(
                progress,
                steps=len(feed),
                epochs=recipe.epochs,
                first=first,
                stopped=checkpoint.save,
            ),
            *tensorboard(folder),
        ]
        model.fit(
            rest,
            validation_data=watched,
            epochs=1 if first else recipe.epochs,
            shuffle=False,
            verbose=0,
            callbacks=PlannedEpochs(
                callbacks,
                model=model,
                steps=len(rest),
                follow=follow,
                epochs=recipe.epochs,
                epoch_steps=len(feed),
            ),
        )
    seconds = checkpoint.elapsed()
    whitening = whiten_gradients(train, seed=seed) if recipe.gradient_share else None
    with alone():
        kept = siamese_network(to_float32(tower, build, recipe, whitening=whitening))
    return TrainedNetwork(kept, history, seconds)


def tower_for(recipe: Recipe, input_shape: Any) -> keras.Model:
    """Build the tower that a recipe asks for."""
    return build_tower(recipe.tower, input_shape, recipe.dim, members=recipe.ensemble_size)


def make_feed(
    split: Split, recipe: Recipe, pairs: Pairs, *, seed: int, vary: bool = True
) -> BatchFeed | PairFeed:
    """Make what a step is fed, for either way of pairing."""
    shared = {
        "seed": seed,
        "policy": recipe.augment if vary else None,
        "augmented_epochs": recipe.augmented_epochs,
        "quarter_turns": recipe.quarter_turns and vary,
    }
    classes, pictures = recipe.classes_per_batch, recipe.pictures_per_class
    if pairs == "sampled":
        return PairFeed(split, batch=classes * pictures, **shared)
    beside = recipe.outlier_share / (1 - recipe.outlier_share) if vary else 0
    outliers = round(beside * classes * pictures)
    return BatchFeed(split, classes=classes, pictures=pictures, outliers=outliers, **shared)


def mine_hard_examples(
    tower: keras.Model,
    feed: BatchFeed | PairFeed,
    recipe: Recipe,
    folder: Path,
    progress: Progress,
) -> list[keras.callbacks.Callback]:
    """Return the callback that has batches drawn from the hardest pictures, if the recipe does."""
    if recipe.hard_example_share >= 1 or not isinstance(feed, BatchFeed):
        return []
    share = recipe.hard_example_share
    return [HardExampleMining(tower, feed, share=share, folder=folder, progress=progress)]


def to_float32(
    tower: keras.Model,
    build: Callable[[tuple[int, ...]], keras.Model],
    recipe: Recipe,
    *,
    whitening: Whitening | None = None,
) -> keras.Model:
    """Return the tower that is saved and exported: float32 throughout, its views averaged, what is
    not trained beside it.
    """
    with dtype_policy("float32"):
        plain = build(tower.input_shape[1:])
        plain.set_weights(tower.get_weights())
        averaged = average_test_time_views(plain, views=recipe.test_time_views)
        return join_gradients(averaged, share=recipe.gradient_share, whitening=whitening)
