"""Train one baseline by Keras' own `fit`, on the terms on which the Siamese network is trained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from siam.array_types import Pictures
from siam.classifiers.residual import label_alone
from siam.classifiers.styles import build_classifier
from siam.datasets.dataset import Split
from siam.progress import Progress, silent
from siam.recipe import AugmentPolicy, Recipe
from siam.training.augmentation.cpu import augment_batch
from siam.training.callbacks import ProgressReport, StopOnDivergence
from siam.training.device import compile_steps
from siam.training.feed import FeedEpoch
from siam.training.optimizers import make_optimizer
from siam.training.precision import dtype_policy, resolve_precision
from siam.training.prefetch import PrefetchedFeed
from siam.training.schedule import warm_up_cosine

__all__ = ["ShuffledBatches", "TrainedClassifier", "train_classifier"]


@dataclass(frozen=True)
class TrainedClassifier:
    """What a training leaves.

    Attributes:
        model: the classifier in float32, ready to be saved.
        history: one row per epoch: "loss", "accuracy", and the same of the validation split
            with "val_" before them (accuracies 0 to 1, larger = better).
        seconds: wall time of the whole training, compiling and validation included.
    """

    model: keras.Model
    history: tuple[Mapping[str, float], ...]
    seconds: float


def train_classifier(
    style: str,
    train: Split,
    *,
    num_classes: int,
    recipe: Recipe,
    seed: int,
    validation: Split | None = None,
    progress: Progress = silent,
) -> TrainedClassifier:
    """Train a baseline from nothing.

    Of the recipe it takes what is no Siamese network's alone: epochs, batch size, optimizer,
    learning rate with its schedule, weight decay, precision and augmentation, and `dim` as the
    length of the features.

    Args:
        style: a name in `siam.classifiers.styles.STYLES`.
        train: what is learned from.
        num_classes: how many labels there are, >= 2.
        recipe: the terms.
        seed: fixes initialisation, order and augmentation.
        validation: watched for the curves; never learned from.
        progress: told of steps done.

    Raises:
        DivergenceError: the loss became infinite or no number.
    """
    keras.utils.set_random_seed(seed)
    recipe, _ = resolve_precision(recipe)
    batches = ShuffledBatches(
        train,
        batch_size=recipe.classes_per_batch * recipe.pictures_per_class,
        seed=seed,
        policy=recipe.augment,
        augmented_epochs=recipe.augmented_epochs,
    )
    picture_shape = train.pictures.shape[1:]
    with dtype_policy(recipe.precision):
        model = build_classifier(style, picture_shape, num_classes, features=recipe.dim)
    learner = label_alone(model)
    steps = len(batches) * recipe.epochs
    rate = warm_up_cosine(recipe.learning_rate, steps=steps, warm_up=recipe.warm_up)
    learner.compile(
        optimizer=make_optimizer(recipe.optimizer, rate, weight_decay=recipe.weight_decay),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=compile_steps(),
    )
    _make_state(learner, num_classes)
    watched = (
        None if validation is None else (validation.pictures, validation.labels.astype(np.int32))
    )
    started = time.perf_counter()
    fitted = learner.fit(
        batches,
        validation_data=watched,
        epochs=recipe.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            FeedEpoch(batches),
            StopOnDivergence(recipe.learning_rate),
            ProgressReport(progress, steps=len(batches), epochs=recipe.epochs),
        ],
    )
    seconds = time.perf_counter() - started
    history = tuple(
        {name: float(values[epoch]) for name, values in fitted.history.items()}
        for epoch in range(recipe.epochs)
    )
    return TrainedClassifier(
        model=_to_float32(model, style, picture_shape, num_classes, recipe.dim),
        history=history,
        seconds=seconds,
    )


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


def _make_state(learner: keras.Model, num_classes: int) -> None:
    """Make what optimizer and metrics remember: made within a step, it is compiled twice."""
    learner.optimizer.build(learner.trainable_variables)
    likely = np.full((1, num_classes), 1 / num_classes, np.float32)
    learner.compute_metrics(None, np.zeros(1, np.int32), likely)
    learner.reset_metrics()


def _to_float32(
    model: keras.Model,
    style: str,
    picture_shape: tuple[int, int, int],
    num_classes: int,
    features: int,
) -> keras.Model:
    """The same classifier computing in float32 throughout, so that every backend answers alike."""
    with dtype_policy("float32"):
        plain = build_classifier(style, picture_shape, num_classes, features=features)
    plain.set_weights(model.get_weights())
    return plain
