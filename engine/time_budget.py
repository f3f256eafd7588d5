"""What can be trained in a given time: the preset and the epochs, by what a step takes here."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from siam.engine.training_cost import recipe_for, step_work, training_seconds
from siam.errors import UsageError
from siam.progress import duration
from siam.recipe import PRESET_NAMES, Preset, Recipe
from siam.runs.config import TrainChoice

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.training.precision import StepTime

__all__ = ["fit_minutes"]

# Share of the time that is planned for; the rest is for steps slower than those that were timed.
PLANNED = 0.9
# A preset is taken in this share of its own epochs or more, before a lighter one is in all of its.
LEAST_SHARE = 0.5
# What a preset's epochs are multiplied by at most; more were not tried.
MOST = 2


def fit_minutes(
    train: TrainChoice,
    presets: Sequence[Preset],
    dataset: Dataset,
    precision: str,
    measure: Callable[[Recipe], StepTime],
) -> tuple[TrainChoice, Recipe, StepTime]:
    """Return the way of training and the recipe that suit `train.minutes`, and its step's time.

    Args:
        train: how to train; its preset and its epochs are chosen here.
        presets: those that may be taken, the lightest first.
        dataset: what is trained on.
        precision: what every recipe computes in.
        measure: what a training step takes by a recipe.

    Raises:
        UsageError: the time is too short for one epoch.
    """
    from siam.siamese.recipe_check import check_recipe

    assert train.minutes is not None
    recipes = []
    for preset in presets:
        choice = msgspec.structs.replace(train, preset=preset)
        recipe = dataclasses.replace(recipe_for(choice, dataset), precision=precision)
        with contextlib.suppress(UsageError):  # "best" wants a dim that three members can share
            check_recipe(recipe)
            recipes.append((choice, recipe))
    choice, recipe = recipes[0]
    step = measure(recipe)
    unit = step.seconds / step_work(recipe, dataset)
    budget = 60 * train.minutes * PLANNED
    for stronger, other in recipes[:0:-1]:
        guess = dataclasses.replace(step, seconds=unit * step_work(other, dataset))
        if fitting_epochs(other, guess, budget, dataset) >= LEAST_SHARE * other.epochs:
            choice, recipe, step = stronger, other, measure(other)
            break
    epochs = fitting_epochs(recipe, step, budget, dataset)
    if epochs < 1:
        one = dataclasses.replace(recipe, epochs=1)
        needed = seconds_of(one, step, dataset) / PLANNED
        raise UsageError(
            f"--minutes {train.minutes:g} is too short for an epoch of {choice.preset}, which "
            f"takes about {duration(needed)}.",
            f"Give it  --minutes {math.ceil(needed / 60)}"
            + ("" if choice.preset == PRESET_NAMES[0] else f"  or  --preset {PRESET_NAMES[0]}"),
        )
    return choice, dataclasses.replace(recipe, epochs=epochs), step


def fitting_epochs(recipe: Recipe, step: StepTime, budget: float, dataset: Dataset) -> int:
    """Return how many epochs fit into a budget of seconds, twice the recipe's own at most."""
    for epochs in range(MOST * recipe.epochs, 0, -1):
        if seconds_of(dataclasses.replace(recipe, epochs=epochs), step, dataset) <= budget:
            return epochs
    return 0


def seconds_of(recipe: Recipe, step: StepTime, dataset: Dataset) -> float:
    """Return the seconds of a training."""
    return training_seconds(
        recipe, step, pictures=len(dataset.train), validation=len(dataset.validation)
    )
