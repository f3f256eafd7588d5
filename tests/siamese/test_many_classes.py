"""Which preset the data gets."""

from __future__ import annotations

import pytest

from siam.siamese.losses import LOSSES
from siam.siamese.many_classes import MANY_CLASSES_PRESETS, preset_for
from siam.siamese.presets import PRESETS, Recipe
from siam.siamese.towers import TOWERS


def test_both_families_have_the_same_names() -> None:
    assert MANY_CLASSES_PRESETS.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_ten_classes_of_many_pictures_get_the_preset_itself(name: str) -> None:
    assert preset_for(name, classes=10, pictures_per_class=5500) == PRESETS[name]


@pytest.mark.parametrize(
    ("classes", "of_each", "turned"),
    [(964, 14, True), (100, 100, True), (99, 14, False), (100, 101, False), (47, 2400, False)],
)
def test_many_classes_of_few_pictures_are_turned(classes: int, of_each: int, turned: bool) -> None:
    recipe = preset_for("balanced", classes=classes, pictures_per_class=of_each)
    assert recipe.quarter_turns is turned


@pytest.mark.parametrize("recipe", MANY_CLASSES_PRESETS.values())
def test_they_name_what_there_is(recipe: Recipe) -> None:
    assert recipe.tower in TOWERS
    assert recipe.loss in LOSSES


def test_the_batch_follows_the_classes() -> None:
    letters = preset_for("balanced", classes=26, pictures_per_class=4000)
    assert (letters.classes_per_batch, letters.pictures_per_class) == (26, 10)
    characters = preset_for("balanced", classes=964, pictures_per_class=14)
    assert (characters.classes_per_batch, characters.pictures_per_class) == (128, 4)
    scarce = preset_for("balanced", classes=964, pictures_per_class=2)
    assert scarce.pictures_per_class == 2
