"""A run's `config.toml`: everything needed to train it again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siam.atomic import write_text
from siam.datasets.prepare import Preparation
from siam.engine.runs import CONFIG_FILE, read_config
from siam.errors import RunError, UsageError

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.siamese.presets import Recipe

__all__ = [
    "DataChoice",
    "RunConfig",
    "TrainChoice",
    "check_preset",
    "choose_recipe",
    "dotted",
    "load_config",
    "new_config",
    "recipe_from",
    "save_config",
]

# Fewer optimiser steps than this and a small data set is not learned, whatever its epochs;
LEAST_STEPS = {"quick": 100, "balanced": 400, "best": 1500}
# fewer will do where a step shows more pictures than these.
USUAL_BATCH = 260


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """Which data set, and how it is read; see `siam.datasets.load.load_dataset`."""

    dataset: str | None = None
    data_dir: str | None = None
    size: int | None = None
    classes_from: str | None = None
    holdout_classes: tuple[str, ...] = ()
    prepare: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainChoice:
    """How to train: a preset, what overrides it, the seed.

    Attributes:
        preset: "quick", "balanced" or "best".
        overrides: recipe values by name, "augment.rotation" for a nested one, as text.
        seed: fixes splits, sampling, initialisation and order.
        pairs: "batch" or "sampled".
        patience: epochs without a better validation loss before stopping; 0 = never.
    """

    preset: str = "balanced"
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    seed: int = 0
    pairs: str = "batch"
    patience: int = 0


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What `config.toml` holds.

    Attributes:
        data: how the data set was named, so that it can be read again.
        train: preset, seed and ways of training.
        recipe: every value of the training, resolved.
        name: the data set's name.
        source: where it was read from.
        fingerprint: SHA-256 of its pictures and labels.
        classes: class names in the order of their labels.
        groups: one group name (an alphabet, say) per class, or empty.
        preparation: what a picture from outside goes through.
    """

    data: DataChoice
    train: TrainChoice
    recipe: dict[str, Any]
    name: str
    source: str
    fingerprint: str
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    preparation: Preparation


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
    from siam.siamese.quarter_turns import TURNS

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


def new_config(dataset: Dataset, data: DataChoice, train: TrainChoice, recipe: Recipe) -> RunConfig:
    """Put together what is needed to train this run again."""
    height, width, channels = dataset.picture_shape
    chosen = dataset.name if data.dataset is None else data.dataset
    if Path(chosen).exists():
        # A run may be resumed from another folder than it was begun in.
        chosen = str(Path(chosen).absolute())
    return RunConfig(
        data=dataclasses.replace(data, dataset=chosen),
        train=train,
        recipe=dataclasses.asdict(recipe),
        name=dataset.name,
        source=dataset.source,
        fingerprint=dataset.fingerprint,
        classes=dataset.classes,
        groups=dataset.groups[: len(dataset.classes)],
        preparation=Preparation(dataset.prepare, (height, width), channels),
    )


def dotted(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe's values with dotted names for the nested ones."""
    own = {name: value for name, value in recipe.items() if name != "augment"}
    return own | {f"augment.{name}": value for name, value in recipe.get("augment", {}).items()}


def save_config(folder: Path, config: RunConfig) -> None:
    """Write `config.toml`."""
    import tomli_w

    content = {
        "dataset": {
            "name": config.name,
            "source": config.source,
            "fingerprint": config.fingerprint,
            "classes": list(config.classes),
            "groups": list(config.groups),
        },
        "data": without_none(dataclasses.asdict(config.data)),
        "train": without_none(dataclasses.asdict(config.train)),
        "prepare": config.preparation.to_dict(),
        "recipe": config.recipe,
    }
    write_text(folder / CONFIG_FILE, tomli_w.dumps(content))


def load_config(folder: Path) -> RunConfig:
    """Read `config.toml` of a run.

    Raises:
        RunError: it is missing, damaged or of another siam.
    """
    content = read_config(folder)
    try:
        data = dict(content["data"])
        data["holdout_classes"] = tuple(data.get("holdout_classes", ()))
        return RunConfig(
            data=DataChoice(**data),
            train=TrainChoice(**content["train"]),
            recipe=content["recipe"],
            name=content["dataset"]["name"],
            source=content["dataset"]["source"],
            fingerprint=content["dataset"]["fingerprint"],
            classes=tuple(content["dataset"]["classes"]),
            groups=tuple(content["dataset"]["groups"]),
            preparation=Preparation.from_dict(content["prepare"]),
        )
    except (KeyError, TypeError, UsageError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE} is not a run's configuration ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what TOML cannot say."""
    return {name: value for name, value in values.items() if value is not None}
