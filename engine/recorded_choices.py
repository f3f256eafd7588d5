"""What a run was begun with, and what it may not be given otherwise when it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from siam.errors import UsageError
from siam.recipe import change_recipe, recipe_value
from siam.runs.config import DataChoice, RunConfig, TrainChoice, dataset_word

__all__ = ["find_changes", "option_of", "refuse_changes"]

# Of the recipe, what has an option of its own.
OWN_OPTIONS = ("epochs", "tower")


def refuse_changes(
    name: str, config: RunConfig, data: DataChoice, asked: Mapping[str, Any]
) -> None:
    """Refuse what a run that goes on cannot be given any more; what agrees with it is welcome."""
    for key, recorded, value in find_changes(config, data, asked):
        raise UsageError(
            f"The run '{name}' was begun with {recorded}, received {value}.",
            f"Leave {option_of(key)} out to go on with this run; leave --resume out to train a "
            "new one.",
        )


def option_of(key: str) -> str:
    """Return what a choice is called on the command line.

    Args:
        key: its name in `DataChoice`, in `TrainChoice` or in the recipe.

    Example:
        >>> option_of("holdout_classes"), option_of("precision"), option_of("dataset")
        ('--holdout-classes', '--set precision', 'the data set')
    """
    if key == "dataset":
        return "the data set"
    named = (*DataChoice.__struct_fields__, *TrainChoice.__struct_fields__, *OWN_OPTIONS)
    return f"--{key.replace('_', '-')}" if key in named else f"--set {key}"


def find_changes(
    config: RunConfig, data: DataChoice, asked: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any]]:
    """Yield what was asked for and is not what a run was begun with.

    Args:
        config: the run's.
        data: which data set was named; where it stands is no part of it, its fingerprint is.
        asked: what was named of the training, by the names of `choose_training`.

    Yields:
        (name, such as "size"; what is recorded, such as "size=28" or "no minutes"; what was asked).
    """
    # None and () stand for nothing that was asked.
    recorded = msgspec.to_builtins(config.data) | msgspec.to_builtins(config.train)
    # What these became where nobody named them.
    recorded |= {"size": config.preparation.size[0], "prepare": config.preparation.chain}
    given = msgspec.to_builtins(data).items()
    wanted = {key: value for key, value in given if value and value != "auto"}
    wanted |= asked
    wanted.pop("data_dir", None)
    if data.dataset:
        wanted["dataset"] = dataset_word(data.dataset)
    for key, value in wanted.pop("overrides", {}).items():
        if change_recipe(config.recipe, {key: value}) != config.recipe:
            wanted[key], recorded[key] = value, recipe_value(config.recipe, key)
    for key, value in wanted.items():
        if value != recorded[key]:
            none = recorded[key] in (None, ())
            yield key, f"no {key}" if none else f"{key}={recorded[key]}", value
