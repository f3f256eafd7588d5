"""The presets name what exists, and every value of one can be replaced."""

from __future__ import annotations

import dataclasses

import pytest

from siam.recipe import Recipe
from siam.runs.config import TrainChoice
from siam.siamese.losses.registry import LOSSES
from siam.siamese.presets import PRESETS
from siam.siamese.test_time_augmentation import VIEWS
from siam.siamese.towers import TOWERS


def test_there_are_three_and_balanced_is_the_default() -> None:
    assert list(PRESETS) == ["quick", "balanced", "best"]
    assert TrainChoice().preset == "balanced"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_a_tower_and_the_contrastive_loss(name: str) -> None:
    recipe = PRESETS[name]
    assert recipe.tower in TOWERS
    assert recipe.loss in LOSSES
    assert recipe.loss == "contrastive"
    assert recipe.test_time_views in VIEWS
    assert 0 <= recipe.warm_up < 1
    assert 0 < recipe.augmented_epochs <= recipe.epochs


def test_presets_differ_in_the_work_they_do() -> None:
    epochs = [PRESETS[name].epochs for name in ("quick", "balanced", "best")]
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize(("epochs", "distorted"), [(10, 8), (5, 4), (2, 2), (1, 1)])
def test_the_last_share_of_the_epochs_is_plain(epochs: int, distorted: int) -> None:
    assert Recipe(epochs=epochs, clean_epochs=0.2).augmented_epochs == distorted


def test_a_value_can_be_replaced_and_a_recipe_cannot_be_changed() -> None:
    longer = dataclasses.replace(PRESETS["quick"], epochs=5)
    assert longer.epochs == 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        longer.epochs = 6  # type: ignore[misc]
    assert isinstance(longer, Recipe)
