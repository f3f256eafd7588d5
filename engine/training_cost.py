"""What a training costs in time, from the seconds of one step, and what another would cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from siam.engine.recipe_choice import choose_recipe, epoch_steps
from siam.progress import Progress
from siam.recipe import PRESET_NAMES, Recipe
from siam.runs.config import RunConfig, TrainChoice

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = [
    "recipe_for",
    "say_duration",
    "step_work",
    "tell_cost",
    "training_seconds",
    "watch_steps",
]

# A picture that only passes forward, as in validation, takes this share of one that is learned.
FORWARD = 1 / 3
# Seconds of steps after which a step's time is known well enough.
ENOUGH = 1.0
# Seconds of training from which on lighter presets are named.
LONG = 120


def training_seconds(
    recipe: Recipe, step_seconds: float, *, pictures: int, validation: int
) -> float:
    """Return the seconds of all epochs: their steps, validation, and the rankings of the hardest.

    Args:
        recipe: what is trained by.
        step_seconds: of one training step.
        pictures: training pictures.
        validation: validation pictures.

    Example:
        >>> training_seconds(Recipe(epochs=3), 0.5, pictures=2600, validation=780)
        16.5
    """
    steps = epoch_steps(recipe, pictures) * recipe.epochs
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    passed = validation * recipe.epochs
    if recipe.hard_example_share < 1 and recipe.augmented_epochs > 1:
        # Before epochs 1, 2, 4, 8 ..., counted from 0.
        passed += pictures * (1 + int(math.log2(recipe.augmented_epochs - 1)))
    return step_seconds * (steps + FORWARD * passed / batch)


def tell_cost(
    config: RunConfig, dataset: Dataset, step_seconds: float, left: float, *, kind: str
) -> Iterator[str]:
    """Yield in a sentence how long a training takes, and which preset would take how long.

    Args:
        config: what is trained by.
        dataset: what is trained on.
        step_seconds: of one training step, as it was measured.
        left: share of the training that is to be done, 0 to 1.
        kind: "cpu" or "gpu"; on a CPU lighter presets are named where it takes long.
    """
    recipe = config.recipe
    sizes = {"pictures": len(dataset.train), "validation": len(dataset.validation)}
    seconds = left * training_seconds(recipe, step_seconds, **sizes)
    steps = round(left * epoch_steps(recipe, sizes["pictures"]) * recipe.epochs)
    yield f"About {say_duration(seconds)}: {steps:,} steps of {step_seconds:.2g} s."
    lighter = PRESET_NAMES[: PRESET_NAMES.index(config.train.preset)]
    if kind == "cpu" and seconds > LONG and lighter:
        unit = step_seconds / step_work(recipe, dataset)
        others = []
        for preset in lighter:
            other = recipe_for(msgspec.structs.replace(config.train, preset=preset), dataset)
            other_seconds = training_seconds(other, unit * step_work(other, dataset), **sizes)
            others.append(f"about {say_duration(other_seconds)} with  --preset {preset}")
        yield f"It would take {', '.join(others)}"


def recipe_for(train: TrainChoice, dataset: Dataset) -> Recipe:
    """Return the recipe that a way of training becomes for a data set."""
    return choose_recipe(
        train, len(dataset.train), classes=len(dataset.classes), chain=dataset.prepare
    )


def step_work(recipe: Recipe, dataset: Dataset) -> int:
    """Return the multiply-adds of a step, one way through the tower."""
    from siam.siamese.step_time import batch_pictures, multiply_adds

    count = batch_pictures(recipe, len(dataset.classes))
    return count * multiply_adds(recipe, input_shape=dataset.picture_shape)


def watch_steps(
    progress: Progress, tell: Callable[[float, float], None], *, epoch: int, waits: float = ENOUGH
) -> Progress:
    """Return a progress that tells once what a training step takes, as soon as that is known.

    Neither the first step counts, which is mostly compiling, nor a first epoch that is over too
    soon, whose validation is compiled too.

    Args:
        progress: what the reports are passed on to.
        tell: called once, with the seconds of a step and the share of the steps that are left.
        epoch: steps in an epoch.
        waits: seconds of steps after which it is known.
    """
    since: tuple[int, float] | None = None
    told = False

    def report(what: str, done: int, total: int) -> None:
        nonlocal since, told
        progress(what, done, total)
        if told or what != "Training":
            return
        now = time.perf_counter()
        if since is None or (since[0] <= epoch < done):
            since = done, now
        elif now - since[1] >= waits:
            told = True
            tell((now - since[1]) / (done - since[0]), (total - since[0]) / total)

    return report


def say_duration(seconds: float) -> str:
    """Return a duration as one would say it.

    Example:
        >>> say_duration(34.2), say_duration(400), say_duration(9000)
        ('34 seconds', '7 minutes', '2.5 hours')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} second{'s' * (round(seconds) > 1)}"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
