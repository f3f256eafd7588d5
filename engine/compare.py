"""Train Keras' three styles and the Siamese network on equal terms, and judge them alike."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from siam.atomic import write_text
from siam.engine.comparison.cold_start import cold_start_seconds
from siam.engine.comparison.contest import Contest, draw_contest, judge
from siam.engine.comparison.contestants import (
    BASELINES,
    SIAMESE,
    STYLES,
    train_baseline,
    train_siamese,
)
from siam.engine.comparison.figures import (
    PAGE_FILE,
    Comparison,
    Contestant,
    comparisons_folder,
    publish,
)
from siam.engine.comparison.page import render_comparison
from siam.engine.comparison.verdict import verdict
from siam.engine.training_plan import Notice, read_dataset
from siam.errors import RunError, UsageError, need_packages
from siam.pictures.preparation import Preparation
from siam.progress import Progress, silent
from siam.recipe import Recipe, change_recipe
from siam.runs.config import DataChoice, TrainChoice
from siam.runs.lifecycle import hold_run
from siam.training.native_logs import quiet_native_logs

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = ["compare"]

# Enough for the large data sets to show their differences, and for a small one to be learnt.
LEAST_EPOCHS = 3
LEAST_STEPS = 150
# Share of the classes held out where the user names none; of fewer than 5 classes, none.
HELD_OUT = 0.2
# Values of the recipe that the classifiers' training follows too; and every "augment.".
SHARED = frozenset(
    [
        "epochs",
        "dim",
        "classes_per_batch",
        "pictures_per_class",
        "clean_epochs",
        "precision",
        "optimizer",
        "learning_rate",
        "warm_up",
        "weight_decay",
    ]
)


def compare(
    data: DataChoice,
    *,
    only: Sequence[str] = (),
    epochs: int | None = None,
    overrides: Mapping[str, str] = MappingProxyType({}),
    hold_out: bool = True,
    seed: int = 0,
    progress: Progress = silent,
    notice: Notice = lambda _: None,
) -> tuple[Comparison, Path]:
    """Train, judge and keep the contestants.

    Args:
        data: which data set. Where it names no classes to hold out, the last fifth of them is.
        only: words of `siam.engine.comparison.contestants.STYLES`; the three baselines and the
            Siamese network when empty.
        epochs: passes over the training pictures; by default 3, and more for small data sets.
        overrides: recipe values by name, of those that all contestants follow.
        hold_out: False to train on every class.
        seed: fixes splits, initialisation, order, augmentation, pairs and resampling.
        progress: told of steps.
        notice: told in a sentence what the user should know.

    Returns:
        The comparison, and the folder it is kept in.

    Raises:
        DataError: the data set cannot be read.
        RunError: the runs folder cannot be written.
        UsageError: a word that is no contestant, or a value that not all of them follow.
        MissingExtraError: what training needs is not installed.
    """
    names = contestant_names(only)
    need_shared(overrides)
    need_packages("siam compare", "train", "keras", "sklearn", "matplotlib", "jinja2")
    dataset = with_unseen(data, hold_out, seed, progress, notice)
    with quiet_native_logs(progress):
        from siam.siamese.recipe_check import check_recipe
        from siam.siamese.step_time import measure_step
        from siam.training.precision import resolve_precision
    recipe = change_recipe(equal_terms(dataset, epochs), overrides)
    check_recipe(recipe)
    shape, classes = dataset.picture_shape, len(dataset.classes)
    measure = partial(measure_step, input_shape=shape, classes=classes)
    recipe, _ = resolve_precision(recipe, measure)
    contest = draw_contest(dataset, seed=seed)
    with making() as folder:
        contestants = []
        for name in names:
            notice(f"Training {name} ...")
            train = train_siamese if name == SIAMESE else train_baseline
            trained = train(name, dataset, recipe, seed, folder, progress)
            progress(f"Judging {name}", 0, 0)
            scores = judge(trained.answer, contest)
            seconds = cold_start_seconds(trained.file, dataset.picture_shape)
            contestants.append(
                Contestant(**vars(trained), scores=scores, cold_start_seconds=seconds)
            )
            shutil.rmtree(folder / "training", ignore_errors=True)
        height, width, channels = dataset.picture_shape
        progress("Writing the page", 0, 0)
        comparison = Comparison(
            dataset=dataset.name,
            classes=dataset.classes,
            unseen_classes=dataset.unseen_classes,
            preparation=Preparation(dataset.prepare, (height, width), channels),
            pictures=counts(dataset, contest),
            terms=terms(recipe, seed),
            contestants=tuple(contestants),
            verdict=verdict(contestants, dataset.unseen_classes, seed=seed),
        )
        write_text(folder / PAGE_FILE, render_comparison(comparison))
        return comparison, publish(comparison, folder, plain_name(dataset.name))


def contestant_names(only: Sequence[str]) -> tuple[str, ...]:
    """Return the contestants, in the order of `STYLES`."""
    for name in only:
        if name not in STYLES:
            raise UsageError(f"--only takes {', '.join(STYLES)}, received {name!r}.")
    return tuple(name for name in STYLES if name in (only or (*BASELINES, SIAMESE)))


def need_shared(overrides: Mapping[str, str]) -> None:
    """Refuse a value of the recipe that only the Siamese network would follow."""
    for name, value in overrides.items():
        if name not in SHARED and not name.startswith("augment."):
            raise UsageError(
                f"A comparison is on equal terms: not every contestant follows {name}={value}.",
                f"Choose one of: {', '.join(sorted(SHARED))}, augment.*",
            )


def with_unseen(
    data: DataChoice, hold_out: bool, seed: int, progress: Progress, notice: Notice
) -> Dataset:
    """Load the data set with some classes held out, unless there are too few or none is wanted."""
    from siam.datasets.holdout import hold_out as move_out

    progress("Reading the data set", 0, 0)
    dataset = read_dataset(data, TrainChoice(seed=seed), progress, notice)
    count = int(len(dataset.classes) * HELD_OUT)
    if not hold_out or data.holdout_classes or count < 1:
        return dataset
    return move_out(dataset, dataset.classes[-max(2, count) :])


def equal_terms(dataset: Dataset, epochs: int | None) -> Recipe:
    """Return the recipe for every contestant: the balanced preset, shortened.

    What the classifiers' training does not have (turned classes, averaged views, more of
    the hardest pictures) stays out.
    """
    from siam.siamese.presets import PRESETS

    recipe = dataclasses.replace(
        PRESETS["balanced"],
        tower="small",
        hard_example_share=1.0,
        quarter_turns=False,
        test_time_views=1,
    )
    per_batch = min(recipe.classes_per_batch, len(dataset.classes))
    steps = max(1, len(dataset.train) // (per_batch * recipe.pictures_per_class))
    enough = max(LEAST_EPOCHS, math.ceil(LEAST_STEPS / steps))
    return dataclasses.replace(recipe, classes_per_batch=per_batch, epochs=epochs or enough)


@contextlib.contextmanager
def making() -> Iterator[Path]:
    """Yield a folder that a comparison grows in, and those of comparisons that were killed go."""
    folder = comparisons_folder() / f".making-{os.getpid()}"
    with contextlib.ExitStack() as held:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            for other in folder.parent.glob(".making-*"):
                with contextlib.suppress(RunError), hold_run(other):
                    shutil.rmtree(other)
            held.enter_context(hold_run(folder))
            folder.mkdir()
        except OSError as error:
            raise RunError(
                f"{folder.parent.absolute()} cannot be written ({error.strerror}).",
                "Set SIAM_RUNS to a folder that can, or change the rights.",
            ) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def counts(dataset: Dataset, contest: Contest) -> dict[str, int]:
    """Return how many pictures each part holds."""
    return {
        "train": len(dataset.train),
        "validation": len(dataset.validation),
        "test": len(contest.test),
        "shown": len(contest.support) if contest.support else 0,
        "asked": len(contest.queries) if contest.queries else 0,
    }


def terms(recipe: Recipe, seed: int) -> dict[str, Any]:
    """Return what all contestants shared."""
    with quiet_native_logs():
        from siam.training.device import detect_device

        device = detect_device()
    return {
        "seed": seed,
        "epochs": recipe.epochs,
        "batch": recipe.classes_per_batch * recipe.pictures_per_class,
        "precision": recipe.precision,
        "backend": device.backend,
        "device": device.name,
    }


def plain_name(name: str) -> str:
    """Return a data set's name as that of a folder."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return plain or "dataset"
