"""What kind of picture a picture is, in a few numbers: its colours, its edges, its spectrum.

No network knows more than it was taught: one that tells hands apart may put a face beside a hand.
What it never had to look at, the light and the grain of the pictures, tells such a face from them.
NumPy alone, less than a millisecond a picture, for a query waits for it.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from siam.array_types import Booleans, Floats, Pictures, Vectors

__all__ = ["describe_pictures"]

SIDE = 32
# Of the spectrum: frequencies between rings, in cycles per pixel, and directions in half a turn.
RINGS, DIRECTIONS = (0.02, 0.05, 0.09, 0.14, 0.2, 0.28, 0.38, 0.51), 4
GREYS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
EDGES = (0.25, 0.5, 0.75, 0.9, 0.98)
COLOURS = (0.1, 0.5, 0.9)


def describe_pictures(pictures: Pictures) -> Floats:
    """Describe pictures as they are shown to a network.

    Args:
        pictures: uint8 (n, height, width, channels).

    Returns:
        float64 (n, d): of each picture, made 32 x 32 pixels large, the logarithm of its power by
        frequency and direction, the spread of its greys, its mean colours, the spread of how
        coloured it is, and of its edges.

    Example:
        >>> describe_pictures(np.zeros((2, 28, 28, 1), np.uint8)).shape[0]
        2
    """
    count, height, width, channels = pictures.shape
    down, across = average_to(height), average_to(width)
    small = np.empty((count, SIDE, SIDE, channels), np.float32)
    for place, picture in enumerate(pictures):  # all at once would take gigabytes
        rows = np.tensordot(down, picture.astype(np.float32), axes=(1, 0))
        small[place] = np.tensordot(rows, across, axes=(1, 1)).transpose(0, 2, 1)
    grey = small.mean(axis=-1)
    down_edges, across_edges = np.gradient(grey, axis=(1, 2))
    edges = np.hypot(down_edges, across_edges).reshape(count, -1)
    parts = [
        describe_spectrum(grey),
        np.quantile(grey.reshape(count, -1), GREYS, axis=1).T / 255,
        small.mean(axis=(1, 2)) / 255,
        np.log1p(np.quantile(edges, EDGES, axis=1).T),
    ]
    if channels > 1:
        coloured = (small.max(axis=-1) - small.min(axis=-1)).reshape(count, -1)
        parts.append(np.quantile(coloured, COLOURS, axis=1).T / 255)
    return np.concatenate(parts, axis=1)


def describe_spectrum(grey: Vectors) -> Floats:
    """Return the logarithm of the power in each ring and direction, float64 (n, parts)."""
    window = np.hanning(SIDE)
    centred = (grey - grey.mean(axis=(1, 2), keepdims=True)) * window[:, None] * window
    power = np.abs(np.fft.fft2(centred)) ** 2
    return np.stack([np.log(power[:, part].mean(axis=1) + 10) for part in spectrum_parts()], axis=1)


@cache
def spectrum_parts() -> tuple[Booleans, ...]:
    """Return which frequencies lie in each ring and direction, without empty ones."""
    down, across = np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None]
    radius, angle = np.hypot(down, across), np.arctan2(down, across) % np.pi
    direction = np.floor(angle * DIRECTIONS / np.pi + 0.5) % DIRECTIONS
    parts = [
        (radius >= inner) & (radius < outer) & (direction == number)
        for inner, outer in zip(RINGS, RINGS[1:], strict=False)
        for number in range(DIRECTIONS)
    ]
    return tuple(part for part in parts if part.any())


@cache
def average_to(side: int) -> Vectors:
    """Return float32 (32, side), rows that average a side's pixels, parts of pixels included."""
    starts = np.linspace(0, side, SIDE + 1)
    pixels = np.arange(side)
    lower = np.maximum(starts[:-1, None], pixels)
    upper = np.minimum(starts[1:, None], pixels + 1)
    shares: Vectors = (np.maximum(upper - lower, 0) * (SIDE / side)).astype(np.float32)
    return shares
