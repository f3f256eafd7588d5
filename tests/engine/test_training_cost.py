"""How long a training takes, told from a step's time: against a count by hand, and when told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine import training_cost
from siam.engine.training_cost import (
    recipe_for,
    say_duration,
    step_work,
    tell_cost,
    training_seconds,
    watch_steps,
)
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import DataChoice, RunConfig, TrainChoice


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


def test_an_epoch_is_its_steps_and_its_validation() -> None:
    # 20 steps of 260, and 780 pictures forward, which are a step's worth.
    recipe = Recipe(epochs=4)
    seconds = training_seconds(recipe, 0.5, pictures=5_200, validation=780)
    assert seconds == pytest.approx(4 * (20 + 1) * 0.5)


def test_the_hardest_are_looked_for_before_epochs_1_2_and_4() -> None:
    recipe = Recipe(epochs=6, hard_example_share=0.35)
    more = training_seconds(recipe, 0.5, pictures=5_200, validation=0)
    assert more == pytest.approx((6 * 20 + 3 * 20 / 3) * 0.5)
    # Epochs 0 to 3 are distorted: before the fourth nothing is ranked any more.
    plain = dataclasses.replace(recipe, clean_epochs=1 / 3)
    less = training_seconds(plain, 0.5, pictures=5_200, validation=0)
    assert less == pytest.approx((6 * 20 + 2 * 20 / 3) * 0.5)


def test_a_short_training_is_told_in_a_sentence(dataset: Dataset) -> None:
    config = config_of("balanced", dataset)
    steps = 20 * config.recipe.epochs
    [told] = tell_cost(config, dataset, 0.05, 1.0, kind="cpu")
    assert told.endswith(f": {steps:,} steps of 0.05 s.")
    [rest] = tell_cost(config, dataset, 0.05, 0.5, kind="cpu")
    assert rest.endswith(f": {steps // 2:,} steps of 0.05 s.")


def test_a_long_one_names_lighter_presets_with_their_times(dataset: Dataset) -> None:
    config = config_of("best", dataset)
    _, others = tell_cost(config, dataset, 1.0, 1.0, kind="cpu")
    unit = 1.0 / step_work(config.recipe, dataset)
    quick = recipe_for(TrainChoice(preset="quick"), dataset)
    expected = training_seconds(
        quick, unit * step_work(quick, dataset), pictures=5_200, validation=780
    )
    assert f"about {say_duration(expected)} with  --preset quick" in others
    assert others.endswith("with  --preset balanced")
    assert len(list(tell_cost(config, dataset, 1.0, 1.0, kind="gpu"))) == 1


def test_work_grows_with_the_batch_and_the_ensemble(dataset: Dataset) -> None:
    small = step_work(Recipe(), dataset)
    assert step_work(Recipe(pictures_per_class=52), dataset) == 2 * small
    assert step_work(Recipe(ensemble_size=2, dim=128), dataset) == 2 * small


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that steps are timed by."""
    turned = Clock()
    monkeypatch.setattr(training_cost, "time", turned)
    return turned


def follow(clock: Clock, durations: list[float], *, epoch: int) -> list[tuple[int, float, float]]:
    """Report steps of these durations; return after which one what was told."""
    told: list[tuple[int, float, float]] = []
    passed: list[int] = []
    report = watch_steps(
        lambda what, done, total: passed.append(done),
        lambda seconds, left: told.append((passed[-1], seconds, left)),
        epoch=epoch,
    )
    report("Reading", 1, 1)
    for done, duration in enumerate(durations, start=1):
        clock.now += duration
        report("Training", done, len(durations))
    assert passed == [1, *range(1, len(durations) + 1)]
    return told


def test_a_step_is_told_once_without_the_one_that_compiles(clock: Clock) -> None:
    assert follow(clock, [9.0, *[0.5] * 9], epoch=100) == [(3, 0.5, 0.9)]


def test_an_epoch_that_is_over_too_soon_does_not_count(clock: Clock) -> None:
    # Three steps of 0.25 s; at the end of the first epoch its validation is compiled.
    durations = [9.0, 0.25, 0.25, 3.0, *[0.25] * 16]
    assert follow(clock, durations, epoch=3) == [(8, 0.25, 0.8)]


def test_a_training_of_less_than_a_second_is_told_nothing(clock: Clock) -> None:
    assert follow(clock, [9.0, 0.1, 0.1, 0.1], epoch=100) == []
