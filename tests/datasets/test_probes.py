"""Probes: like a run's pictures in one thing each, and of none of its classes."""

from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.probes import make_probes

PICTURES = np.random.default_rng(0).integers(0, 200, (5, 19, 30, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def probes() -> dict[str, np.ndarray]:
    return make_probes(PICTURES, seed=3)


def test_every_probe_has_the_form_of_the_pictures(probes: dict[str, np.ndarray]) -> None:
    assert len(probes) == 7
    for kind, made in probes.items():
        assert made.dtype == np.uint8 and made.shape[1:] == PICTURES.shape[1:], kind
        assert len(np.unique(made.reshape(len(made), -1), axis=0)) == len(made), kind


def test_the_seed_fixes_them(probes: dict[str, np.ndarray]) -> None:
    for kind, again in make_probes(PICTURES, seed=3).items():
        np.testing.assert_array_equal(again, probes[kind])


def test_shuffled_keeps_the_colours_and_scrambled_the_mean(probes: dict[str, np.ndarray]) -> None:
    whole = np.sort([picture.sum() for picture in PICTURES.astype(int)])
    shuffled = np.sort([picture.sum() for picture in probes["shuffled"].astype(int)])
    np.testing.assert_array_equal(whole, shuffled)
    means = np.sort(probes["scrambled"].mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(means, np.sort(PICTURES.mean(axis=(1, 2, 3))), atol=2)


def test_a_picture_of_a_few_pixels_makes_probes_too() -> None:
    assert make_probes(PICTURES[:, :3, :3, :1])["texture"].shape == (5, 3, 3, 1)


def test_without_pictures_there_is_noise() -> None:
    assert list(make_probes(PICTURES[:0])) == ["noise", "blank", "blurred noise"]
