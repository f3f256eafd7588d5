"""Rows scaled to unit length: NumPy's result, float32 out, a finite slope even at 0."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from siam.siamese.towers import TOWERS, build_tower
from siam.siamese.unit_length import unit_length
from siam.training.precision import dtype_policy


def scaling(dim: int) -> keras.Model:
    rows = keras.Input((dim,))
    return keras.Model(rows, unit_length(rows, name="embedding"))


def test_rows_are_numpys() -> None:
    rows = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
    rows *= np.array([1e-3, 1, 10, 1e4, 1e8], np.float32)[:, None]
    found = scaling(8).predict(rows, verbose=0)
    np.testing.assert_allclose(found, rows / np.linalg.norm(rows, axis=1, keepdims=True), atol=1e-6)


def test_a_row_of_zeros_stays_one() -> None:
    assert not scaling(8).predict(np.zeros((2, 8), np.float32), verbose=0).any()


def test_mixed_precision_ends_in_float32() -> None:
    with dtype_policy("mixed_bfloat16"):
        model = scaling(64)
    rows = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    found = keras.ops.convert_to_numpy(model(rows))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name == "wide" else []) for name in TOWERS],
)
def test_a_batch_of_one_picture_repeated_leaves_finite_weights(name: str) -> None:
    """Batch normalisation makes zeros of it, which have no direction."""
    keras.utils.set_random_seed(0)
    tower = build_tower(name, (28, 28, 1), 8)
    tower.compile(optimizer="sgd", loss="mse")
    tower.fit(np.full((4, 28, 28, 1), 128, np.float32), np.ones((4, 8)), epochs=2, verbose=0)
    assert all(np.isfinite(weight).all() for weight in tower.get_weights())
