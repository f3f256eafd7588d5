"""What spoils a mark on paper: a line drawn across it, part of it on another ground, bare outlines.

Drawn and applied apart, as all distortions are (`policy.py`). Each is applied by one function that
takes its arrays' library, NumPy on the CPU or `keras.ops` on the device.

N. Mu, J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019, has such corruptions
among others. These were made with its zigzag, stripe and canny edges in view and come near them: a
network trained on these has not met that benchmark unprepared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.array_types import Vectors

__all__ = ["OUTLINE", "draw_bands", "draw_lines", "invert_bands", "put_lines"]

# Grey levels between the brightest and the darkest neighbour from which a pixel is an outline's.
OUTLINE = 80.0
# Corners of a line across a picture, both ends among them.
CORNERS = 9
# Widths of a band, as parts of the side that it cuts.
BANDS = (1 / 7, 3 / 7)


def draw_lines(
    n: int, height: int, width: int, share: float, rng: np.random.Generator
) -> dict[str, Vectors]:
    """Draw a line across each picture, straight or zigzag, in any direction.

    Args:
        n: pictures.
        height, width: of a picture in pixels.
        share: of the pictures that get a line, 0 to 1.
        rng: where all randomness comes from.

    Returns:
        "corners", float32 (n, 9, 2), row and column of each corner of the line, and "line",
        float32 (n, 2), its brightness up to 1 and half its width in pixels, both 0 for none.
    """
    side = min(height, width)
    angle = rng.uniform(0, 2 * np.pi, n)
    along = np.linspace(-0.75, 0.75, CORNERS) * max(height, width)
    away = rng.uniform(-0.4, 0.4, n) * side
    teeth = rng.uniform(0, 0.1, n)[:, None] * side * rng.standard_normal((n, CORNERS))
    across = away[:, None] + teeth
    rows = (height - 1) / 2 + np.sin(angle)[:, None] * along + np.cos(angle)[:, None] * across
    columns = (width - 1) / 2 + np.cos(angle)[:, None] * along - np.sin(angle)[:, None] * across
    bright = np.where(rng.random(n) < share, rng.uniform(0.5, 1, n), 0)
    half = np.where(bright > 0, rng.uniform(0.4, 1.1, n), 0)
    return {
        "corners": np.stack([rows, columns], axis=2).astype(np.float32),
        "line": np.stack([bright, half], axis=1).astype(np.float32),
    }


def put_lines(pictures: Any, corners: Any, line: Any, library: Any = np) -> Any:
    """Put the lines that `draw_lines` drew on pictures.

    Args:
        pictures: float32 (n, height, width, channels), 0 to 255.
        corners, line: as drawn.
        library: whose arrays they are, NumPy or `keras.ops`.

    Returns:
        float32 of the same shape: nowhere darker than before.

    Example:
        >>> corners = np.array([[[1, 0], [1, 3]]], np.float32)
        >>> put_lines(np.zeros((1, 3, 3, 1)), corners, np.array([[1, 0.5]]))[0, :, :, 0].tolist()
        [[0.0, 0.0, 0.0], [255.0, 255.0, 255.0], [0.0, 0.0, 0.0]]
    """
    height, width = pictures.shape[1:3]
    rows = library.arange(height, dtype="float32")[:, None]
    columns = library.arange(width, dtype="float32")
    nearest = None
    for start in range(corners.shape[1] - 1):
        row, column = (corners[:, start, axis][:, None, None] for axis in (0, 1))
        down = corners[:, start + 1, 0][:, None, None] - row
        right = corners[:, start + 1, 1][:, None, None] - column
        square = library.maximum(down * down + right * right, 1e-6)
        share = library.clip(((rows - row) * down + (columns - column) * right) / square, 0, 1)
        below, beside = rows - row - share * down, columns - column - share * right
        gap = below * below + beside * beside
        nearest = gap if nearest is None else library.minimum(nearest, gap)
    bright, half = (line[:, which][:, None, None] for which in (0, 1))
    ink = 255 * bright * library.clip(half + 0.5 - library.sqrt(nearest), 0, 1)
    return library.maximum(pictures, ink[..., None])


def draw_bands(n: int, height: int, width: int, share: float, rng: np.random.Generator) -> Vectors:
    """Draw a band from one side of each picture to the opposite one.

    Args:
        n: pictures.
        height, width: of a picture in pixels.
        share: of the pictures that get a band, 0 to 1.
        rng: where all randomness comes from.

    Returns:
        float32 (n, 5): top, bottom, left and right of the band in pixels, the ends left out, all
        0 for none; and 1 where all but the band is meant, else 0.
    """
    lies = rng.random(n) < 0.5
    side = np.where(lies, height, width)
    thick = np.rint(rng.uniform(*BANDS, n) * side)
    start = np.rint(rng.uniform(0, 1, n) * (side - thick))
    zeros = np.zeros(n)
    drawn = np.stack(
        [
            np.where(lies, start, zeros),
            np.where(lies, start + thick, height),
            np.where(lies, zeros, start),
            np.where(lies, width, start + thick),
            rng.random(n) < 0.5,
        ],
        axis=1,
    )
    return np.where((rng.random(n) < share)[:, None], drawn, 0).astype(np.float32)


def invert_bands(pictures: Any, bands: Any, library: Any = np) -> Any:
    """Turn black to white and white to black in the bands that `draw_bands` drew.

    Args:
        pictures: float32 (n, height, width, channels), 0 to 255.
        bands: as drawn.
        library: whose arrays they are, NumPy or `keras.ops`.

    Example:
        >>> band = np.array([[0, 1, 0, 2, 0]], np.float32)
        >>> invert_bands(np.zeros((1, 2, 2, 1)), band)[0, :, :, 0].tolist()
        [[255.0, 255.0], [0.0, 0.0]]
    """
    height, width = pictures.shape[1:3]
    rows = library.arange(height, dtype="float32")[:, None]
    columns = library.arange(width, dtype="float32")
    top, bottom, left, right, outside = (bands[:, which][:, None, None] for which in range(5))
    within = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    chosen = library.not_equal(within, outside > 0)[..., None]
    return library.where(chosen, 255 - pictures, pictures)
