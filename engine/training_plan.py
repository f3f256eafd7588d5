"""What a training is to do, and where: a new run from its choices, or an interrupted one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siam.datasets.load import load_dataset
from siam.engine.recipe_choice import choose_recipe
from siam.errors import RunError
from siam.progress import Progress
from siam.runs.config import DataChoice, RunConfig, TrainChoice, load_config, new_config
from siam.runs.lifecycle import begin_run, run_name
from siam.runs.runs_folder import free_name, interrupted_run, runs_folder
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["Notice", "TrainingPlan", "plan_training", "plan_resumption"]

Notice = Callable[[str], None]


@dataclass(frozen=True)
class TrainingPlan:
    """What is to be trained, and where.

    Attributes:
        folder: of the run in the making.
        config: what it is trained by.
        dataset: what it is trained on.
    """

    folder: Path
    config: RunConfig
    dataset: Dataset


def plan_training(
    data: DataChoice, train: TrainChoice, name: str | None, progress: Progress, notice: Notice
) -> TrainingPlan:
    """Read the data set, settle the recipe, and make the folder of a new run."""
    dataset = read_dataset(data, train, progress, notice)
    recipe = choose_recipe(
        train, len(dataset.train), classes=len(dataset.classes), chain=dataset.prepare
    )
    with quiet_native_logs(progress):
        from siam.siamese.recipe_check import check_recipe
        from siam.training.precision import resolve_precision
    check_recipe(recipe)
    config = new_config(dataset, data, train, resolve_precision(recipe))
    folder = begin_run(runs_folder() / free_name(name, dataset.name))
    return TrainingPlan(folder, config, dataset)


def plan_resumption(name: str | None, progress: Progress, notice: Notice) -> TrainingPlan:
    """Find an interrupted run, and read its data set again."""
    folder = interrupted_run(name)
    config = load_config(folder)
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
    dataset = read_dataset(config.data, config.train, progress, notice)
    if config.fingerprint != dataset.fingerprint:
        raise RunError(
            f"The data set {config.source} is not what it was when this run began.",
            f"Bring it back, or start anew and remove this:  {anew}",
        )
    return TrainingPlan(folder, config, dataset)


def read_dataset(
    data: DataChoice, train: TrainChoice, progress: Progress, notice: Notice
) -> Dataset:
    """Read a data set; say which files could not be: the first few by name, the rest by number."""
    progress("Reading the data set", 0, 0)
    dataset = load_dataset(
        data.dataset,
        data_dir=Path(data.data_dir) if data.data_dir else None,
        seed=train.seed,
        size=data.size,
        classes_from=data.classes_from,
        holdout_classes=data.holdout_classes,
        prepare=data.prepare,
        progress=progress,
        notice=notice,
    )
    for skipped in dataset.skipped[:3]:
        notice(f"Skipped {skipped.path}: {skipped.reason}")
    if len(dataset.skipped) > 3:
        notice(f"Skipped {len(dataset.skipped)} files in all.")
    return dataset
