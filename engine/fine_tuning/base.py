"""The base of a fine-tuning: the run whose weights a training goes on from."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from siam.atomic import sha256
from siam.engine.recorded_choices import find_changes, option_of
from siam.engine.training_cost import recipe_for, refuse_minutes
from siam.errors import RunError, UsageError
from siam.recipe import PRETRAINED, Recipe, change_recipe
from siam.run_files import CALIBRATION_FILE, CONFIG_FILE, HELD_OUT_FILE, NETWORK_FILE
from siam.runs.config import BaseTable, DataChoice, RunConfig, TrainChoice, load_config
from siam.runs.manifest import verify_files
from siam.runs.runs_folder import find_run, runs_folder
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.siamese.backbone import Backbone
    from siam.siamese.pretrained_tower import TowerParts

__all__ = [
    "Base",
    "fine_tuning_choice",
    "fine_tuning_recipe",
    "open_base",
    "reopen_base",
    "shorten",
]

FILES = (CALIBRATION_FILE, CONFIG_FILE, HELD_OUT_FILE, NETWORK_FILE)
# What a network is made of, and what its pictures go through: none can be changed by training on.
SHAPE = ("preset", "size", "prepare", "tower", "dim", "ensemble_size", "members")
# Of the epochs and of the learning rate of a training from nothing (docs/measurements.md).
EPOCHS, RATE = 1 / 3, 1 / 2


@dataclass(frozen=True)
class Base:
    """A run that a training goes on from.

    Attributes:
        path: its folder.
        config: its configuration.
        table: what the new run records of it.
    """

    path: Path
    config: RunConfig
    table: BaseTable

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @cached_property
    def parts(self) -> TowerParts:
        """Its tower, in the parts that are trained apart."""
        with quiet_native_logs():
            from siam.siamese.network import load_network, tower_of
            from siam.siamese.pretrained_tower import take_apart

        return take_apart(tower_of(load_network(self.path / NETWORK_FILE)))

    @property
    def backbone(self) -> Backbone | None:
        """The pretrained network in its tower, None where there is none."""
        table = self.config.tower
        if table is None or self.parts.backbone is None:
            return None
        from siam.siamese.backbone import Backbone

        return Backbone(self.parts.backbone, table.backbone, table.sha256)


def open_base(name: str) -> Base:
    """Open the run that a training is to go on from.

    Args:
        name: a run's name or path.

    Raises:
        RunError: no such run, or one of its files is missing or not what training wrote.
    """
    path = find_run(name)
    verify_files(path, FILES)
    inside = path.parent == runs_folder().resolve()
    table = BaseTable(
        run=path.name if inside else str(Path(name).absolute()),
        sha256=sha256(path / NETWORK_FILE),
    )
    return Base(path, load_config(path), table)


def reopen_base(run: str, recorded: BaseTable | None, asked: str | None) -> Base | None:
    """Open the run that an interrupted training went on from; None where it went on from none.

    Args:
        run: the interrupted run's name.
        recorded: what it keeps of the other one.
        asked: the one that was named, if any was.

    Raises:
        RunError: the other run is not there, or not the one that it was.
        UsageError: another one was named.
    """
    if asked and (recorded is None or find_run(asked) != find_run(recorded.run)):
        begun = f"from={recorded.run}" if recorded else "no run to go on from"
        raise UsageError(
            f"The run '{run}' was begun with {begun}, received {asked}.",
            "Leave --from out to go on with this run; leave --resume out to train a new one.",
        )
    base = open_base(recorded.run) if recorded else None
    if base is not None and base.table != recorded:
        raise RunError(
            f"The run '{base.name}' is not the one that '{run}' went on from.",
            f"Bring that one back, or remove this:  siam runs rm {run}",
        )
    return base


def fine_tuning_choice(
    base: Base, data: DataChoice, train: TrainChoice, asked: Mapping[str, Any]
) -> TrainChoice:
    """Return the way of training: the base's, with what the user asked for.

    Args:
        base: what is gone on from.
        data, train: what the user named, completed by defaults.
        asked: what the user named of `train`.

    Raises:
        UsageError: something asked for is not what the base is made of.
    """
    config = base.config
    if config.tower is not None:
        config = dataclasses.replace(
            config, recipe=dataclasses.replace(config.recipe, tower=PRETRAINED)
        )
        refuse_minutes(train)
    for key, recorded, value in find_changes(config, data, asked):
        if key in SHAPE:
            raise UsageError(
                f"The run '{base.name}' was trained with {recorded}, received {value}.",
                f"Leave {option_of(key)} out to go on from this run; leave --from out to train "
                "from nothing.",
            )
    held = sorted(set(data.holdout_classes) & set(config.classes))
    if held:
        raise UsageError(
            f"The run '{base.name}' was trained on the class {held[0]!r}, which --holdout-classes "
            "names.",
            "Hold out others, or leave --from out.",
        )
    # How long and how fast is asked for this training alone: the next one goes by the preset's.
    once = {"epochs", "learning_rate"}
    given = {key: value for key, value in asked.get("overrides", {}).items() if key not in once}
    kept = {key: value for key, value in config.train.overrides.items() if key != "epochs"}
    overrides = {**kept, **given}
    return msgspec.structs.replace(
        config.train, **{"minutes": None, **asked, "overrides": overrides}
    )


def fine_tuning_recipe(
    base: Base, train: TrainChoice, dataset: Dataset, asked: Mapping[str, Any]
) -> Recipe:
    """Return the base's recipe, shortened, with what the user asked for.

    Args:
        base: what is gone on from.
        train: what `fine_tuning_choice` returned.
        dataset: old and new pictures.
        asked: as for `fine_tuning_choice`.
    """
    anew = recipe_for(train, dataset)
    recipe = dataclasses.replace(
        base.config.recipe,
        epochs=anew.epochs,
        plateau_after=anew.plateau_after,
        learning_rate=anew.learning_rate,
        precision="auto",
        tower=PRETRAINED if base.config.tower else base.config.recipe.tower,
    )
    values = {key: value for key, value in asked.get("overrides", {}).items() if key not in SHAPE}
    return change_recipe(shorten(recipe), values)


def shorten(recipe: Recipe) -> Recipe:
    """Return the recipe of a training that goes on from weights: fewer epochs, a lower rate."""
    return dataclasses.replace(
        recipe,
        epochs=math.ceil(recipe.epochs * EPOCHS),
        plateau_after=math.ceil(recipe.plateau_after * EPOCHS),
        learning_rate=recipe.learning_rate * RATE,
    )
