"""Muon: singular values near 1, a step computed by hand in numpy, round trips, a resume."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from siam.training.muon import Muon, orthogonalise
from siam.training.optimizers import OPTIMIZERS, make_optimizer


def to_numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("shape", [(4, 4), (9, 32), (64, 12), (288, 48)])
def test_singular_values_come_near_one_and_singular_vectors_stay(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    result = to_numpy(orthogonalise(keras.ops.convert_to_tensor(matrix)))
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    # Those below a hundredth of the matrix's length are not brought up in five rounds.
    kept = values > 0.02 * np.linalg.norm(values)
    along = np.diagonal(left.T @ result @ right.T)
    assert along[kept].min() > 0.6
    assert along[kept].max() < 1.3
    across = left.T @ result @ right.T - np.diag(along)
    assert np.abs(across).max() < 1e-3


def test_a_matrix_of_zeros_stays_zero() -> None:
    result = to_numpy(orthogonalise(keras.ops.zeros((3, 5))))
    np.testing.assert_array_equal(result, np.zeros((3, 5)))


def test_two_steps_of_a_kernel_by_hand() -> None:
    rng = np.random.default_rng(1)
    start = rng.standard_normal((3, 3, 2, 4)).astype(np.float32)
    gradients = [rng.standard_normal(start.shape).astype(np.float32) for _ in range(2)]
    kernel = keras.Variable(start, name="kernel")
    optimizer = Muon(0.1, weight_decay=0.5, momentum=0.9)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [kernel])

    expected, momentum = start.astype(np.float64), np.zeros(start.shape)
    for gradient in gradients:
        expected -= 0.1 * 0.5 * expected
        momentum = 0.9 * momentum + gradient
        step = by_hand((gradient + 0.9 * momentum).reshape(18, 4))
        expected -= 0.1 * 0.2 * np.sqrt(18) * step.reshape(start.shape)
    np.testing.assert_allclose(to_numpy(kernel), expected, rtol=1e-4, atol=1e-5)


def by_hand(matrix: np.ndarray) -> np.ndarray:
    """Newton-Schulz on the singular values themselves."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    result: np.ndarray = left @ np.diag(values) @ right
    return result


@pytest.mark.parametrize("shape", [(5,), (5, 3)])
def test_anything_but_a_kernel_moves_as_adamw_moves_it(shape: tuple[int, ...]) -> None:
    start = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
    results = []
    for optimizer in (Muon(0.01, weight_decay=0.1), keras.optimizers.AdamW(0.01, weight_decay=0.1)):
        variable = keras.Variable(start)
        for slope in (1.0, -0.5, 2.0):
            optimizer.apply([keras.ops.full(shape, slope)], [variable])
        results.append(to_numpy(variable))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)


def test_it_is_made_again_from_its_config() -> None:
    again = keras.optimizers.deserialize(
        keras.optimizers.serialize(Muon(0.02, weight_decay=0.3, momentum=0.8))
    )
    assert isinstance(again, Muon)
    assert (again.momentum, again.weight_decay) == (0.8, 0.3)
    assert float(again.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_finds_the_bottom_of_a_bowl(name: str) -> None:
    target = np.random.default_rng(3).standard_normal((3, 3, 2, 4)).astype(np.float32)
    kernel = keras.Variable(np.zeros_like(target))
    optimizer = make_optimizer(name, 0.1, weight_decay=0.0)
    for _ in range(80):
        optimizer.apply([kernel - target], [kernel])
    assert np.abs(to_numpy(kernel) - target).mean() < 0.2 * np.abs(target).mean()


def test_an_unknown_optimizer_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'sgd'; there are muon, adamw"):
        make_optimizer("sgd", 0.1, weight_decay=0.0)
