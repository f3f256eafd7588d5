"""Oriented gradients: what direction an edge has, whatever the light, beside a trained tower."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.recipe import Recipe
from siam.siamese.export import export_litert
from siam.siamese.interchange import answer_onnx, write_onnx
from siam.siamese.oriented_gradients import (
    DIRECTIONS,
    gradient_tower,
    join_gradients,
    whiten_gradients,
)
from siam.siamese.pretrained_tower import take_apart
from siam.siamese.towers import small_tower
from siam.siamese.training import to_float32
from siam.siamese.whitening import Whitening, join_whitened, within_class_axes

SHAPE = (32, 48, 3)
PICTURES = np.random.default_rng(0).integers(0, 256, (6, *SHAPE), dtype=np.uint8)


def embedded(model: keras.Model, shown: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(model(shown.astype(np.float32))))


def edge(degrees: float) -> np.ndarray:
    """A soft edge through the midst, whose gradient points there."""
    down, right = np.mgrid[:32, :48] - np.float32([[[15.5]], [[23.5]]])
    angle = np.radians(degrees)
    level = 127.5 * (1 + np.tanh((right * np.cos(angle) + down * np.sin(angle)) / 4))
    return np.repeat(level[None, :, :, None], 3, axis=-1).astype(np.float32)


@pytest.mark.parametrize("place", range(DIRECTIONS))
def test_an_edge_counts_for_its_direction_and_so_does_its_opposite(place: int) -> None:
    tower = gradient_tower(SHAPE)
    there, back = (
        embedded(tower, edge(place * 180 / DIRECTIONS + turn)).reshape(-1, DIRECTIONS)
        for turn in (0, 180)
    )
    assert there.sum(axis=0).argmax() == place
    np.testing.assert_allclose(there, back, atol=1e-3)


def test_light_makes_no_difference_and_contrast_little() -> None:
    tower = gradient_tower(SHAPE)
    strong = embedded(tower, PICTURES)
    dark, faint = PICTURES * np.float32(0.5), PICTURES * np.float32(0.25)
    np.testing.assert_allclose(embedded(tower, dark), embedded(tower, dark + 60), atol=1e-4)
    assert (strong * embedded(tower, faint)).sum(axis=1).min() > 0.95
    assert (strong[1:] * strong[:-1]).sum(axis=1).max() < 0.95


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (5, 40, 3), (3, 3, 1)])
def test_pictures_of_any_size_have_finite_ones(shape: tuple[int, int, int]) -> None:
    tower = gradient_tower(shape)
    blank = embedded(tower, np.zeros((1, *shape)))
    noise = embedded(tower, np.random.default_rng(0).integers(0, 256, (1, *shape)))
    assert np.isfinite(blank).all()
    assert np.isfinite(noise).all()
    assert not any(weight.trainable for weight in tower.weights)


def test_squared_distances_are_the_shares_sum(tmp_path: Path) -> None:
    tower = small_tower(SHAPE, 8)
    joined = join_gradients(tower, share=0.7)
    parts = [(0.3, embedded(tower, PICTURES)), (0.7, embedded(gradient_tower(SHAPE), PICTURES))]
    whole = embedded(joined, PICTURES)
    expected = sum(share * np.square(rows[1:] - rows[0]).sum(axis=1) for share, rows in parts)
    np.testing.assert_allclose(np.square(whole[1:] - whole[0]).sum(axis=1), expected, rtol=1e-4)
    assert joined.name == tower.name
    assert join_gradients(tower, share=0.0) is tower
    joined.save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras", safe_mode=True)
    np.testing.assert_array_equal(whole, embedded(again, PICTURES))
    trained = take_apart(again).own  # what another training goes on from
    assert trained is not None
    for one, other in zip(trained.get_weights(), tower.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_recipe_asks_for_them_beside_what_it_trains() -> None:
    tower = small_tower(SHAPE, 8)
    kept = to_float32(tower, partial(small_tower, dim=8), Recipe(gradient_share=0.7))
    whole = embedded(join_gradients(tower, share=0.7), PICTURES)
    np.testing.assert_allclose(embedded(kept, PICTURES), whole, atol=1e-6)


def whitened() -> Whitening:
    rows = embedded(gradient_tower(SHAPE), PICTURES)
    return Whitening(within_class_axes(rows, np.arange(6) // 2).whiten(0.3), share=0.4)


def test_whitened_ones_have_their_part_of_the_share(tmp_path: Path) -> None:
    tower, whitening = small_tower(SHAPE, 8), whitened()
    joined = join_gradients(tower, share=0.7, whitening=whitening)
    gradients = join_whitened(embedded(gradient_tower(SHAPE), PICTURES), whitening)
    expected = 0.3 * np.square(np.diff(embedded(tower, PICTURES), axis=0)).sum(axis=1)
    expected += 0.7 * np.square(np.diff(gradients, axis=0)).sum(axis=1)
    whole = embedded(joined, PICTURES)
    np.testing.assert_allclose(np.square(np.diff(whole, axis=0)).sum(axis=1), expected, rtol=1e-3)
    joined.save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras", safe_mode=True)
    np.testing.assert_array_equal(whole, embedded(again, PICTURES))
    trained = take_apart(again).own
    assert trained is not None and trained.output_shape == (None, 8)


def test_a_whitening_is_of_the_training_pictures_gradients() -> None:
    rng = np.random.default_rng(0)
    labels, beside = np.repeat(np.arange(6), 8), np.arange(48) % 4
    shown = rng.normal(128, 10, (48, 16, 16, 1))  # left: the class; right: what has nothing to say
    shown[:, :, :6] += rng.normal(0, 25, (6, 16, 6, 1))[labels]
    shown[:, :, 6:] += rng.normal(0, 50, (4, 16, 10, 1))[beside]
    train = Split(shown.clip(0, 255).astype(np.uint8), labels, ("",) * 48)
    whitening = whiten_gradients(train, seed=0)
    assert whitening is not None and whitening.components.kernel.shape == (576, 47)
    few = Split(train.pictures[:24], labels[:24], ("",) * 24)
    assert whiten_gradients(few, seed=0) is None


@pytest.mark.slow
def test_exports_carry_them(tmp_path: Path) -> None:
    joined = join_gradients(small_tower(SHAPE, 8), share=0.7, whitening=whitened())
    assert export_litert(joined, tmp_path / "encoder.tflite", PICTURES).holds
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    write_onnx(joined, tmp_path / "encoder.onnx")
    answers = answer_onnx(tmp_path / "encoder.onnx", PICTURES)
    np.testing.assert_allclose(answers, embedded(joined, PICTURES), atol=1e-5)
