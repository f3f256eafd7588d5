"""What a training costs in time, from the seconds of one step, and what another would cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from siam.engine.recipe_choice import choose_recipe, epoch_steps
from siam.progress import duration
from siam.recipe import PRESET_NAMES, Recipe
from siam.runs.config import RunConfig, TrainChoice

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.training.precision import StepTime

__all__ = [
    "recipe_for",
    "step_work",
    "tell_cost",
    "training_seconds",
]

# A picture that only passes forward, as in validation, takes this share of one that is learned.
FORWARD = 1 / 3
# The optimizer, validation and the ranking are compiled too, which the timed step does without.
COMPILING = 3
# A head's 300 steps on rows of numbers, compiling included: 16 s of processor time on two cores.
HEAD_SECONDS = 10.0
# Seconds of training from which on lighter presets are named.
LONG = 120


def training_seconds(recipe: Recipe, step: StepTime, *, pictures: int, validation: int) -> float:
    """Return the seconds of all epochs: their steps, validation, the rankings of the hardest.

    Args:
        recipe: what is trained by.
        step: what a step takes here.
        pictures: training pictures.
        validation: validation pictures.

    Example:
        >>> from siam.training.precision import StepTime
        >>> step = StepTime(seconds=0.5, compiling=2.0)
        >>> training_seconds(Recipe(epochs=3), step, pictures=2600, validation=780)
        22.5
    """
    steps = epoch_steps(recipe, pictures) * recipe.epochs
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    passed = validation * recipe.epochs
    if recipe.hard_example_share < 1 and recipe.augmented_epochs > 1:
        # Before epochs 1, 2, 4, 8 ..., counted from 0.
        passed += pictures * (1 + int(math.log2(recipe.augmented_epochs - 1)))
    return COMPILING * step.compiling + step.seconds * (steps + FORWARD * passed / batch)


def tell_cost(
    config: RunConfig,
    dataset: Dataset,
    step: StepTime | None,
    *,
    kind: str,
    feature_seconds: float | None = None,
) -> Iterator[str]:
    """Yield in a sentence how long a training takes, and which preset would take how long.

    Args:
        config: what is trained by.
        dataset: what is trained on.
        step: what a step takes here; None = none is taken, or it was not measured.
        kind: "cpu" or "gpu"; on a CPU lighter presets are named where it takes long.
        feature_seconds: what a backbone takes for a picture here; None = there is none, or it was
            not measured.
    """
    recipe = config.recipe
    sizes = {"pictures": len(dataset.train), "validation": len(dataset.validation)}
    seconds = 0.0
    parts = []
    if step is not None:
        seconds += training_seconds(recipe, step, **sizes)
        steps = epoch_steps(recipe, sizes["pictures"]) * recipe.epochs
        parts.append(f"{steps:,} steps of {step.seconds:.2g} s")
        if not step.compiling:
            parts.append("compiling aside")
    if feature_seconds is not None:
        pictures = sum(sizes.values())
        seconds += HEAD_SECONDS + feature_seconds * pictures
        parts.append(
            f"what the backbone sees in {pictures:,} pictures, {feature_seconds:.2g} s each"
        )
    if parts:
        yield f"About {duration(seconds)}: {'; '.join(parts)}."
    if step is None:
        return
    lighter = PRESET_NAMES[: PRESET_NAMES.index(config.train.preset)]
    if kind == "cpu" and seconds > LONG and lighter:
        unit = step.seconds / step_work(recipe, dataset)
        others = []
        for preset in lighter:
            other = recipe_for(msgspec.structs.replace(config.train, preset=preset), dataset)
            faster = replace(step, seconds=unit * step_work(other, dataset))
            other_seconds = training_seconds(other, faster, **sizes)
            others.append(f"about {duration(other_seconds)} with  --preset {preset}")
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
