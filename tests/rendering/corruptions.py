"""The fifteen corruptions of MNIST-C, rebuilt with NumPy and OpenCV.

After Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv 1906.02337),
at the strengths of the authors' published code (github.com/google-research/mnist-c). Motion blur,
fog and Canny's edges are computed otherwise than there, as near as OpenCV comes to it.
Each takes a 28x28 uint8 digit, white on black, and returns another.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]

_ROWS, _COLUMNS = np.mgrid[0:28, 0:28]


def shot_noise(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _eight(rng.poisson(digit / 255 * 3.0) / 3.0)


def impulse_noise(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chance = rng.random(digit.shape)
    noisy = np.where(chance < 0.085, 0, digit)
    return np.where(chance > 0.915, 255, noisy).astype(np.uint8)


def glass_blur(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    mixed = cv2.GaussianBlur(digit, (0, 0), 0.7)
    for _ in range(2):  # each pixel, every other time, from one up or left of it
        moved = rng.integers(-1, 1, (2, 28, 28)) * (rng.random((28, 28)) < 0.5)
        mixed = mixed[np.clip(_ROWS + moved[0], 0, 27), np.clip(_COLUMNS + moved[1], 0, 27)]
    return cv2.GaussianBlur(mixed, (0, 0), 0.7)


def motion_blur(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = np.deg2rad(rng.uniform(-45, 45))
    steps = np.arange(11)
    weights = np.exp(-(steps**2) / (2 * 3.0**2))
    moved = (
        _warped(digit, np.eye(2), step * np.array([np.cos(angle), np.sin(angle)])) for step in steps
    )
    trail = sum(w * m for w, m in zip(weights / weights.sum(), moved, strict=True))
    return np.rint(trail).astype(np.uint8)


def shear(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.array([[1, 0.4 * rng.choice([-1, 1])], [0, 1]]))


def scale(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.eye(2) * 0.7)


def rotate(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = 0.4 * rng.choice([-1, 1])
    return _warped(digit, np.array([[np.cos(angle), -np.sin(angle)],
                                    [np.sin(angle), np.cos(angle)]]))  # fmt: skip


def brightness(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _eight(digit / 255 + 0.5)


def translate(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.eye(2), 3 * rng.choice([-1, 1], 2))


def stripe(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    striped = digit.copy()
    striped[:, :7], striped[:, 21:] = 255 - digit[:, :7], 255 - digit[:, 21:]
    return striped


def fog(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clouds of all sizes from 256 pixels to one, each half as large 1.4 times as weak."""
    strengths = 1.4 ** -np.arange(9)
    cloud = np.zeros((28, 28))
    for level, strength in enumerate(strengths):
        cell = 256 >> level
        knots = rng.uniform(-1, 1, (-(-28 // cell) + 1,) * 2)
        whole = cv2.resize(knots, None, fx=cell, fy=cell, interpolation=cv2.INTER_LINEAR)
        top, left = rng.integers(0, cell, 2)
        cloud += strength * whole[top : top + 28, left : left + 28]
    # The map of 256 x 256 that this is a corner of lies within 4 deviations of its mean.
    deviation = np.sqrt((strengths**2).sum() / 3)
    veil = np.clip(0.5 + cloud / (8 * deviation), 0, 1)
    return _eight((digit / 255 + 3.0 * veil) * (digit.max() / (digit.max() + 3.0 * 255)))


def spatter(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drops = cv2.GaussianBlur(rng.normal(0.65, 0.3, (28, 28)), (0, 0), 1.0)
    mud = cv2.GaussianBlur((drops > 0.65).astype(np.float64), (0, 0), 1.5)
    mud[mud < 0.8] = 0
    return _eight(digit / 255 * (1 - mud) + 63 / 255 * mud)


def dotted_line(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    start, stop = rng.integers(0, 27, 2)
    line = _line(0, start, 27, stop)
    line[:, (np.arange(28) // 2) % 2 == 0] = 0
    return _eight(digit / 255 + line)


def zigzag(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Teeth two pixels high, one every four pixels, about a nearly level line."""
    start, rise = rng.integers(0, 27), rng.integers(-5, 5)
    angle = np.arctan(rise / 23)
    along = np.array([0.0, *np.arange(2.0, 23 / np.cos(angle), 4.0), 23 / np.cos(angle)])
    across = np.array([0.0, *(2.0 * (-1) ** np.arange(len(along) - 2)), 0.0])
    columns = 2 + along * np.cos(angle) - across * np.sin(angle)
    rows = start + along * np.sin(angle) + across * np.cos(angle)
    drawn = digit / 255
    for k in range(1, len(along)):
        drawn = np.clip(drawn + _line(columns[k - 1], rows[k - 1], columns[k], rows[k]), 0, 1)
    return _eight(drawn)


def canny_edges(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    smooth = cv2.GaussianBlur(digit, (0, 0), 1.0)
    return np.asarray(cv2.Canny(smooth, 26, 51, L2gradient=True))


CORRUPTIONS: dict[str, Corruption] = {
    corruption.__name__: corruption
    for corruption in (
        shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness,
        translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip


def _eight(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _warped(digit: np.ndarray, shape: np.ndarray, shift: np.ndarray | None = None) -> np.ndarray:
    middle = np.array([13.5, 13.5])
    offset = middle - shape @ middle + (0 if shift is None else shift)
    matrix = np.column_stack([shape, offset])
    return np.asarray(cv2.warpAffine(digit, matrix, (28, 28), flags=cv2.INTER_LINEAR))


def _line(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Return a line's strength 0..1: full on it, fading to nothing 1.45 rows above and below."""
    slope = (bottom - top) / (right - left)
    away = np.abs(_ROWS - (slope * (_COLUMNS - left) + top))
    strength = np.clip(1 + np.log(1 - np.minimum(away, 2.29) / 2.3), 0, 1)
    outside = (np.floor(left) > _COLUMNS) | (np.ceil(right) <= _COLUMNS)
    return np.where(outside, 0, strength)
