"""The fifteen corruptions of MNIST-C, rebuilt with NumPy and OpenCV.

After Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv 1906.02337);
strengths follow the paper's words and figures, not its code: compare numbers only within siam.
Each takes a 28x28 uint8 digit, white on black, and returns another.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def shot_noise(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _eight(rng.poisson(digit / 255 * 5.0) / 5.0)


def impulse_noise(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chance = rng.random(digit.shape)
    noisy = np.where(chance < 0.05, 0, digit)
    return np.where(chance > 0.95, 255, noisy).astype(np.uint8)


def glass_blur(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    blurred = cv2.GaussianBlur(digit, (0, 0), 0.7)
    rows, columns = np.mgrid[0:28, 0:28]
    moved = rng.integers(-1, 2, (2, 28, 28))
    mixed = blurred[np.clip(rows + moved[0], 0, 27), np.clip(columns + moved[1], 0, 27)]
    return cv2.GaussianBlur(mixed, (0, 0), 0.7)


def motion_blur(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    kernel = np.zeros((9, 9), np.float32)
    kernel[4] = 1 / 9
    turn = cv2.getRotationMatrix2D((4, 4), float(rng.uniform(-45, 45)), 1)
    kernel = cv2.warpAffine(kernel, turn, (9, 9))
    return np.asarray(cv2.filter2D(digit, -1, kernel / kernel.sum()))


def shear(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.array([[1, 0.5 * rng.choice([-1, 1])], [0, 1]]))


def scale(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.eye(2) * rng.uniform(0.55, 0.7))


def rotate(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = np.deg2rad(rng.uniform(20, 32)) * rng.choice([-1, 1])
    return _warped(digit, np.array([[np.cos(angle), -np.sin(angle)],
                                    [np.sin(angle), np.cos(angle)]]))  # fmt: skip


def brightness(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _eight(digit / 255 + 0.5)


def translate(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _warped(digit, np.eye(2), rng.choice([-1, 1], 2) * rng.uniform(2, 4, 2))


def stripe(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    left = int(rng.integers(6, 12))
    striped = digit.copy()
    striped[:, left : left + 8] = 255 - striped[:, left : left + 8]
    return striped


def fog(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    cloud = sum(
        cv2.resize(rng.random((n, n)), (28, 28), interpolation=cv2.INTER_CUBIC) / n**0.5
        for n in (3, 5, 9, 17)
    )
    cloud = (cloud - cloud.min()) / np.ptp(cloud)
    return _eight((digit / 255 + 0.9 * cloud) / 1.9 * 1.4)


def spatter(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drops = cv2.GaussianBlur(rng.normal(0, 1, (28, 28)), (0, 0), 1.1)
    return _eight(np.maximum(digit / 255, (drops > 0.62) * 0.8))


def dotted_line(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _crossed(digit, rng, wobble=0.0, dotted=True)


def zigzag(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _crossed(digit, rng, wobble=2.0, dotted=False)


def canny_edges(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(cv2.Canny(cv2.GaussianBlur(digit, (0, 0), 0.8), 50, 120))


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


def _crossed(
    digit: np.ndarray, rng: np.random.Generator, *, wobble: float, dotted: bool
) -> np.ndarray:
    """Draw a line across the digit from border to border."""
    start, stop = np.array([0, rng.uniform(4, 24)]), np.array([27, rng.uniform(4, 24)])
    if rng.random() < 0.5:
        start, stop = start[::-1], stop[::-1]
    steps = np.linspace(0, 1, 15)[:, None]
    points = start + (stop - start) * steps
    points[1::2] += wobble
    points[::2] -= wobble
    crossed = digit.copy()
    for k, (a, b) in enumerate(zip(points, points[1:], strict=False)):
        if not (dotted and k % 2):
            ends = [tuple(int(v) for v in np.rint(end)) for end in (a, b)]
            cv2.line(crossed, ends[0], ends[1], 255, 1)
    return crossed
