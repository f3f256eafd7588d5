"""Descriptions of pictures: what they tell apart, and that size matters little to them."""

from __future__ import annotations

import numpy as np
import pytest

from siam.pictures.appearance import average_to, describe_pictures

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("side", [3, 28, 32, 45, 224])
def test_averaging_keeps_the_mean(side: int) -> None:
    np.testing.assert_allclose(average_to(side).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(average_to(side).sum(axis=0), 32 / side, rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_twice_as_large_is_described_alike(channels: int) -> None:
    small = RANDOM.integers(0, 256, (4, 64, 64, channels)).astype(np.uint8)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(describe_pictures(large), describe_pictures(small), atol=1e-4)


def test_a_description_knows_no_other_picture() -> None:
    pictures = RANDOM.integers(0, 256, (5, 40, 30, 3)).astype(np.uint8)
    alone = np.concatenate([describe_pictures(one[None]) for one in pictures])
    np.testing.assert_allclose(describe_pictures(pictures), alone)


def test_noise_edges_greys_and_colours_are_told_apart() -> None:
    grey = np.full((1, 32, 32, 3), 128, np.uint8)
    red, noise, stripes = grey.copy(), grey.copy(), grey.copy()
    red[..., 0] = 255
    noise[:] = RANDOM.integers(0, 256, noise.shape)
    stripes[:, ::4] = 0
    kinds = describe_pictures(np.concatenate([grey, grey // 2, red, noise, stripes]))
    for place, one in enumerate(kinds):
        others = np.delete(kinds, place, axis=0)
        assert np.abs(others - one).max(axis=1).min() > 0.2


def test_black_pictures_are_described_by_numbers() -> None:
    assert np.isfinite(describe_pictures(np.zeros((1, 28, 28, 1), np.uint8))).all()
