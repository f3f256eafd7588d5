"""What is trained in a given time, on a machine whose steps take what the test says."""

from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine.training_cost import (
    fit_minutes,
    preset_recipes,
    recipe_for,
    step_work,
    training_seconds,
)
from siam.errors import UsageError
from siam.recipe import PRESET_NAMES, Preset, Recipe
from siam.runs.config import TrainChoice
from siam.training.precision import StepTime

SIZES = {"pictures": 50_000, "validation": 5_000}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """As many pictures of as many classes as MNIST has; their pixels are never looked at."""
    train, validation = (
        Split(np.zeros((count, 28, 28, 1), np.uint8), np.arange(count) % 10, ("",) * count)
        for count in SIZES.values()
    )
    return Dataset("mnist", "", tuple("0123456789"), train, validation, validation, "digit")


def fit(
    dataset: Dataset, minutes: float, presets: tuple[Preset, ...] = PRESET_NAMES, **choice: object
) -> tuple[TrainChoice, Recipe, float]:
    """Fit on a machine of 100 GFLOP/s; return the seconds that the training takes there, too."""

    def measure(recipe: Recipe) -> StepTime:
        return StepTime(6 * step_work(recipe, dataset) / 1e11, compiling=1.0)

    train = TrainChoice(minutes=minutes, **choice)  # type: ignore[arg-type]
    recipes = preset_recipes(train, presets, dataset, "float32")
    chosen, recipe, step = fit_minutes(minutes, recipes, dataset, measure)
    assert step == measure(recipe)
    return chosen, recipe, training_seconds(recipe, step, dataset)


@pytest.mark.parametrize(
    ("minutes", "preset"), [(0.5, "quick"), (2, "balanced"), (9, "balanced"), (30, "best")]
)
def test_the_strongest_preset_that_fits_fills_the_time(
    dataset: Dataset, minutes: float, preset: str
) -> None:
    chosen, recipe, seconds = fit(dataset, minutes)
    assert (chosen.preset, chosen.minutes, recipe.precision) == (preset, minutes, "float32")
    most = 2 * recipe_for(TrainChoice(preset=chosen.preset), dataset).epochs
    assert seconds <= 60 * minutes
    assert recipe.epochs == most or seconds > 0.6 * 60 * minutes


def test_a_preset_that_is_named_stays(dataset: Dataset) -> None:
    chosen, recipe, seconds = fit(dataset, 5, ("best",), preset="best")
    assert (chosen.preset, recipe.tower) == ("best", "wide")
    assert 1 <= recipe.epochs < 12 and seconds < 300


def test_an_override_that_a_preset_cannot_follow_leaves_it_out(dataset: Dataset) -> None:
    chosen, recipe, _ = fit(dataset, 60, overrides={"dim": "64"})
    assert (chosen.preset, recipe.dim) == ("balanced", 64)


@pytest.mark.parametrize(
    ("presets", "cure"),
    [(PRESET_NAMES, "minutes 1$"), (("best",), "minutes 3  or  --preset quick")],
)
def test_too_little_time_is_refused_with_what_would_do(
    dataset: Dataset, presets: tuple[Preset, ...], cure: str
) -> None:
    with pytest.raises(UsageError, match="0.05 is too short for an epoch of") as raised:
        fit(dataset, 0.05, presets)
    assert raised.match(cure)
