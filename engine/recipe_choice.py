"""Which recipe a training follows: the preset that suits the data, and what the user overrides."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TypeVar

from siam.errors import UsageError
from siam.recipe import PAIR_KINDS, PRESET_NAMES, Recipe, change_recipe
from siam.runs.config import TrainChoice

__all__ = ["choose_recipe", "choose_training"]

Word = TypeVar("Word", bound=str)

# Fewer optimiser steps than this and a small data set is not learned, whatever its epochs;
LEAST_STEPS = {"quick": 100, "balanced": 400, "best": 1500}
# fewer will do where a step shows more pictures than these.
USUAL_BATCH = 260


def choose_training(
    *,
    preset: str = "balanced",
    overrides: Mapping[str, str],
    seed: int = 0,
    pairs: str = "batch",
    patience: int = 0,
) -> TrainChoice:
    """Return the way of training that a user named, before any data is looked for.

    Args:
        preset, overrides, seed, pairs, patience: as in `TrainChoice`.

    Raises:
        UsageError: there is no such preset, or no such kind of pairs.

    Example:
        >>> choose_training(preset="best", overrides={"epochs": "3"}).preset
        'best'
    """
    return TrainChoice(
        preset=pick_word(preset, PRESET_NAMES, "preset"),
        overrides=overrides,
        seed=seed,
        pairs=pick_word(pairs, PAIR_KINDS, "kind of pairs"),
        patience=patience,
    )


def pick_word(word: str, words: tuple[Word, ...], what: str) -> Word:
    """Return the word among those that there are, or refuse it."""
    for one in words:
        if one == word:
            return one
    raise UsageError(f"There is no {what} '{word}'.", f"Choose one of: {', '.join(words)}.")


def choose_recipe(
    choice: TrainChoice, pictures: int, *, classes: int, chain: str = "digit"
) -> Recipe:
    """Return the preset's recipe with its overrides, fitted to the size of the data set.

    Args:
        choice: preset and overrides.
        pictures: training pictures; few of them get more epochs, unless epochs were named.
        classes: training classes; many of few pictures each have presets of their own.
        chain: how pictures from outside are prepared; outliers are made of framed marks alone.

    Raises:
        UsageError: an unknown preset, value or type.
    """
    from siam.siamese.many_classes import preset_for
    from siam.training.quarter_turns import TURNS

    preset = preset_for(choice.preset, classes=classes, pictures_per_class=pictures // classes)
    if chain != "digit":
        preset = dataclasses.replace(preset, outlier_share=0.0)
    recipe = change_recipe(preset, choice.overrides)
    if "epochs" not in choice.overrides:
        batch = recipe.classes_per_batch * recipe.pictures_per_class
        steps = max(1, pictures * (TURNS if recipe.quarter_turns else 1) // batch)
        needed = LEAST_STEPS[choice.preset] * min(1.0, USUAL_BATCH / batch)
        least = math.ceil(needed / steps)
        recipe = dataclasses.replace(recipe, epochs=max(recipe.epochs, least))
    return recipe
