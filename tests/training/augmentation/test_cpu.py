"""Distortion of a batch: repeatable, in bounds, each effect in the right direction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siam.recipe import AugmentPolicy
from siam.training.augmentation.cpu import augment_batch


def varied(pictures: np.ndarray, seed: int = 0, **policy: float) -> np.ndarray:
    return augment_batch(pictures, rng=np.random.default_rng(seed), policy=AugmentPolicy(**policy))


def discs(count: int) -> np.ndarray:
    """White discs of radius 6 in the middle of 28 x 28 black pixels."""
    y, x = np.mgrid[:28, :28] - 13.5
    disc = np.where(x**2 + y**2 < 36, 255, 0).astype(np.uint8)
    return np.repeat(disc[None, :, :, None], count, axis=0)


@settings(max_examples=15)
@given(
    count=st.integers(0, 5),
    height=st.integers(3, 40),
    width=st.integers(3, 40),
    channels=st.sampled_from([1, 3]),
)
def test_any_shape_comes_back_as_it_was(
    count: int, height: int, width: int, channels: int, everything: AugmentPolicy
) -> None:
    shape = (count, height, width, channels)
    pictures = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    before = pictures.copy()
    found = augment_batch(pictures, rng=np.random.default_rng(1), policy=everything)
    assert found.shape == shape
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(pictures, before)


def test_the_same_generator_gives_the_same_pictures_and_another_does_not(
    everything: AugmentPolicy,
) -> None:
    first, again, other = (
        augment_batch(discs(8), rng=np.random.default_rng(seed), policy=everything)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_pictures_of_a_batch_are_distorted_each_in_its_own_way() -> None:
    found = varied(discs(2), shift=0.2)
    assert (found[0] != found[1]).any()


def test_no_policy_leaves_pictures_as_they_are() -> None:
    np.testing.assert_array_equal(varied(discs(4)), discs(4))


@pytest.mark.parametrize("effect", [f.name for f in dataclasses.fields(AugmentPolicy)])
def test_nothing_of_a_neighbour_in_the_stack_shows(effect: str, everything: AugmentPolicy) -> None:
    pictures = np.zeros((9, 28, 28, 1), np.uint8)
    pictures[4] = 255
    policy = (
        AugmentPolicy()
        if effect in ("noise", "lines", "bands")  # which put something on any picture
        else dataclasses.replace(AugmentPolicy(), **{effect: getattr(everything, effect) or 0.3})
    )
    found = augment_batch(pictures, rng=np.random.default_rng(0), policy=policy)
    assert not found[[0, 1, 2, 3, 5, 6, 7, 8]].any()


def test_a_stack_taller_than_opencv_allows_keeps_every_picture_in_its_place() -> None:
    pictures = np.empty((1300, 28, 28, 1), np.uint8)
    pictures[:] = (np.arange(1300) % 251).astype(np.uint8)[:, None, None, None]
    np.testing.assert_array_equal(varied(pictures, rotation=20, shift=0.2), pictures)


def test_a_shift_moves_the_centre_by_at_most_its_share() -> None:
    found = varied(discs(200), shift=0.1).astype(float)[..., 0]
    total = found.sum(axis=(1, 2))
    columns = (found.sum(axis=1) * np.arange(28)).sum(axis=1) / total - 13.5
    rows = (found.sum(axis=2) * np.arange(28)).sum(axis=1) / total - 13.5
    for moved in (columns, rows):
        assert np.abs(moved).max() < 2.9
        assert np.abs(moved).max() > 2.0
        assert abs(moved.mean()) < 0.4


def test_a_rotation_keeps_a_disc_and_turns_a_bar() -> None:
    assert np.abs(varied(discs(8), rotation=45).astype(int) - discs(8)).mean() < 8
    bar = np.zeros((50, 28, 28, 1), np.uint8)
    bar[:, 4:24, 12:16] = 255
    turned = varied(bar, rotation=45)
    assert turned[:, 13, :].sum() > 0
    assert turned[:, :, :8].any(axis=(1, 2, 3)).mean() > 0.3


def test_strokes_get_thicker_and_thinner_by_about_the_same() -> None:
    ink = varied(discs(400), stroke=1.0).astype(float).mean(axis=(1, 2, 3))
    plain = discs(1).mean()
    assert ink.max() > 1.15 * plain
    assert ink.min() < 0.9 * plain
    assert 0.4 < (ink > plain).mean() < 0.6


def test_cutout_blots_out_a_square_of_its_size_in_its_share_of_pictures() -> None:
    white = np.full((400, 28, 28, 1), 255, np.uint8)
    blotted = (varied(white, cutout=0.5, cutout_size=0.25) == 0).sum(axis=(1, 2, 3))
    assert 0.4 < (blotted > 0).mean() < 0.6
    assert blotted.max() == 49


def test_blur_spreads_ink_without_adding_any() -> None:
    found = varied(discs(100), blur=1.0)
    assert ((found > 0) & (found < 255)).any(axis=(1, 2, 3)).mean() > 0.8
    assert found.mean() == pytest.approx(discs(1).mean(), rel=0.02)


def test_contrast_and_noise_stay_within_grey_levels() -> None:
    found = varied(np.full((100, 8, 8, 1), 128, np.uint8), contrast=0.5, noise=10)
    means = found.mean(axis=(1, 2, 3))
    assert means.min() > 60
    assert means.max() < 196
    assert found.std(axis=(1, 2, 3)).max() < 12


@pytest.mark.parametrize(
    "pictures", [np.zeros((2, 28, 28), np.uint8), np.zeros((2, 28, 28, 1), np.float32)]
)
def test_pictures_of_another_form_are_refused(pictures: np.ndarray) -> None:
    with pytest.raises(ValueError, match=f"received {pictures.dtype} of shape"):
        varied(pictures, shift=0.1)
