"""Which recipe a training follows: the preset that suits the data, and what the user overrides."""

from __future__ import annotations

import dataclasses
import math

from siam.errors import UsageError
from siam.recipe import PRESET_NAMES, Preset, Recipe, change_recipe
from siam.runs.config import TrainChoice

__all__ = ["check_preset", "choose_recipe"]

# Fewer optimiser steps than this and a small data set is not learned, whatever its epochs;
LEAST_STEPS = {"quick": 100, "balanced": 400, "best": 1500}
# fewer will do where a step shows more pictures than these.
USUAL_BATCH = 260


def check_preset(name: str) -> Preset:
    """Return the name of a preset; refuse one that there is not, before any data is looked for.

    Raises:
        UsageError: there is no such preset.
    """
    for preset in PRESET_NAMES:
        if name == preset:
            return preset
    raise UsageError(f"There is no preset '{name}'.", f"Choose one of: {', '.join(PRESET_NAMES)}.")


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
        wanted = LEAST_STEPS[choice.preset] * min(1.0, USUAL_BATCH / batch)
        least = math.ceil(wanted / steps)
        recipe = dataclasses.replace(recipe, epochs=max(recipe.epochs, least))
    return recipe
