"""Which recipe a training follows: the preset that suits the data, and what the user overrides."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from siam.errors import UsageError
from siam.recipe import PAIR_KINDS, PRESET_NAMES, Recipe, change_recipe
from siam.runs.config import TrainChoice

__all__ = ["choose_recipe", "choose_training", "epoch_steps"]

Word = TypeVar("Word", bound=str)

# Fewer optimiser steps than this and a small data set is not learned, whatever its epochs;
LEAST_STEPS = {"quick": 100, "balanced": 400, "best": 1500}
# fewer will do where a step shows more pictures than these.
USUAL_BATCH = 260
# Of so many epochs, those from which on fewer will do where validation gains nothing more.
PLATEAU_AFTER = 0.25
# Of the squared distance, that of oriented gradients, where classes of drawings were held out: the
# tower tells others apart worse than those that it learned. Of photos it does so better than
# gradients do (docs/measurements.md).
GRADIENT_SHARE = 0.7
DRAWINGS = ("digit", "glyph")
# Where there are more pictures, or as many classes as have presets of their own, a tower learns
# what tells classes apart at all, and what gradients would add was not measured.
MOST_PICTURES = 10_000
# Distortions of ink, which photos have none of.
OF_INK = ("stroke", "outline", "lines", "bands")


def choose_training(
    *,
    preset: str = "balanced",
    overrides: Mapping[str, str] = MappingProxyType({}),
    seed: int = 0,
    pairs: str = "batch",
    patience: int = 0,
    minutes: float | None = None,
    weights: str | None = None,
) -> TrainChoice:
    """Return the way of training that a user named, before any data is looked for.

    Args:
        preset, overrides, seed, pairs, patience, minutes, weights: as in `TrainChoice`.

    Raises:
        UsageError: there is no such preset, or no such kind of pairs; no time at all, or a time
            beside a number of epochs.

    Example:
        >>> choose_training(preset="best", overrides={"epochs": "3"}).preset
        'best'
    """
    if minutes is not None and not minutes > 0:
        raise UsageError(f"--minutes must be above 0, received {minutes:g}.")
    if minutes is not None and "epochs" in overrides:
        raise UsageError(
            f"--minutes chooses the epochs itself, received --minutes {minutes:g} and "
            f"epochs={overrides['epochs']}.",
            "Leave one of them out.",
        )
    return TrainChoice(
        preset=pick_word(preset, PRESET_NAMES, "preset"),
        overrides=dict(overrides),  # as the run's configuration keeps it
        seed=seed,
        pairs=pick_word(pairs, PAIR_KINDS, "kind of pairs"),
        patience=patience,
        minutes=minutes,
        # A run may be gone on with from another folder than it was begun in.
        weights=str(Path(weights).absolute()) if weights else None,
    )


def pick_word(word: str, words: tuple[Word, ...], what: str) -> Word:
    """Return the word among those that there are, or refuse it."""
    for one in words:
        if one == word:
            return one
    raise UsageError(f"There is no {what} '{word}'.", f"Choose one of: {', '.join(words)}.")


def choose_recipe(
    choice: TrainChoice,
    pictures: int,
    *,
    classes: int,
    chain: str = "digit",
    unseen: bool = False,
) -> Recipe:
    """Return the preset's recipe with its overrides, fitted to the size of the data set.

    Args:
        choice: preset and overrides.
        pictures: training pictures; few of them get more epochs, unless epochs were named.
        classes: training classes; many of few pictures each have presets of their own.
        chain: how pictures from outside are prepared; outliers are made of framed marks alone,
            and photos have no strokes to distort.
        unseen: classes were held out, and are to be told apart too: drawings, where there are few,
            get oriented gradients beside the tower.

    Raises:
        UsageError: an unknown preset, value or type.
    """
    from siam.siamese.many_classes import MANY_CLASSES, preset_for

    preset = preset_for(choice.preset, classes=classes, pictures_per_class=pictures // classes)
    if chain != "digit":
        preset = dataclasses.replace(preset, outlier_share=0.0)
    if chain == "photo":
        augment = dataclasses.replace(preset.augment, **dict.fromkeys(OF_INK, 0.0))
        preset = dataclasses.replace(preset, augment=augment)
    few = pictures <= MOST_PICTURES and classes < MANY_CLASSES
    if unseen and few and chain in DRAWINGS:
        preset = dataclasses.replace(preset, gradient_share=GRADIENT_SHARE)
    recipe = change_recipe(preset, choice.overrides)
    if "epochs" not in choice.overrides:
        batch = recipe.classes_per_batch * recipe.pictures_per_class
        needed = LEAST_STEPS[choice.preset] * min(1.0, USUAL_BATCH / batch)
        least = math.ceil(needed / epoch_steps(recipe, pictures))
        if least > recipe.epochs:
            recipe = dataclasses.replace(recipe, epochs=least)
            if "plateau_after" not in choice.overrides:
                after = math.ceil(PLATEAU_AFTER * least)
                recipe = dataclasses.replace(recipe, plateau_after=after)
    return recipe


def epoch_steps(recipe: Recipe, pictures: int) -> int:
    """Return how many steps an epoch has.

    Args:
        recipe: P, K, and whether pictures come in four turns.
        pictures: training pictures.

    Example:
        >>> epoch_steps(Recipe(), 55_000)
        211
    """
    from siam.training.quarter_turns import TURNS

    shown = pictures * TURNS if recipe.quarter_turns else pictures
    return max(1, shown // (recipe.classes_per_batch * recipe.pictures_per_class))
