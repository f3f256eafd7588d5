"""Towers: shapes, unit length, float32 out whatever the policy, round trips and a step."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.siamese.losses.contrastive import BatchContrastiveLoss
from siam.siamese.towers import TOWERS, build_tower


def embedded(tower: keras.Model, shown: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tower(shown)))


def pictures(count: int, shape: tuple[int, int, int] = (28, 28, 1)) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 256, (count, *shape))
    return values.astype(np.float32)


@pytest.mark.parametrize("name", TOWERS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (33, 20, 3), (64, 64, 3)])
def test_embeddings_are_of_unit_length_for_any_picture_size(
    name: str, shape: tuple[int, int, int]
) -> None:
    tower = build_tower(name, shape, 16)
    embeddings = embedded(tower, pictures(3, shape))
    assert embeddings.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", TOWERS)
def test_embeddings_stay_float32_under_mixed_precision(name: str) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        embeddings = embedded(build_tower(name, (28, 28, 1), 16), pictures(2))
    finally:
        keras.config.set_dtype_policy(before)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", TOWERS)
def test_a_saved_tower_gives_the_same_embeddings(name: str, tmp_path: Path) -> None:
    tower = build_tower(name, (28, 28, 1), 16)
    tower.save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras", safe_mode=True)
    np.testing.assert_array_equal(embedded(tower, pictures(2)), embedded(again, pictures(2)))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "small" else pytest.mark.slow) for name in TOWERS],
)
def test_a_few_steps_bring_the_loss_down(name: str) -> None:
    keras.utils.set_random_seed(0)
    # Noise under random labels: nothing tells the classes apart but learning each picture.
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), 8))
    noise = pictures(24)
    tower = build_tower(name, (28, 28, 1), 16)
    tower.compile(optimizer=keras.optimizers.AdamW(2e-3), loss=BatchContrastiveLoss())
    tower.optimizer.build(tower.trainable_variables)  # within a step, it is compiled twice
    losses = tower.fit(noise, labels, batch_size=24, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_an_unknown_tower_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'tall'; there are small, wide, deep"):
        build_tower("tall", (28, 28, 1), 16)
