"""Marks of no class, made to be learned from: what a network should find far from every class.

A network that only ever sees digits puts a letter beside the digit it resembles. Shown marks that
are none, and told to keep every class away from them, it learns what belongs to a class at all.
No picture from outside is needed: some are strokes of a pen that wanders, the others are taken
apart from the data set's own pictures: halves of two classes joined, two laid over each other, one
bent beyond reading.

D. Hendrycks, M. Mazeika, T. Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats, Integers, Pictures
from siam.datasets.dataset import Split

__all__ = ["OUTLIER_LABEL", "add_outliers", "draw_outliers", "pen_strokes"]

# The label of all outliers; the losses' `pair_masks` makes of it a class of nobody's.
OUTLIER_LABEL = -1
# Enough that none comes so often as to be learned by heart.
POOL = 12_000
# Shares of the pool: wandering strokes, halves joined, laid over each other, bent.
KINDS = (0.4, 0.25, 0.15, 0.2)
_FINE = 4  # pixels drawn for one of the picture's, along each side


def add_outliers(split: Split, *, seed: int, count: int = POOL) -> Split:
    """Return a split with outliers behind its own pictures, labelled `OUTLIER_LABEL`.

    Args:
        split: white marks on black, framed as MNIST's are; of two classes or more.
        seed: fixes the outliers.
        count: how many.
    """
    made = draw_outliers(split.pictures, split.labels, count=count, seed=seed)
    return Split(
        np.concatenate([split.pictures, made]),
        np.concatenate([split.labels, np.full(len(made), OUTLIER_LABEL, split.labels.dtype)]),
        split.origins + tuple(f"outlier/{number}" for number in range(len(made))),
    )


def draw_outliers(pictures: Pictures, labels: Integers, *, count: int, seed: int) -> Pictures:
    """Make marks of no class.

    Args:
        pictures: uint8 (n, height, width, channels), white marks on black.
        labels: int64 (n,), of two classes or more.
        count: how many to make.
        seed: fixes them.

    Returns:
        uint8 (count, height, width, channels).

    Example:
        >>> pictures = np.zeros((4, 28, 28, 1), np.uint8)
        >>> draw_outliers(pictures, np.array([0, 0, 1, 1]), count=10, seed=0).shape
        (10, 28, 28, 1)
    """
    rng = np.random.default_rng([seed, 2])
    strokes, joined, laid, bent = np.random.default_rng(seed).multinomial(count, KINDS)
    made = [
        pen_strokes(strokes, pictures.shape[1:3], rng)[..., None].repeat(pictures.shape[3], axis=3),
        _join(pictures, labels, joined, rng),
        _overlay(pictures, labels, laid, rng),
        _bend(pictures, bent, rng),
    ]
    return np.concatenate(made)


def pen_strokes(count: int, size: tuple[int, int], rng: np.random.Generator) -> Pictures:
    """Draw marks of one to five strokes: straight lines, arcs, and curves that wander.

    Args:
        count: how many marks.
        size: (height, width) in pixels; a mark's longer side takes 20 / 28 of the shorter one.
        rng: where all randomness comes from.

    Returns:
        uint8 (count, height, width), white on black, centre of mass in the middle.
    """
    made = np.empty((count, *size), np.uint8)
    for number in range(count):
        made[number] = _ink(_strokes(rng), rng.uniform(0.09, 0.17), size)
    return made


def _strokes(rng: np.random.Generator) -> list[Floats]:
    """One to five strokes, float64 (points, 2) each, in a square of about 1 x 1."""
    strokes: list[Floats] = []
    count = rng.choice([1, 2, 3, 4, 5], p=[0.2, 0.3, 0.25, 0.15, 0.1])
    for _ in range(count):
        start = rng.uniform(0.1, 0.9, 2)
        if strokes and rng.random() < 0.5:  # strokes of one mark mostly touch
            other = strokes[rng.integers(len(strokes))]
            start = other[rng.integers(len(other))]
        kind = rng.random()
        if kind < 0.3 and count > 1:  # a straight line alone may well be of a class
            strokes.append(np.stack([start, rng.uniform(0.05, 0.95, 2)]))
        elif kind < 0.55:
            first, turn = rng.uniform(0, 2 * np.pi), rng.uniform(2, 2 * np.pi)
            angles = first + np.linspace(0, turn, 24)
            radii = rng.uniform(0.1, 0.36, 2)
            arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii
            strokes.append(start + arc - arc[0])
        else:
            steps = rng.normal(0, 0.28, (rng.integers(2, 5), 2))
            corners = np.clip(np.cumsum([start, *steps], axis=0), 0.05, 0.95)
            strokes.append(_smooth(corners) if rng.random() < 0.7 else corners)
    return strokes


def _smooth(corners: Floats) -> Floats:
    """A Catmull-Rom curve through corners (n, 2)."""
    before, after = 2 * corners[0] - corners[1], 2 * corners[-1] - corners[-2]
    knots = np.concatenate([before[None], corners, after[None]])[:, None]
    a, b, c, d = (knots[first : len(corners) - 1 + first] for first in range(4))
    t = np.linspace(0, 1, 10, endpoint=False)[:, None]
    cubic = (3 * b - 3 * c + d - a) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
    curve = 0.5 * (2 * b + (c - a) * t + cubic)
    return np.concatenate([curve.reshape(-1, 2), corners[-1:]])


def _ink(strokes: list[Floats], thick: float, size: tuple[int, int]) -> Pictures:
    """Draw strokes framed as MNIST's digits are: longer side 20 of 28, centre of mass central.

    Args:
        strokes: as `_strokes` makes them.
        thick: line width as a part of the mark's longer side.
        size: (height, width) in pixels.
    """
    import cv2

    inner = 20 / 28 * min(size) * _FINE
    points = np.concatenate(strokes)
    low, span = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1e-6)
    pen = max(1, round(thick * inner))
    height, width = size[0] * _FINE, size[1] * _FINE
    canvas = np.zeros((height, width), np.uint8)
    fitted = [(stroke - low) / span * (inner - pen) + pen / 2 for stroke in strokes]
    corners = [np.rint(stroke).astype(np.int32) for stroke in fitted]
    cv2.polylines(canvas, corners, False, 255, pen, cv2.LINE_AA)
    moments = cv2.moments(canvas)
    right = round(width / 2 - moments["m10"] / moments["m00"])
    down = round(height / 2 - moments["m01"] / moments["m00"])
    move = np.array([[1, 0, right], [0, 1, down]], np.float32)
    # By whole pixels.
    moved = cv2.warpAffine(canvas, move, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(moved, (size[1], size[0]), interpolation=cv2.INTER_AREA))


def _two_classes(
    labels: Integers, count: int, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Positions of `count` pairs of pictures of two classes."""
    first = rng.integers(len(labels), size=count)
    second = rng.integers(len(labels), size=count)
    while (alike := labels[first] == labels[second]).any():
        second[alike] = rng.integers(len(labels), size=int(alike.sum()))
    return first, second


def _join(pictures: Pictures, labels: Integers, count: int, rng: np.random.Generator) -> Pictures:
    """Halves of two classes, cut along a line in any direction near the middle."""
    first, second = _two_classes(labels, count, rng)
    height, width = pictures.shape[1:3]
    rows, columns = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    angle = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    cut = rng.uniform(-0.1, 0.1, (count, 1, 1)) * min(height, width)
    side = np.cos(angle) * columns + np.sin(angle) * rows > cut
    other = pictures[second]
    flipped = rng.random(count) < 0.25
    other[flipped] = other[flipped, ::-1]
    mirrored = rng.random(count) < 0.25
    other[mirrored] = other[mirrored, :, ::-1]
    joined: Pictures = np.where(side[..., None], pictures[first], other)
    return joined


def _overlay(
    pictures: Pictures, labels: Integers, count: int, rng: np.random.Generator
) -> Pictures:
    """Two classes over each other, the second moved by up to a fifth of the side."""
    first, second = _two_classes(labels, count, rng)
    reach = min(pictures.shape[1:3]) // 5
    moves = rng.integers(-reach, reach + 1, (count, 2))
    laid: Pictures = pictures[first]
    for number, (at, move) in enumerate(zip(second, moves, strict=True)):
        np.maximum(laid[number], np.roll(pictures[at], move, (0, 1)), out=laid[number])
    return laid


def _bend(pictures: Pictures, count: int, rng: np.random.Generator) -> Pictures:
    """Pictures bent so far that nothing of their class is left."""
    from siam.recipe import AugmentPolicy
    from siam.training.augmentation.cpu import augment_batch

    chosen = pictures[rng.integers(len(pictures), size=count)]
    far = AugmentPolicy(rotation=60, scale=0.2, shear=0.4, elastic=0.12)
    return augment_batch(chosen, rng=rng, policy=far)
