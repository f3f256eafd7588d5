"""Write a glyph on a ground, in the colours that people use, and keep it as a file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rendering.camera import encoded
from rendering.paper import Colour
from rendering.strokes import Glyph, drawn

Scene = Callable[[Glyph, np.random.Generator], bytes]

BLACK, WHITE = (0.05, 0.05, 0.06), (1.0, 1.0, 1.0)
INKS = ((0.08, 0.08, 0.1), (0.1, 0.15, 0.5), (0.65, 0.1, 0.12), (0.1, 0.4, 0.2), (0.35, 0.15, 0.4))
PENCIL = (0.38, 0.38, 0.4)
SHEETS = ((0.93, 0.92, 0.9), (0.88, 0.88, 0.9), (0.95, 0.93, 0.85), (0.8, 0.8, 0.8))


def placed(
    ground: np.ndarray,
    glyph: Glyph,
    rng: np.random.Generator,
    *,
    part: float,
    pen: float,
    colour: Colour,
    antialias: bool = True,
    pressure: float = 0.0,
    off: float = 0.6,
    cover: float = 1.0,
) -> np.ndarray:
    """Write the glyph on the ground.

    Args:
        ground: float RGB (h, w, 3).
        glyph: strokes.
        rng: where it goes.
        part: its height as a part of the ground's height.
        pen: the line's width as a part of the digit's height; at least one pixel.
        colour: of the ink.
        antialias: False for hard pixels.
        pressure: how uneven the line's width is.
        off: how far off the middle it may lie, as a part of the room that there is.
        cover: how much of the ground the ink hides.
    """
    height, width = ground.shape[:2]
    tall = part * min(height, width)
    mask = drawn(glyph, max(8, round(tall)), max(1.0, pen * tall), antialias=antialias,
                 pressure=pressure, rng=rng)  # fmt: skip
    mask = mask[:height, :width] * cover
    rows, columns = mask.shape
    top = round((height - rows) * (0.5 + off * rng.uniform(-0.5, 0.5)))
    left = round((width - columns) * (0.5 + off * rng.uniform(-0.5, 0.5)))
    picture = ground.astype(np.float32).copy()
    part_of = picture[top : top + rows, left : left + columns]
    part_of[:] = part_of * (1 - mask[..., None]) + np.array(colour, np.float32) * mask[..., None]
    return picture


def chosen(rng: np.random.Generator, options: tuple) -> Colour:
    return options[rng.integers(len(options))]


def jpeg(pixels: np.ndarray, rng: np.random.Generator) -> bytes:
    return encoded(pixels, "JPEG", quality=int(rng.integers(60, 93)))


def eight(scene: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(scene, 0, 1) * 255).astype(np.uint8)
