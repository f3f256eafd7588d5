"""What a training costs in time, from the seconds of one step, and what fits into a given time."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from siam.engine.recipe_choice import choose_recipe, epoch_steps
from siam.errors import UsageError
from siam.progress import Progress, duration, silent
from siam.recipe import PRESET_NAMES, PRETRAINED, Preset, Recipe
from siam.runs.config import RunConfig, TrainChoice

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset
    from siam.training.precision import StepTime

__all__ = [
    "fit_minutes",
    "preset_recipes",
    "recipe_for",
    "recorded_step",
    "refuse_minutes",
    "step_work",
    "tell_cost",
    "tell_memory",
    "time_step",
    "training_seconds",
    "was_measured_here",
]

# A picture that only passes forward, as in validation, takes this share of one that is learned.
FORWARD = 1 / 3
# The optimizer, validation and the ranking are compiled too, which the timed step does without.
COMPILING = 3
# A head's 300 steps on rows of numbers, compiling included: 16 s of processor time on two cores.
# Fine-tuning the upper layers of a backbone: passes through it that a picture takes as long as.
HEAD_SECONDS, TUNING = 10.0, 1.3
# Of what a process holds that has taken a step: so much does it hold at its peak, and twice the
# pictures, which are shuffled, and embedded at the end.
PEAK, COPIES = 1.2, 2
# Seconds of training from which on lighter presets are named.
LONG = 120
# Share of the time that is planned for; the rest is for steps slower than those that were timed.
PLANNED = 0.9
# A preset is taken in this share of its own epochs or more, before a lighter one is in all of its.
LEAST_SHARE = 0.5
# What a preset's epochs are multiplied by at most; more were not tried.
MOST = 2


def training_seconds(recipe: Recipe, step: StepTime, dataset: Dataset) -> float:
    """Return the seconds of all epochs: their steps, validation, the rankings of the hardest.

    Args:
        recipe: what is trained by.
        step: what a step takes here.
        dataset: what is trained on.
    """
    pictures, validation = len(dataset.train), len(dataset.validation)
    steps = epoch_steps(recipe, pictures) * recipe.epochs
    batch = recipe.classes_per_batch * recipe.pictures_per_class
    passed = validation * recipe.epochs
    if recipe.hard_example_share < 1 and recipe.augmented_epochs > 1:
        # Before epochs 1, 2, 4, 8 ..., counted from 0.
        passed += pictures * (1 + int(math.log2(recipe.augmented_epochs - 1)))
    return COMPILING * step.compiling + step.seconds * (steps + FORWARD * passed / batch)


def tell_cost(
    config: RunConfig,
    dataset: Dataset,
    step: StepTime | None,
    *,
    kind: str,
    feature_seconds: float | None = None,
    tuned: bool = False,
    done: float | None = None,
) -> Iterator[str]:
    """Yield in a sentence how long a training takes, and which preset would take how long.

    Args:
        config: what is trained by.
        dataset: what is trained on.
        step: what a step takes here; None = none is taken, or it was not measured.
        kind: "cpu" or "gpu"; on a CPU lighter presets are named where it takes long.
        feature_seconds: what a backbone takes for a picture here; None = none, or not measured.
        tuned: whether the backbone's upper layers are fine-tuned.
        done: the share of the epochs that an interrupted one has behind it; None = a new one.
    """
    recipe = config.recipe
    seconds, parts = 0.0, list[str]()
    if step is not None:
        left = 1 - (done or 0)
        seconds += left * training_seconds(recipe, step, dataset)
        steps = round(left * epoch_steps(recipe, len(dataset.train)) * recipe.epochs)
        fewer = ", fewer once validation gains nothing more" if recipe.plateau_after else ""
        parts.append(f"{steps:,} steps of {step.seconds:.2g} s{fewer}")
        if not step.compiling:
            parts.append("compiling aside")
    if feature_seconds is not None:
        pictures = len(dataset.train) + len(dataset.validation)
        passes = pictures + TUNING * len(dataset.train) * tuned
        seconds += HEAD_SECONDS + feature_seconds * passes
        parts.append(
            f"what the backbone sees in {pictures:,} pictures, {feature_seconds:.2g} s each"
            + "; its upper layers fine-tuned" * tuned
        )
    if parts:
        yield f"About {duration(seconds)}{' left' * (done is not None)}: {'; '.join(parts)}."
    if step is None or done is not None or config.base is not None:  # what stands keeps its preset
        return
    lighter = PRESET_NAMES[: PRESET_NAMES.index(config.train.preset)]
    if kind == "cpu" and seconds > LONG and lighter:
        unit = step.seconds / step_work(recipe, dataset)
        others = []
        for preset in lighter:
            other = recipe_for(msgspec.structs.replace(config.train, preset=preset), dataset)
            faster = dataclasses.replace(step, seconds=unit * step_work(other, dataset))
            other_seconds = training_seconds(other, faster, dataset)
            others.append(f"about {duration(other_seconds)} with  --preset {preset}")
        yield f"It would take {', '.join(others)}"


def was_measured_here(config: RunConfig) -> bool:
    """Tell whether what a run keeps of a step's time was measured on what computes here."""
    from siam.training.device import detect_device

    measured, device = config.precision, detect_device()
    return measured is not None and (measured.device, measured.backend) == (
        device.name,
        device.backend,
    )


def recorded_step(config: RunConfig) -> StepTime | None:
    """Return what a step took when a run was begun; None where that was not here."""
    from siam.training.precision import StepTime

    if config.precision is None or not was_measured_here(config):
        return None
    seconds = config.precision.seconds.get(config.recipe.precision)
    return None if seconds is None else StepTime(seconds, 0.0)


def time_step(recipe: Recipe, dataset: Dataset, progress: Progress = silent) -> StepTime | None:
    """Return what a step takes here: measured, or estimated where it is compiled as a whole.

    For a look, to compile it would take too long; its `compiling` is then 0.

    Args:
        recipe: what is trained by, its precision not "auto".
        dataset: what is trained on.
        progress: told what is timed.

    Returns:
        None for a pretrained tower, whose features take the time, and on a GPU that compiles.
    """
    from siam.siamese.step_time import estimate_step, measure_step
    from siam.training.device import compile_steps, detect_device
    from siam.training.precision import StepTime

    shape, classes = dataset.picture_shape, len(dataset.classes)
    if recipe.tower == PRETRAINED:
        return None
    if not compile_steps():
        progress(f"Timing a step in {recipe.precision}", 0, 0)
        return measure_step(recipe, input_shape=shape, classes=classes)
    if detect_device().kind != "cpu":
        return None
    progress("Timing a convolution", 0, 0)
    return StepTime(estimate_step(recipe, input_shape=shape, classes=classes), 0.0)


def tell_memory(dataset: Dataset, held: int | None = None) -> Iterator[str]:
    """Yield in a sentence what memory a training will hold at its peak, where that is known.

    Args:
        dataset: what is trained on.
        held: bytes that the process has held at most, a step or the backbone timed; None = as the
            system counts them, and nothing is said where it does not.
    """
    if held is None:
        try:
            import resource
        except ImportError:  # Windows
            return
        unit = 1 if sys.platform == "darwin" else 1024
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    splits = (dataset.train, dataset.validation, dataset.test)
    pictures = sum(split.pictures.nbytes for split in splits)
    yield f"About {(PEAK * held + COPIES * pictures) / 1e9:.1f} GB of memory at its peak."


def recipe_for(train: TrainChoice, dataset: Dataset) -> Recipe:
    """Return the recipe that a way of training becomes for a data set."""
    return choose_recipe(
        train,
        len(dataset.train),
        classes=len(dataset.classes),
        chain=dataset.prepare,
        unseen=dataset.unseen is not None,
    )


def step_work(recipe: Recipe, dataset: Dataset) -> int:
    """Return the multiply-adds of a step, one way through the tower."""
    from siam.siamese.step_time import batch_pictures, multiply_adds

    count = batch_pictures(recipe, len(dataset.classes))
    return count * multiply_adds(recipe, input_shape=dataset.picture_shape)


def preset_recipes(
    train: TrainChoice, presets: Sequence[Preset], dataset: Dataset, precision: str
) -> list[tuple[TrainChoice, Recipe]]:
    """Return the way of training and the recipe that each preset makes of a data set.

    Args:
        train: how to train, its preset aside.
        presets: the lightest first; one that what was asked for does not fit is left out.
        dataset: what is trained on.
        precision: what every recipe computes in.
    """
    from siam.siamese.recipe_check import check_recipe

    recipes = []
    for preset in presets:
        choice = msgspec.structs.replace(train, preset=preset)
        recipe = dataclasses.replace(recipe_for(choice, dataset), precision=precision)
        with contextlib.suppress(UsageError):  # "best" wants a dim that three members can share
            check_recipe(recipe)
            recipes.append((choice, recipe))
    return recipes


def refuse_minutes(train: TrainChoice) -> None:
    """Refuse a time for a pretrained tower, whose steps are not what it takes.

    Raises:
        UsageError: there is one.
    """
    if train.minutes:
        raise UsageError(
            f"--minutes fits siam's own towers alone, received {train.minutes:g}.",
            "Leave --minutes out.",
        )


def fit_minutes(
    minutes: float,
    recipes: Sequence[tuple[TrainChoice, Recipe]],
    dataset: Dataset,
    measure: Callable[[Recipe], StepTime],
) -> tuple[TrainChoice, Recipe, StepTime]:
    """Return the way of training and the recipe that suit a time, and its step's time.

    Args:
        minutes: that it may take.
        recipes: those that may be taken, the lightest first; their epochs are chosen here.
        dataset: what is trained on.
        measure: what a training step takes by a recipe.

    Raises:
        UsageError: the time is too short for one epoch.
    """
    choice, recipe = recipes[0]
    step = measure(recipe)
    unit = step.seconds / step_work(recipe, dataset)
    budget = 60 * minutes * PLANNED
    for stronger, other in recipes[:0:-1]:
        guess = dataclasses.replace(step, seconds=unit * step_work(other, dataset))
        if fitting_epochs(other, guess, budget, dataset) >= LEAST_SHARE * other.epochs:
            choice, recipe, step = stronger, other, measure(other)
            break
    epochs = fitting_epochs(recipe, step, budget, dataset)
    if epochs < 1:
        one = dataclasses.replace(recipe, epochs=1)
        needed = training_seconds(one, step, dataset) / PLANNED
        raise UsageError(
            f"--minutes {minutes:g} is too short for an epoch of {choice.preset}, which "
            f"takes about {duration(needed)}.",
            f"Give it  --minutes {math.ceil(needed / 60)}"
            + ("" if choice.preset == PRESET_NAMES[0] else f"  or  --preset {PRESET_NAMES[0]}"),
        )
    return choice, dataclasses.replace(recipe, epochs=epochs), step


def fitting_epochs(recipe: Recipe, step: StepTime, budget: float, dataset: Dataset) -> int:
    """Return how many epochs fit into a budget of seconds, twice the recipe's own at most."""
    for epochs in range(MOST * recipe.epochs, 0, -1):
        if training_seconds(dataclasses.replace(recipe, epochs=epochs), step, dataset) <= budget:
            return epochs
    return 0
