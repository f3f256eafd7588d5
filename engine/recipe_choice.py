"""Which recipe a training follows: the preset that suits the data, and what the user overrides."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from siam.errors import UsageError
from siam.recipe import Recipe
from siam.runs.config import TrainChoice

__all__ = ["check_preset", "choose_recipe", "dotted", "recipe_from"]

# Fewer optimiser steps than this and a small data set is not learned, whatever its epochs;
LEAST_STEPS = {"quick": 100, "balanced": 400, "best": 1500}
# fewer will do where a step shows more pictures than these.
USUAL_BATCH = 260


def check_preset(name: str) -> None:
    """Refuse a preset that there is not, before any data is looked for."""
    from siam.siamese.presets import PRESETS

    if name not in PRESETS:
        raise UsageError(f"There is no preset '{name}'.", f"Choose one of: {', '.join(PRESETS)}.")


def choose_recipe(
    choice: TrainChoice, pictures: int, *, classes: int, chain: str = "digit"
) -> Recipe:
    """Return the preset's recipe with its overrides, fitted to the size of the data set.

    Args:
        choice: preset and overrides.
        pictures: training pictures; few of them get more epochs, unless epochs were named.
        classes: training classes; many of few pictures each have presets of their own.
        chain: how pictures from outside are prepared; strangers are made of framed marks alone.

    Raises:
        UsageError: an unknown preset, value or type.
    """
    from siam.siamese.many_classes import preset_for
    from siam.training.quarter_turns import TURNS

    check_preset(choice.preset)
    preset = preset_for(choice.preset, classes=classes, pictures_per_class=pictures // classes)
    if chain != "digit":
        preset = dataclasses.replace(preset, strangers=0.0)
    recipe = recipe_from(preset, choice.overrides)
    if "epochs" not in choice.overrides:
        batch = recipe.classes_per_batch * recipe.pictures_per_class
        steps = max(1, pictures * (TURNS if recipe.quarter_turns else 1) // batch)
        wanted = LEAST_STEPS[choice.preset] * min(1.0, USUAL_BATCH / batch)
        least = math.ceil(wanted / steps)
        recipe = dataclasses.replace(recipe, epochs=max(recipe.epochs, least))
    return recipe


def recipe_from(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return a recipe with some values replaced.

    Args:
        recipe: what to start from.
        values: by name, "augment.rotation" for a nested one; text is read as the value's type.

    Raises:
        UsageError: an unknown name, or text that is not of the value's type.
    """
    own: dict[str, Any] = {}
    nested: dict[str, Any] = {}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        target, holder, key = (
            (nested, recipe.augment, inner)
            if inner and outer == "augment"
            else (own, recipe, outer if not inner else name)
        )
        known = {field.name for field in dataclasses.fields(holder)} - {"augment"}
        if key not in known:
            augment = [f"augment.{f.name}" for f in dataclasses.fields(recipe.augment)]
            every = sorted({f.name for f in dataclasses.fields(recipe)} - {"augment"}) + augment
            raise UsageError(f"A recipe has no value '{name}'.", f"It has: {', '.join(every)}.")
        target[key] = parse(name, value, getattr(holder, key))
    return dataclasses.replace(recipe, **own, augment=dataclasses.replace(recipe.augment, **nested))


def parse(name: str, value: Any, like: Any) -> Any:
    """Return `value` in the type of the value it replaces."""
    try:
        if isinstance(like, tuple):
            words = value.split(",") if isinstance(value, str) else value
            return tuple(type(like[0])(word) for word in words)
        if isinstance(like, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return type(like)(value)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"'{name}' takes {type(like).__name__} like {like!r}, received {value!r}."
        ) from error


def dotted(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe's values with dotted names for the nested ones."""
    own = {name: value for name, value in recipe.items() if name != "augment"}
    return own | {f"augment.{name}": value for name, value in recipe.get("augment", {}).items()}
