"""What one training step takes here: the recipe's own tower, loss and batch.

By plain gradient descent: Muon's part is a thirtieth of a step, and most of what is to be compiled.
"""

from __future__ import annotations

import statistics
import time

import keras
import numpy as np

from siam.recipe import Recipe
from siam.siamese.losses.registry import make_loss
from siam.siamese.towers import build_tower
from siam.training.device import compile_steps
from siam.training.precision import StepTime, dtype_policy
from siam.training.quarter_turns import TURNS

__all__ = ["batch_pictures", "measure_step", "multiply_adds"]

# As many steps are timed as fill this, two at least.
SECONDS = 0.3
FEWEST_STEPS = 2


def measure_step(
    recipe: Recipe,
    limit: float = float("inf"),
    *,
    input_shape: tuple[int, int, int],
    classes: int,
    seconds: float = SECONDS,
) -> StepTime:
    """Return what a training step takes, the median of a few after the one that compiles.

    Args:
        recipe: its precision must be one of Keras' own, not "auto".
        limit: seconds; after a step that takes longer no other is tried.
        input_shape: height, width and channels of a picture.
        classes: how many there are to train.
        seconds: how long steps are timed.

    Example:
        >>> recipe = Recipe(precision="float32", pictures_per_class=2)
        >>> 0 < measure_step(recipe, input_shape=(28, 28, 1), classes=2).seconds < 10
        True
    """
    started = time.perf_counter()
    with dtype_policy(recipe.precision):
        tower = build_tower(recipe.tower, input_shape, recipe.dim, members=recipe.ensemble_size)
    tower.compile(
        optimizer=keras.optimizers.SGD(recipe.learning_rate),
        loss=make_loss(recipe.loss, members=recipe.ensemble_size),
        jit_compile=compile_steps(),
    )
    count = batch_pictures(recipe, classes)
    pictures = np.random.default_rng(0).integers(0, 256, (count, *input_shape), np.uint8)
    labels = np.arange(count, dtype=np.int32) % min(recipe.classes_per_batch, classes)
    tower.train_on_batch(pictures, labels)
    compiling = time.perf_counter() - started
    times: list[float] = []
    while len(times) < FEWEST_STEPS or sum(times) < seconds:
        started = time.perf_counter()
        tower.train_on_batch(pictures, labels)
        times.append(time.perf_counter() - started)
        if times[-1] > limit:
            break
    return StepTime(statistics.median(times), compiling)


def batch_pictures(recipe: Recipe, classes: int) -> int:
    """Return how many pictures a batch holds, outliers among them.

    Args:
        recipe: P, K and the share of outliers.
        classes: how many there are to train; fewer than P leave a batch smaller.

    Example:
        >>> batch_pictures(Recipe(outlier_share=0.15), classes=10)
        306
    """
    wanted = recipe.classes_per_batch * recipe.pictures_per_class
    outliers = round(wanted * recipe.outlier_share / (1 - recipe.outlier_share))
    trained = classes * TURNS if recipe.quarter_turns else classes
    return min(recipe.classes_per_batch, trained) * recipe.pictures_per_class + outliers


def multiply_adds(recipe: Recipe, *, input_shape: tuple[int, int, int]) -> int:
    """Return the multiply-adds of one picture through a recipe's convolutions and dense layers.

    Args:
        recipe: its tower, embedding and ensemble.
        input_shape: height, width and channels of a picture.

    Example:
        >>> multiply_adds(Recipe(), input_shape=(28, 28, 1)) // 1_000_000
        6
    """
    member = build_tower(recipe.tower, input_shape, recipe.dim // recipe.ensemble_size)
    total = 0
    for layer in member.layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total * recipe.ensemble_size
