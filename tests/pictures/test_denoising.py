"""Pictures of the data set's size keep the shades of their marks."""

from __future__ import annotations

import numpy as np
from PIL import Image

from siam.pictures.preparation import Preparation, prepare_picture

DIGIT = Preparation("digit", (28, 28), 1)


def ring() -> np.ndarray:
    """A 0 as MNIST frames it, soft at its edges."""
    rows, columns = np.mgrid[0:28, 0:28] - 13.5
    away = np.abs(np.hypot(rows, columns * 1.4) - 8.5)
    return np.rint(255 * np.clip(2.2 - away, 0, 1)).astype(np.uint8)


def prepared(pixels: np.ndarray) -> np.ndarray:
    return prepare_picture(Image.fromarray(pixels), DIGIT).pixels[:, :, 0]


def test_a_grey_ground_goes_and_the_shades_stay() -> None:
    veiled = np.rint(110 + ring() * (145 / 255)).astype(np.uint8)
    assert np.abs(prepared(veiled).astype(int) - ring()).max() <= 12


def test_smudges_on_the_ground_and_on_the_mark_are_let_be() -> None:
    smudged = ring()
    smudged[:6, :9] = np.maximum(smudged[:6, :9], 63)
    smudged[8:12, 3:8] = 63
    assert np.array_equal(prepared(smudged), smudged)


def test_specks_go_from_the_ground_and_from_the_mark() -> None:
    wrong = []
    for seed in range(8):
        chance = np.random.default_rng(seed).random((28, 28))
        noisy = np.where(chance < 0.06, 0, np.where(chance > 0.94, 255, ring())).astype(np.uint8)
        pictures = (noisy, prepared(noisy))
        wrong.append([(np.abs(p.astype(int) - ring()) > 100).sum() for p in pictures])
    before, after = np.mean(wrong, axis=0)
    assert after < 0.4 * before


def test_a_mark_that_lies_otherwise_is_framed() -> None:
    corner = np.full((28, 28), 90, np.uint8)
    corner[2:12, 3:5] = 250
    rows = np.flatnonzero(prepared(corner).max(axis=1) > 100)
    assert 19 <= np.ptp(rows) + 1 <= 21
