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

from siam.array_types import Tensor

__all__ = ["OUTLINE", "draw_bands", "draw_lines", "invert_bands", "put_lines"]

# Grey levels between the brightest and the darkest neighbour from which a pixel is an outline's.
OUTLINE = 80.0
# Corners of a line across a picture, both ends among them.
CORNERS = 9
# Widths of a band, as parts of the side that it cuts.
BANDS = (1 / 7, 3 / 7)


def draw_lines(
    n: int, height: int, width: int, share: float, rng: Any, library: Any = np
) -> dict[str, Tensor]:
    """Draw a line across each picture, straight or zigzag, in any direction.

    Args:
        n: pictures.
        height, width: of a picture in pixels.
        share: of the pictures that get a line, 0 to 1.
        rng: where all randomness comes from.
        library: whose arrays it draws, NumPy or `keras.ops`.

    Returns:
        "corners", floats (n, 9, 2), row and column of each corner of the line, and "line",
        floats (n, 2), its brightness up to 1 and half its width in pixels, both 0 for none.
    """
    side = min(height, width)
    angle = rng.uniform(0, 2 * np.pi, n)
    along = np.linspace(-0.75, 0.75, CORNERS, dtype=np.float32) * max(height, width)
    away = rng.uniform(-0.4, 0.4, n) * side
    teeth = rng.uniform(0, 0.1, n)[:, None] * side * rng.standard_normal((n, CORNERS), "float32")
    across = away[:, None] + teeth
    cosine, sine = library.cos(angle)[:, None], library.sin(angle)[:, None]
    rows = sine * along + cosine * across + (height - 1) / 2
    columns = cosine * along - sine * across + (width - 1) / 2
    bright = library.where(rng.random(n) < share, rng.uniform(0.5, 1, n), 0.0)
    half = library.where(bright > 0, rng.uniform(0.4, 1.1, n), 0.0)
    return {
        "corners": library.stack([rows, columns], axis=2),
        "line": library.stack([bright, half], axis=1),
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


def draw_bands(
    n: int, height: int, width: int, share: float, rng: Any, library: Any = np
) -> Tensor:
    """Draw a band from one side of each picture to the opposite one.

    Args:
        n: pictures.
        height, width: of a picture in pixels.
        share: of the pictures that get a band, 0 to 1.
        rng: where all randomness comes from.
        library: whose arrays it draws, NumPy or `keras.ops`.

    Returns:
        floats (n, 5): top, bottom, left and right of the band in pixels, the ends left out, all
        0 for none; and 1 where all but the band is meant, else 0.
    """
    lies = rng.random(n) < 0.5
    tall, broad = float(height), float(width)
    side = library.where(lies, tall, broad)
    thick = library.round(rng.uniform(*BANDS, n) * side)
    start = library.round(rng.uniform(0, 1, n) * (side - thick))
    edges = [
        library.where(lies, start, 0.0),
        library.where(lies, start + thick, tall),
        library.where(lies, 0.0, start),
        library.where(lies, broad, start + thick),
        library.where(rng.random(n) < 0.5, 1.0, 0.0),
    ]
    chosen = (rng.random(n) < share)[:, None]
    return library.where(chosen, library.stack(edges, axis=1), 0.0)


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
