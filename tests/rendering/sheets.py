"""Photos of a digit on a sheet of paper that fills the picture. One function per kind."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, glared, lit, photographed, shaded, turned_by_exif
from rendering.strokes import Glyph
from rendering.writing import INKS, PENCIL, SHEETS, chosen, eight, jpeg, placed


def on_sheet(
    glyph: Glyph,
    rng: np.random.Generator,
    *,
    sides: tuple[int, int] = (250, 900),
    sheets: tuple = SHEETS,
    inks: tuple = INKS,
    pens: tuple[float, float] = (0.03, 0.08),
    parts: tuple[float, float] = (0.25, 0.75),
    rough: float = 0.012,
    fall: float = 0.35,
    cover: tuple[float, float] = (0.75, 1.0),
    pressure: float = 0.3,
    ground: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
) -> np.ndarray:
    """Return the written sheet under uneven light, before the camera."""
    side = int(rng.integers(*sides))
    sheet = paper.fibrous(side, int(side * rng.uniform(0.75, 1.4)), chosen(rng, sheets), rng,
                          rough=rough)  # fmt: skip
    if ground is not None:
        sheet = ground(sheet, rng)
    scene = placed(sheet, glyph, rng, part=rng.uniform(*parts), pen=rng.uniform(*pens),
                   colour=chosen(rng, inks), pressure=pressure,
                   cover=rng.uniform(*cover))  # fmt: skip
    return lit(scene, rng, fall=rng.uniform(0.1, fall))


def taken(scene: np.ndarray, rng: np.random.Generator, *, noise: float = 0.015) -> bytes:
    blur = rng.uniform(0.3, 1.0) * scene.shape[1] / 500
    return jpeg(photographed(scene, rng, blur=blur, noise=noise), rng)


def photo_pen(glyph: Glyph, rng: np.random.Generator) -> bytes:
    return taken(on_sheet(glyph, rng), rng)


def photo_marker(glyph: Glyph, rng: np.random.Generator) -> bytes:
    return taken(on_sheet(glyph, rng, pens=(0.09, 0.18)), rng)


def photo_pencil(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, inks=(PENCIL,), pens=(0.02, 0.05), cover=(0.5, 0.8))
    return taken(scene, rng)


def photo_shadow(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, pens=(0.03, 0.12))
    scene = shaded(scene, rng, depth=rng.uniform(0.25, 0.6), soft=rng.uniform(0.01, 0.2))
    return taken(scene, rng)


def photo_ruled(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        colour = chosen(rng, ((0.55, 0.65, 0.85), (0.6, 0.6, 0.65), (0.5, 0.7, 0.75)))
        pitch = rng.uniform(0.06, 0.25) * sheet.shape[0]
        return paper.ruled(sheet, rng, pitch=pitch, colour=colour, square=False,
                           strength=rng.uniform(0.5, 1), margin=rng.random() < 0.4)  # fmt: skip

    return taken(on_sheet(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_squared(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        colour = chosen(rng, ((0.6, 0.7, 0.88), (0.65, 0.65, 0.7), (0.7, 0.6, 0.8)))
        pitch = rng.uniform(0.04, 0.18) * sheet.shape[0]
        return paper.ruled(sheet, rng, pitch=pitch, colour=colour, square=True,
                           strength=rng.uniform(0.4, 0.9))  # fmt: skip

    return taken(on_sheet(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_coloured_paper(glyph: Glyph, rng: np.random.Generator) -> bytes:
    sheets = ((0.95, 0.88, 0.4), (0.95, 0.6, 0.7), (0.55, 0.8, 0.55), (0.5, 0.7, 0.9),
              (0.72, 0.56, 0.4))  # fmt: skip
    return taken(on_sheet(glyph, rng, sheets=sheets, pens=(0.04, 0.14)), rng)


def photo_chalkboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(250, 800))
    ground = paper.chalkboard(side, int(side * rng.uniform(0.8, 1.4)), rng)
    ink = ((0.9, 0.9, 0.88), (0.9, 0.85, 0.5), (0.85, 0.6, 0.65))
    scene = placed(ground, glyph, rng, part=rng.uniform(0.3, 0.8), pen=rng.uniform(0.04, 0.1),
                   colour=chosen(rng, ink), pressure=0.4, cover=rng.uniform(0.6, 0.95))  # fmt: skip
    grit = paper.clouds(*ground.shape[:2], rng, grain=2.5)[..., None]
    scene = np.where(scene > ground + 0.1, scene + 0.08 * grit, scene)
    return taken(lit(scene, rng, fall=0.3), rng, noise=0.02)


def photo_whiteboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, sheets=((0.82, 0.84, 0.86),), pens=(0.04, 0.12), rough=0.005)
    return taken(glared(scene * 0.85, rng), rng)


def photo_dim(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, pens=(0.04, 0.12), fall=0.5) * rng.uniform(0.25, 0.5)
    return taken(scene, rng, noise=rng.uniform(0.02, 0.045))


def photo_blurred(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, parts=(0.4, 0.75), pens=(0.05, 0.12))
    side = min(scene.shape[:2])
    pixels = photographed(scene, rng, blur=rng.uniform(0.004, 0.014) * side, noise=0.015,
                          shake=rng.uniform(0.0, 0.04) * side)  # fmt: skip
    return jpeg(pixels, rng)


def photo_creased(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return paper.creased(sheet, rng, folds=int(rng.integers(2, 9)))

    return taken(on_sheet(glyph, rng, ground=ground, pens=(0.04, 0.12)), rng)


def photo_exif(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, pens=(0.04, 0.12))
    pixels = photographed(scene, rng, blur=0.8, noise=0.015)
    return turned_by_exif(pixels, (3, 6, 8)[rng.integers(3)], quality=85)


def photo_large(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, sides=(1800, 3000), pens=(0.03, 0.1))
    return encoded(photographed(scene, rng, blur=2.0, noise=0.02), "JPEG", quality=80)


def photo_small_in_large(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, sides=(900, 1600), parts=(0.06, 0.15), pens=(0.06, 0.12))
    return taken(scene, rng)


def photo_dotted(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pitch = rng.uniform(0.05, 0.12) * sheet.shape[0]
        size = max(1, round(pitch / 16))
        for y in np.arange(pitch / 2, sheet.shape[0], pitch):
            for x in np.arange(pitch / 2, sheet.shape[1], pitch):
                cv2.circle(sheet, (int(x), int(y)), size, (0.5, 0.5, 0.55), -1)
        return sheet

    return taken(on_sheet(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_thumbnail(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, sides=(200, 400), parts=(0.5, 0.8), pens=(0.06, 0.14))
    side = int(rng.integers(28, 60))
    small = cv2.resize(eight(scene), (side, side), interpolation=cv2.INTER_AREA)
    return encoded(small, "PNG") if rng.random() < 0.5 else jpeg(small, rng)
