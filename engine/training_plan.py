"""What a training is to do, and where: a new run from its choices, or an interrupted one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from siam.datasets.load import load_dataset
from siam.engine.fine_tuning.base import (
    Base,
    fine_tuning_choice,
    fine_tuning_recipe,
    open_base,
)
from siam.engine.fine_tuning.old_pictures import join_old_pictures
from siam.engine.training_cost import (
    fit_minutes,
    preset_recipes,
    recipe_for,
    refuse_minutes,
    time_step,
)
from siam.errors import DataError, UsageError
from siam.progress import Progress
from siam.recipe import PRESET_NAMES, PRETRAINED, Recipe
from siam.runs.config import (
    DataChoice,
    MeasuredPrecision,
    RunConfig,
    TrainChoice,
    new_config,
)
from siam.runs.lifecycle import begin_run, refuse_place
from siam.runs.runs_folder import free_name, runs_folder
from siam.training.native_logs import quiet_native_logs
from siam.training.processes import process

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.siamese.backbone import Backbone
    from siam.training.precision import StepTime

__all__ = [
    "Notice",
    "TrainingPlan",
    "named_backbone",
    "plan_training",
    "read_dataset",
    "read_photos",
]

Notice = Callable[[str], None]
# Of pictures in the backbone's size, held beside those in the own tower's.
MOST_PHOTO_BYTES = 4 * 2**30


@dataclass(frozen=True)
class TrainingPlan:
    """What is to be trained, and where.

    Attributes:
        folder: of the run in the making.
        config: what it is trained by.
        dataset: what it is trained on.
        step: what a step takes here, where it was measured; where it would be compiled as a whole
            it is estimated, and its `compiling` is 0.
        done: the share of the epochs that an interrupted training has behind it; None = a new one.
        backbone: what a pretrained tower begins with; None where there is to be no such tower.
        photos: the data set in the backbone's size; `dataset` itself where siam's own tower is not
            to be trained beside it.
        feature_seconds: what the backbone takes for a picture here, where it was measured.
        base: the run whose weights it goes on from; None = it is trained from nothing.
    """

    folder: Path
    config: RunConfig
    dataset: Dataset
    step: StepTime | None = None
    done: float | None = None
    backbone: Backbone | None = None
    photos: Dataset | None = None
    feature_seconds: float | None = None
    base: Base | None = None


def plan_training(
    data: DataChoice,
    train: TrainChoice,
    asked: Mapping[str, Any],
    name: str | None,
    progress: Progress,
    notice: Notice,
    *,
    from_run: str | None = None,
) -> TrainingPlan:
    """Read the data set, settle the recipe, and make the folder of a new run."""
    refuse_place(runs_folder() / free_name(name, "run"))  # before minutes of reading and timing
    base = open_base(from_run) if from_run else None
    if base is not None:
        train = fine_tuning_choice(base, data, train, asked)
    backbone = base.backbone if base else named_backbone(train)
    if backbone is not None and base is None:
        refuse_minutes(train)
        if data.size not in (None, backbone.side):
            raise UsageError(
                f"The pretrained tower {backbone.name} takes pictures of {backbone.side} pixels a "
                f"side, received --size {data.size}.",
                "Leave --size out.",
            )
        data = msgspec.structs.replace(data, size=backbone.side)
    dataset = read_dataset(data, train, progress, notice, base)
    if base is not None:
        recipe = fine_tuning_recipe(base, train, dataset, asked)
    else:
        recipe = recipe_for(train, dataset)
    with quiet_native_logs(progress):
        from siam.siamese.recipe_check import check_recipe
        from siam.siamese.step_time import batch_pictures, measure_step
        from siam.training.device import detect_device
        from siam.training.precision import resolve_precision
        from siam.training.process_shard import refuse_uneven
    check_recipe(recipe)
    if recipe.tower == PRETRAINED:  # its head is too small to be faster in another precision
        recipe = dataclasses.replace(recipe, precision="float32")
    shape, classes = dataset.picture_shape, len(dataset.classes)

    def measure(recipe: Recipe, limit: float = float("inf")) -> StepTime:
        progress(f"Timing a step in {recipe.precision}", 0, 0)
        return measure_step(recipe, limit, input_shape=shape, classes=classes)

    recipe, times = resolve_precision(recipe, measure)
    device = detect_device()
    if train.minutes:
        presets = (train.preset,) if "preset" in asked else PRESET_NAMES
        recipes = (
            [(train, recipe)] if base else preset_recipes(train, presets, dataset, recipe.precision)
        )
        train, recipe, fitted = fit_minutes(train.minutes, recipes, dataset, measure)
        times[recipe.precision] = fitted
        notice(
            f"Within {train.minutes:g} minutes: preset {train.preset}, "
            f"{recipe.epochs} epoch{'s' * (recipe.epochs > 1)}."
        )
    step = times.get(recipe.precision) or time_step(recipe, dataset, progress)
    if step is not None and step.compiling:  # it was measured
        times[recipe.precision] = step
    seconds = {precision: round(time.seconds, 4) for precision, time in times.items()}
    measured = MeasuredPrecision(device=device.name, backend=device.backend, seconds=seconds)
    config = new_config(dataset, data, train, recipe, measured if times else None)
    if base is not None:  # a data set that nobody named is the base's index, however it is called
        own = msgspec.structs.replace(config.data, dataset=data.dataset and config.data.dataset)
        config = dataclasses.replace(config, data=own, tower=base.config.tower, base=base.table)
    for shown in (recipe, dataclasses.replace(recipe, outlier_share=0.0, quarter_turns=False)):
        refuse_uneven(batch_pictures(shown, classes))  # in training, and in validation
    backbone, photos = read_photos(config, dataset, backbone, progress, notice)
    folder = begin_run(runs_folder() / free_name(name, dataset.name))
    features = None
    if backbone is not None:
        from siam.siamese.backbone_features import time_features

        progress(f"Timing {backbone.name}", 0, 0)
        features = time_features(backbone)
    return TrainingPlan(folder, config, dataset, step, None, backbone, photos, features, base)


def named_backbone(train: TrainChoice) -> Backbone | None:
    """Load the backbone where a pretrained tower was asked for by name."""
    if train.overrides.get("tower") != PRETRAINED:
        return None
    with quiet_native_logs():
        from siam.siamese.backbone import load_backbone
    return load_backbone(Path(train.weights) if train.weights else None)


def read_photos(
    config: RunConfig,
    dataset: Dataset,
    backbone: Backbone | None,
    progress: Progress,
    notice: Notice,
) -> tuple[Backbone | None, Dataset | None]:
    """Return the backbone and the data set in its size, where a pretrained tower is to be tried.

    That is where one was named, and, as long as no tower, size or time was, for square photos
    where a backbone is at hand: nothing is downloaded unasked.
    """
    if backbone is not None:
        return backbone, dataset
    data, train = config.data, config.train
    if config.base is not None or process()[1] > 1:
        return None, None
    named = data.size or train.minutes or "tower" in train.overrides
    height, width, _ = dataset.picture_shape
    if dataset.prepare != "photo" or height != width or named:
        return None, None
    from siam.siamese.backbone import backbone_at_hand, load_backbone

    weights = Path(train.weights) if train.weights else None
    if not backbone_at_hand(weights):
        notice(
            "On photos of things a tower pretrained on ImageNet is far better than siam's own: "
            "--tower pretrained downloads one, once (24 MB), and --weights names a file."
        )
        return None, None
    try:
        backbone = load_backbone(weights)
    except DataError as error:
        if weights is not None:  # that was named, and is never replaced
            raise
        notice(f"{error.problem} So siam's own tower is trained alone.")
        return None, None
    pictures = len(dataset.train) + len(dataset.validation) + len(dataset.test)
    if pictures * backbone.side**2 * 3 > MOST_PHOTO_BYTES:
        notice(
            f"{pictures:,} pictures of {backbone.side} pixels a side are too many to try a "
            "pretrained tower beside siam's own: --tower pretrained trains it all the same."
        )
        return None, None
    notice(
        f"The pretrained tower {backbone.name} is tried too, on the same pictures at "
        f"{backbone.side} x {backbone.side}."
    )
    sized = msgspec.structs.replace(data, size=backbone.side, prepare=dataset.prepare)
    return backbone, read_dataset(sized, train, progress, lambda _: None)


def read_dataset(
    data: DataChoice,
    train: TrainChoice,
    progress: Progress,
    notice: Notice,
    base: Base | None = None,
) -> Dataset:
    """Read a data set, joined with a base's pictures; say which files could not be, and why."""
    progress("Reading the data set", 0, 0)
    if base is not None and data.dataset is None:
        return join_old_pictures(None, base, train.seed, progress, notice)
    as_before = base.config.preparation if base else None
    dataset = load_dataset(
        data.dataset,
        data_dir=Path(data.data_dir) if data.data_dir else None,
        seed=train.seed,
        size=as_before.size if as_before else data.size,
        classes_from=data.classes_from,
        holdout_classes=data.holdout_classes,
        prepare=as_before.chain if as_before else data.prepare,
        whole=base is None,
        progress=progress,
        notice=notice,
    )
    for skipped in dataset.skipped[:3]:
        notice(f"Skipped {skipped.path}: {skipped.reason}")
    if base is not None:
        return join_old_pictures(dataset, base, train.seed, progress, notice)
    return dataset
