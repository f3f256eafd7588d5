"""Towers side by side: the joined embedding, the loss of each member, a training through it all."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.errors import UsageError
from siam.recipe import Recipe
from siam.siamese.diagram import tower_members, tower_rows
from siam.siamese.ensemble import ensemble_tower
from siam.siamese.losses.ensemble import EnsembleLoss
from siam.siamese.losses.registry import make_loss
from siam.siamese.recipe_check import check_recipe
from siam.siamese.test_time_augmentation import average_test_time_views
from siam.siamese.towers import build_tower, small_tower

SHAPE = (28, 28, 1)


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *SHAPE)).astype(np.float32)


def embedded(tower: keras.Model, shown: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tower(shown)))


def test_squared_distances_are_the_mean_of_the_members() -> None:
    tower = ensemble_tower(small_tower, SHAPE, 12, members=3)
    shown = pictures(5)
    joined = embedded(tower, shown)
    parts = [embedded(tower.get_layer(f"member_{member}"), shown) for member in (1, 2, 3)]
    assert joined.shape == (5, 12)
    for left in range(5):
        for right in range(5):
            mean = np.mean([np.sum((part[left] - part[right]) ** 2) for part in parts])
            assert np.sum((joined[left] - joined[right]) ** 2) == pytest.approx(mean, abs=1e-5)


def test_members_start_apart() -> None:
    tower = ensemble_tower(small_tower, SHAPE, 8, members=2)
    first, second = (tower.get_layer(f"member_{member}").get_weights()[0] for member in (1, 2))
    assert np.abs(first - second).max() > 0.01


def test_one_member_is_the_plain_tower() -> None:
    keras.utils.set_random_seed(4)
    alone = build_tower("small", SHAPE, 8, members=1)
    keras.utils.set_random_seed(4)
    plain = small_tower(SHAPE, 8)
    assert [layer.name for layer in alone.layers] == [layer.name for layer in plain.layers]
    np.testing.assert_array_equal(embedded(alone, pictures(2)), embedded(plain, pictures(2)))


def test_a_saved_ensemble_gives_the_same_embeddings(tmp_path: Path) -> None:
    tower = build_tower("wide", SHAPE, 12, members=3)
    tower.save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras", safe_mode=True)
    np.testing.assert_array_equal(embedded(tower, pictures(2)), embedded(again, pictures(2)))


@pytest.mark.parametrize("name", ["contrastive", "supervised-contrastive"])
def test_the_loss_is_the_mean_of_what_every_member_costs(name: str) -> None:
    rng = np.random.default_rng(1)
    parts = rng.standard_normal((3, 8, 4)).astype(np.float32)
    parts /= np.linalg.norm(parts, axis=2, keepdims=True)
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    joined = np.concatenate(list(parts), axis=1) / np.sqrt(np.float32(3))
    found = float(make_loss(name, members=3)(labels, joined))
    alone = [float(make_loss(name)(labels, part)) for part in parts]
    assert found == pytest.approx(sum(alone) / 3, rel=1e-4)
    assert min(alone) < found < max(alone)


def test_the_loss_survives_its_configuration() -> None:
    loss = make_loss("contrastive", members=2)
    assert isinstance(loss, EnsembleLoss)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(again, EnsembleLoss)
    assert again.get_config() == loss.get_config()


def test_every_member_learns() -> None:
    keras.utils.set_random_seed(0)
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), 8))
    shown = pictures(24)
    tower = build_tower("small", SHAPE, 16, members=2)
    before = [tower.get_layer(f"member_{member}").get_weights() for member in (1, 2)]
    tower.compile(optimizer=keras.optimizers.AdamW(2e-3), loss=make_loss("contrastive", members=2))
    tower.optimizer.build(tower.trainable_variables)  # within a step, it is compiled twice
    losses = tower.fit(shown, labels, batch_size=24, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    for member, weights in zip((1, 2), before, strict=True):
        now = tower.get_layer(f"member_{member}").get_weights()
        moved = [np.abs(new - old).max() for new, old in zip(now, weights, strict=True)]
        assert min(moved) > 0


def test_members_that_do_not_divide_the_embedding_are_refused() -> None:
    with pytest.raises(ValueError, match="64 numbers cannot be shared by 3 members"):
        ensemble_tower(small_tower, SHAPE, 64, members=3)


@pytest.mark.parametrize("members", [0, -1, 3])
def test_a_recipe_with_such_members_is_refused_before_training(members: int) -> None:
    with pytest.raises(UsageError, match=f"dim 64 and ensemble_size {members}") as caught:
        check_recipe(Recipe(ensemble_size=members))
    assert "--set dim=" in str(caught.value.cure)


def test_a_recipe_with_members_that_divide_is_taken() -> None:
    check_recipe(Recipe(ensemble_size=3, dim=96))


@pytest.mark.parametrize("views", [1, 5])
def test_the_diagram_shows_one_member_for_all(views: int) -> None:
    tower = average_test_time_views(build_tower("small", SHAPE, 12, members=3), views=views)
    alone = [row for row in tower_rows(build_tower("small", SHAPE, 4)) if row[0] != "embedding"]
    assert len(tower_members(tower)) == 3
    assert [row for row in tower_rows(tower) if row in alone] == alone
    assert tower_members(build_tower("small", SHAPE, 4)) == []
