"""What one training step takes here: the recipe's own tower, loss and batch.

By plain gradient descent: Muon's part is a thirtieth of a step, and most of what is to be compiled.
"""

from __future__ import annotations

import math
import statistics
import time

import keras
import numpy as np
from keras import ops

from siam.recipe import Recipe
from siam.siamese.losses.registry import make_loss
from siam.siamese.towers import build_tower
from siam.training.device import compile_steps
from siam.training.precision import StepTime, dtype_policy
from siam.training.quarter_turns import TURNS

__all__ = ["batch_pictures", "estimate_step", "layer_work", "measure_step", "multiply_adds"]

# As many steps are timed as fill this, two at least.
SECONDS = 0.3
FEWEST_STEPS = 2
# Passes that a step's work is equal to: forward, to the weights and, but for the first layer, back.
PASSES, FIRST_PASSES = 3, 2
# Pictures that are enough to time one layer with.
FEW = 64


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
        limit: seconds; after a step that takes longer no other is tried, and none at all where one
            convolution says that it would.
        input_shape: height, width and channels of a picture.
        classes: how many there are to train.
        seconds: how long steps are timed.

    Example:
        >>> recipe = Recipe(precision="float32", pictures_per_class=2)
        >>> 0 < measure_step(recipe, input_shape=(28, 28, 1), classes=2).seconds < 10
        True
    """
    if math.isfinite(limit):
        estimate = estimate_step(recipe, input_shape=input_shape, classes=classes)
        if estimate > limit:
            return StepTime(estimate, 0.0)
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


def estimate_step(recipe: Recipe, *, input_shape: tuple[int, int, int], classes: int) -> float:
    """Return about what a training step takes, from steps of its widest convolution alone.

    Emulated numbers show in the gradient: TensorFlow's forward product in bfloat16 takes no longer
    than float32's where its gradient takes ten times as long.

    Args:
        recipe: its precision must be one of Keras' own, not "auto".
        input_shape: height, width and channels of a picture.
        classes: how many there are to train.

    Returns:
        Seconds, as if all of a step ran as fast as that layer.

    Example:
        >>> recipe = Recipe(precision="float32", pictures_per_class=2)
        >>> 0 < estimate_step(recipe, input_shape=(28, 28, 1), classes=2) < 10
        True
    """
    works = layer_works(recipe, input_shape)
    convolutions = [layer for layer in works if isinstance(layer, keras.layers.Conv2D)]
    widest = max(convolutions, key=lambda layer: works[layer])
    with dtype_policy(recipe.precision):
        layer = keras.layers.Conv2D(
            widest.filters, widest.kernel_size, widest.strides, widest.padding
        )
        model = keras.Sequential([keras.Input(widest.input.shape[1:]), layer])
    model.compile("sgd", lambda _, output: ops.mean(output), jit_compile=compile_steps())
    count = batch_pictures(recipe, classes)
    pictures = np.ones((min(count, FEW), *model.input_shape[1:]), np.float32)
    times = []
    for _ in range(FEWEST_STEPS + 1):
        started = time.perf_counter()
        model.train_on_batch(pictures, pictures[:, 0, 0, 0])
        times.append(time.perf_counter() - started)
    share = works[widest] / (sum(works.values()) * recipe.ensemble_size)
    return min(times) * PASSES / FIRST_PASSES * count / len(pictures) / share


def multiply_adds(recipe: Recipe, *, input_shape: tuple[int, int, int]) -> int:
    """Return the multiply-adds of one picture through a recipe's convolutions and dense layers.

    Args:
        recipe: its tower, embedding and ensemble.
        input_shape: height, width and channels of a picture.

    Example:
        >>> multiply_adds(Recipe(), input_shape=(28, 28, 1)) // 1_000_000
        6
    """
    return sum(layer_works(recipe, input_shape).values()) * recipe.ensemble_size


def layer_works(recipe: Recipe, input_shape: tuple[int, int, int]) -> dict[keras.layers.Layer, int]:
    """Return the multiply-adds of a picture through each such layer of one member's tower."""
    member = build_tower(recipe.tower, input_shape, recipe.dim // recipe.ensemble_size)
    works = {layer: layer_work(layer) for layer in member.layers}
    return {layer: work for layer, work in works.items() if work}


def layer_work(layer: keras.layers.Layer) -> int:
    """Return the multiply-adds of a picture through a convolution or dense layer; 0 of any other.

    Example:
        >>> tower = build_tower("small", (28, 28, 1), 64)
        >>> sum(layer_work(layer) for layer in tower.layers) // 1_000_000
        6
    """
    kernels = [one for one in getattr(layer, "weights", ()) if len(one.shape) > 1]
    return sum(math.prod((*layer.output.shape[1:-1], *one.shape)) for one in kernels)
