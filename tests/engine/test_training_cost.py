"""How long a training takes, told from a step's time, against a count by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine.training_cost import (
    HEAD_SECONDS,
    TUNING,
    recipe_for,
    step_work,
    tell_cost,
    tell_memory,
    training_seconds,
)
from siam.pictures.preparation import Preparation
from siam.progress import duration
from siam.recipe import Recipe
from siam.runs.config import BaseTable, DataChoice, RunConfig, TrainChoice
from siam.training.precision import StepTime

HALF = StepTime(0.5, compiling=0.0)


def split_of(count: int) -> Split:
    """Pictures of ten classes."""
    return Split(
        np.zeros((count, 28, 28, 1), np.uint8), np.arange(count) % 10, tuple(map(str, range(count)))
    )


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Six thousand digits."""
    return Dataset(
        name="digits",
        source="",
        train=split_of(5_200),
        validation=split_of(780),
        test=split_of(10),
        classes=tuple("0123456789"),
        prepare="digit",
    )


def config_of(preset: str, dataset: Dataset) -> RunConfig:
    """The configuration of a run on it."""
    train = TrainChoice(preset=preset)  # type: ignore[arg-type]
    return RunConfig(
        data=DataChoice(),
        train=train,
        recipe=recipe_for(train, dataset),
        name="digits",
        source="",
        fingerprint="",
        classes=dataset.classes,
        groups=(),
        preparation=Preparation("digit", (28, 28), 1),
    )


def test_an_epoch_is_its_steps_and_its_validation(dataset: Dataset) -> None:
    # 20 steps of 260, and 780 pictures forward, which are a step's worth.
    recipe = Recipe(epochs=4)
    seconds = training_seconds(recipe, HALF, dataset)
    assert seconds == pytest.approx(4 * (20 + 1) * 0.5)


def test_the_hardest_are_looked_for_before_epochs_1_2_and_4(dataset: Dataset) -> None:
    dataset = dataclasses.replace(dataset, validation=split_of(0))
    recipe = Recipe(epochs=6, hard_example_share=0.35)
    more = training_seconds(recipe, HALF, dataset)
    assert more == pytest.approx((6 * 20 + 3 * 20 / 3) * 0.5)
    # Epochs 0 to 3 are distorted: before the fourth nothing is ranked any more.
    plain = dataclasses.replace(recipe, clean_epochs=1 / 3)
    less = training_seconds(plain, HALF, dataset)
    assert less == pytest.approx((6 * 20 + 2 * 20 / 3) * 0.5)


def test_what_is_to_be_compiled_beside_the_step_counts(dataset: Dataset) -> None:
    slow = training_seconds(Recipe(), StepTime(0.5, compiling=4.0), dataset)
    assert slow == pytest.approx(training_seconds(Recipe(), HALF, dataset) + 3 * 4.0)


def test_a_short_training_is_told_in_a_sentence(dataset: Dataset) -> None:
    config = config_of("balanced", dataset)
    recipe = dataclasses.replace(config.recipe, plateau_after=0)
    steps = f"{20 * recipe.epochs:,} steps of 0.05 s"
    config = dataclasses.replace(config, recipe=recipe)
    [told] = tell_cost(config, dataset, StepTime(0.05, 1.0), kind="cpu")
    assert told.endswith(f": {steps}.")
    few = dataclasses.replace(config, recipe=dataclasses.replace(recipe, plateau_after=5))
    [told] = tell_cost(few, dataset, StepTime(0.05, 1.0), kind="cpu")
    assert told.endswith(f": {steps}, fewer once validation gains nothing more.")


def test_a_long_one_names_lighter_presets_with_their_times(dataset: Dataset) -> None:
    config = config_of("best", dataset)
    step = StepTime(1.0, compiling=2.0)
    _, others = tell_cost(config, dataset, step, kind="cpu")
    unit = 1.0 / step_work(config.recipe, dataset)
    quick = recipe_for(TrainChoice(preset="quick"), dataset)
    faster = StepTime(unit * step_work(quick, dataset), compiling=2.0)
    expected = training_seconds(quick, faster, dataset)
    assert f"about {duration(expected)} with  --preset quick" in others
    assert others.endswith("with  --preset balanced")
    assert len(list(tell_cost(config, dataset, step, kind="gpu"))) == 1


def test_one_that_goes_on_from_a_run_names_no_other_preset(dataset: Dataset) -> None:
    base = BaseTable(run="digits-1", sha256="ab")
    config = dataclasses.replace(config_of("best", dataset), base=base)
    [told] = tell_cost(config, dataset, HALF, kind="cpu")
    assert told.startswith("About")


def test_features_of_a_backbone_and_its_head_are_in_the_time(dataset: Dataset) -> None:
    config = config_of("balanced", dataset)
    [told] = tell_cost(config, dataset, None, kind="cpu", feature_seconds=0.05)
    assert told.startswith(f"About {duration(0.05 * 5_980 + HEAD_SECONDS)}: ")
    assert told.endswith(" in 5,980 pictures, 0.05 s each.")
    [both, *_] = tell_cost(config, dataset, HALF, kind="cpu", feature_seconds=0.05)
    own = training_seconds(config.recipe, HALF, dataset)
    assert both.startswith(f"About {duration(own + 0.05 * 5_980 + HEAD_SECONDS)}: ")
    [more] = tell_cost(config, dataset, None, kind="cpu", feature_seconds=0.05, tuned=True)
    seconds = 0.05 * (5_980 + TUNING * len(dataset.train)) + HEAD_SECONDS
    assert more.startswith(f"About {duration(seconds)}: ")
    assert more.endswith("0.05 s each; its upper layers fine-tuned.")
    assert list(tell_cost(config, dataset, None, kind="cpu")) == []


def test_an_interrupted_one_is_told_what_is_left_and_no_other_preset(dataset: Dataset) -> None:
    config = config_of("best", dataset)
    [told] = tell_cost(config, dataset, HALF, kind="cpu", done=0.75)
    left = training_seconds(config.recipe, HALF, dataset) / 4
    assert told.startswith(
        f"About {duration(left)} left: {5 * config.recipe.epochs:,} steps of 0.5 s"
    )


def test_an_estimated_step_is_told_without_its_compiling(dataset: Dataset) -> None:
    [told, *_] = tell_cost(config_of("balanced", dataset), dataset, HALF, kind="cpu")
    assert told.endswith("; compiling aside.")


def test_work_grows_with_the_batch_and_the_ensemble(dataset: Dataset) -> None:
    small = step_work(Recipe(), dataset)
    assert step_work(Recipe(pictures_per_class=52), dataset) == 2 * small
    assert step_work(Recipe(ensemble_size=2, dim=128), dataset) == 2 * small


def test_the_peak_is_what_was_held_a_fifth_more_and_the_pictures_twice(dataset: Dataset) -> None:
    assert 2 * 5_990 * 28 * 28 == 9_392_320
    (told,) = tell_memory(dataset, 1_000_000_000)
    assert told == "About 1.2 GB of memory at its peak."
    assert list(tell_memory(dataset))[0].startswith("About ")
