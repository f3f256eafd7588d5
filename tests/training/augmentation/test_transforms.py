"""Distortion by `keras.ops`: against SciPy, by hand, and against NumPy and OpenCV."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
from scipy import ndimage

from siam.recipe import AugmentPolicy
from siam.training.augmentation.cpu import augment_batch
from siam.training.augmentation.policy import Draws, draw_distortion
from siam.training.augmentation.transforms import distort


def smooth_pictures(count: int, shape: tuple[int, int, int] = (28, 24, 1)) -> np.ndarray:
    """Soft blobs: between their pixels, any fair interpolation says nearly the same."""
    noise = np.random.default_rng(0).random((count, *shape))
    soft = ndimage.gaussian_filter(noise, (0, 1.2, 1.2, 0))
    low, high = soft.min(axis=(1, 2, 3), keepdims=True), soft.max(axis=(1, 2, 3), keepdims=True)
    return ((soft - low) / (high - low) * 255).astype(np.uint8)


def on_device(pictures: np.ndarray, drawn: Draws, policy: AugmentPolicy) -> np.ndarray:
    found = distort(keras.ops.convert_to_tensor(pictures, "float32"), drawn, policy)
    return np.asarray(keras.ops.convert_to_numpy(found))


def drawn_for(pictures: np.ndarray, policy: AugmentPolicy, seed: int = 0) -> Draws:
    n, height, width, channels = pictures.shape
    rng = np.random.default_rng(seed)
    return draw_distortion((n, height, width, channels), rng=rng, policy=policy)


def test_a_move_by_whole_pixels_moves_the_picture() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).astype(np.uint8)
    policy = AugmentPolicy(shift=0.5)
    drawn = {"source": np.tile(np.array([[1, 0, 3.5], [0, 1, 2.5]], np.float32), (2, 1, 1))}
    # The second picture: every pixel from 2 columns to the right and 1 row up.
    drawn["source"][1, 0, 2] += 2
    drawn["source"][1, 1, 2] -= 1
    expected = np.pad(pictures[1], ((1, 0), (0, 2), (0, 0)), mode="edge")[:6, 2:]
    found = on_device(pictures, drawn, policy)
    np.testing.assert_array_equal(found[0], pictures[0])
    np.testing.assert_array_equal(found[1], expected)


def test_a_known_turn_is_scipys() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1)).astype(np.uint8)
    policy = AugmentPolicy(rotation=30)
    angle = np.deg2rad(20)
    turn = [(np.cos(angle), -np.sin(angle), 13.5), (np.sin(angle), np.cos(angle), 13.5)]
    drawn = {"source": np.array([turn], np.float32)}
    y, x = np.mgrid[:28, :28] - 13.5
    columns = np.clip(np.cos(angle) * x - np.sin(angle) * y + 13.5, 0, 27)
    rows = np.clip(np.sin(angle) * x + np.cos(angle) * y + 13.5, 0, 27)
    expected = ndimage.map_coordinates(pictures[0, :, :, 0].astype(float), (rows, columns), order=1)
    np.testing.assert_allclose(on_device(pictures, drawn, policy)[0, :, :, 0], expected, atol=0.01)


@pytest.mark.parametrize(
    "effect",
    [f.name for f in dataclasses.fields(AugmentPolicy) if f.name != "cutout_size"] + ["everything"],
)
def test_every_backend_does_what_numpy_does(effect: str, everything: AugmentPolicy) -> None:
    """To within the grey levels that rounding, and OpenCV's 1/32 of a pixel, leave open."""
    pictures = smooth_pictures(40)
    policy = (
        everything
        if effect == "everything"
        else AugmentPolicy(**{effect: getattr(everything, effect)})
    )
    expected = augment_batch(pictures, rng=np.random.default_rng(3), policy=policy).astype(float)
    found = on_device(pictures, drawn_for(pictures, policy, seed=3), policy)
    gap = np.abs(found - expected)
    assert gap.mean() < 1.5
    assert np.quantile(gap, 0.999) < 4
    assert np.abs(expected - pictures).mean() > 1.5


def test_levels_stay_within_0_and_255(everything: AugmentPolicy) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3)).astype(np.uint8)
    found = on_device(pictures, drawn_for(pictures, everything), everything)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 255
