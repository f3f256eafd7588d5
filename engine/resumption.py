"""Going on with an interrupted training: the plan that it was begun with, and how far it came."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from siam.engine.fine_tuning.base import reopen_base
from siam.engine.recipe_choice import epoch_steps
from siam.engine.recorded_choices import refuse_changes
from siam.engine.training_cost import recorded_step, time_step
from siam.engine.training_plan import (
    Notice,
    TrainingPlan,
    named_backbone,
    read_dataset,
    read_photos,
)
from siam.errors import RunError
from siam.progress import Progress
from siam.runs.config import DataChoice, load_config
from siam.runs.lifecycle import run_name
from siam.runs.runs_folder import interrupted_run
from siam.training.native_logs import quiet_native_logs
from siam.training.position import read_position

__all__ = ["plan_resumption"]


def plan_resumption(
    data: DataChoice,
    asked: Mapping[str, Any],
    name: str | None,
    progress: Progress,
    notice: Notice,
    *,
    from_run: str | None = None,
) -> TrainingPlan:
    """Find an interrupted run, and read its data set again, from `data.data_dir` where given."""
    folder = interrupted_run(name)
    config = load_config(folder)
    refuse_changes(run_name(folder), config, data, asked)
    if data.data_dir:
        moved = msgspec.structs.replace(config.data, data_dir=data.data_dir)
        config = dataclasses.replace(config, data=moved)
    anew = f"siam runs rm {run_name(folder)}"
    if config.retired:
        values = ", ".join(f"{name}={value}" for name, value in config.retired.items())
        raise RunError(
            f"The run '{run_name(folder)}' was begun with {values}, which siam has no longer.",
            f"Train it anew without, and remove this:  {anew}",
        )
    with quiet_native_logs(progress):
        from siam.siamese.recipe_check import check_recipe
    check_recipe(config.recipe)
    base = reopen_base(run_name(folder), config.base, from_run)
    backbone = base.backbone if base else named_backbone(config.train)
    dataset = read_dataset(config.data, config.train, progress, notice, base)
    if config.fingerprint != dataset.fingerprint:
        pictures = f"The data set {config.source}" + (f" and '{base.name}'" if base else "")
        raise RunError(
            f"{pictures} is not what it was when this run began.",
            f"Bring it back, or start anew and remove this:  {anew}",
        )
    backbone, photos = read_photos(config, dataset, backbone, progress, notice)
    position, steps = read_position(folder), epoch_steps(config.recipe, len(dataset.train))
    return TrainingPlan(
        folder,
        config,
        dataset,
        step=recorded_step(config) or time_step(config.recipe, dataset, progress),
        done=(position.epoch + position.step / steps) / config.recipe.epochs,
        backbone=backbone,
        photos=photos,
        base=base,
    )
