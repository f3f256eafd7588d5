"""The recipe that a preset becomes for a data set."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from siam.engine.recipe_choice import GRADIENT_SHARE, choose_recipe, choose_training
from siam.errors import UsageError
from siam.recipe import AugmentPolicy
from siam.runs.config import TrainChoice


@pytest.mark.parametrize(
    ("chain", "share"), [("digit", 0.3), ("glyph", 0.3), ("photo", 0.3), ("none", 0.3)]
)
def test_outliers_that_are_asked_for_are_given(chain: str, share: float) -> None:
    choice = TrainChoice(overrides={"outlier_share": "0.3"})
    assert choose_recipe(choice, 50_000, classes=10, chain=chain).outlier_share == share


@pytest.mark.parametrize("preset", ["balanced", "best"])
def test_presets_make_outliers_of_framed_marks_alone(preset: str) -> None:
    choice = TrainChoice(preset=preset)
    assert choose_recipe(choice, 50_000, classes=10, chain="digit").outlier_share > 0
    assert choose_recipe(choice, 50_000, classes=10, chain="photo").outlier_share == 0
    assert choose_recipe(choice, 50_000, classes=10, chain="none").outlier_share == 0


@pytest.mark.parametrize("preset", ["balanced", "best"])
def test_photos_are_not_distorted_as_ink_is(preset: str) -> None:
    def augment(chain: str, **overrides: str) -> AugmentPolicy:
        choice = TrainChoice(preset=preset, overrides=overrides)
        return choose_recipe(choice, 50_000, classes=10, chain=chain).augment

    ink, photo = augment("glyph"), augment("photo")
    assert ink.stroke > 0 and ink == augment("digit")
    assert (photo.stroke, photo.outline, photo.lines, photo.bands) == (0, 0, 0, 0)
    assert (
        dataclasses.replace(
            photo, stroke=ink.stroke, outline=ink.outline, lines=ink.lines, bands=ink.bands
        )
        == ink
    )
    assert augment("photo", **{"augment.stroke": "0.3"}).stroke == 0.3  # asked for by name


def test_few_pictures_get_more_epochs_unless_epochs_are_named() -> None:
    plenty = choose_recipe(TrainChoice(), 50_000, classes=10)
    few = choose_recipe(TrainChoice(), 1_000, classes=10)
    # 400 optimiser steps at least: a batch holds 260 of 1,000 pictures, so 3 steps an epoch.
    assert few.epochs == 134
    assert few.epochs > plenty.epochs
    # Fewer will do where validation gains nothing more after a quarter of them.
    assert (few.plateau_after, plenty.plateau_after) == (34, 0)
    never = TrainChoice(overrides={"plateau_after": "0"})
    assert choose_recipe(never, 1_000, classes=10).plateau_after == 0
    assert choose_recipe(TrainChoice(overrides={"epochs": "2"}), 1_000, classes=10).epochs == 2


def test_steps_that_show_more_pictures_may_be_fewer() -> None:
    best = TrainChoice(preset="best")
    assert choose_recipe(best, 11_116, classes=794).epochs == 10
    # 100 classes of 4 pictures in four turns are 1,600, so 3 steps of 512 an epoch; 1,500 steps
    # of 260 pictures are 762 of 512.
    assert choose_recipe(best, 400, classes=100).epochs == 254


def test_held_out_classes_of_few_drawings_get_gradients_beside_the_tower() -> None:
    def share(
        pictures: int,
        *,
        classes: int = 10,
        chain: str = "glyph",
        unseen: bool = True,
        **overrides: str,
    ) -> float:
        choice = TrainChoice(overrides=overrides)
        recipe = choose_recipe(choice, pictures, classes=classes, chain=chain, unseen=unseen)
        return recipe.gradient_share

    assert share(700) == share(700, chain="digit") == GRADIENT_SHARE
    for none in (
        share(700, chain="photo"),
        share(700, unseen=False),
        share(50_000),
        share(9_000, classes=794),
    ):
        assert none == 0
    assert share(700, gradient_share="0") == 0
    assert share(50_000, unseen=False, gradient_share="0.4") == 0.4


def test_a_way_of_training_that_there_is_not() -> None:
    choice = choose_training(preset="best", overrides={}, pairs="sampled", seed=3)
    assert choice == TrainChoice(preset="best", pairs="sampled", seed=3)
    # Of what a run's configuration can be written from.
    assert msgspec.to_builtins(choose_training()) == msgspec.to_builtins(TrainChoice())
    with pytest.raises(UsageError, match="no preset 'fast'"):
        choose_training(preset="fast", overrides={})
    with pytest.raises(UsageError, match="no kind of pairs 'foo'"):
        choose_training(pairs="foo", overrides={})


@pytest.mark.parametrize(
    ("minutes", "overrides", "error"),
    [
        (0.0, {}, "must be above 0, received 0"),
        (float("nan"), {}, "must be above 0, received nan"),
        (5.0, {"epochs": "3"}, "--minutes 5 and epochs=3"),
    ],
)
def test_a_time_that_cannot_be_meant(minutes: float, overrides: dict[str, str], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        choose_training(minutes=minutes, overrides=overrides)
