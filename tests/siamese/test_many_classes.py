"""Which preset the data gets."""

from __future__ import annotations

import numpy as np
import pytest
from keras import layers

from siam.recipe import Recipe
from siam.siamese.losses.registry import LOSSES
from siam.siamese.many_classes import MANY_CLASSES_PRESETS, preset_for
from siam.siamese.presets import PRESETS
from siam.siamese.towers import TOWERS, deep_tower


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
    assert letters.classes_per_batch == 26
    assert letters.pictures_per_class <= PRESETS["balanced"].pictures_per_class
    characters = preset_for("balanced", classes=964, pictures_per_class=14)
    assert (characters.classes_per_batch, characters.pictures_per_class) == (128, 4)
    scarce = preset_for("balanced", classes=964, pictures_per_class=2)
    assert scarce.pictures_per_class == 2


@pytest.mark.parametrize(("side", "last"), [(16, 2), (28, 4), (64, 4)])
def test_the_deep_tower_looks_at_large_pictures_and_ends_small(side: int, last: int) -> None:
    tower = deep_tower((side, side, 1), 16)
    assert tower.get_layer("convolution_1").output.shape[1] == side // 2
    assert tower.get_layer("relu_6").output.shape[1:3] == (last, last)
    pictures = np.random.default_rng(0).integers(0, 256, (3, side, side, 1)).astype(np.float32)
    embeddings = np.asarray(tower(pictures))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)


def test_the_deep_tower_leaves_channels_out_in_training_alone() -> None:
    tower = deep_tower((16, 16, 1), 16)
    picture = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1)).astype(np.float32)
    still = [np.asarray(tower(picture, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    rates = [layer.rate for layer in tower.layers if isinstance(layer, layers.SpatialDropout2D)]
    assert rates == [0.1, 0.1, 0.2]
    moved = [np.asarray(tower(picture, training=True)) for _ in range(2)]
    assert not np.allclose(*moved)
