"""Digits drawn in apps and windows, whose furniture comes along. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded
from rendering.paper import Colour
from rendering.strokes import Glyph
from rendering.writing import WHITE, chosen, eight, jpeg, placed

CRAYONS = ((0.9, 0.1, 0.1), (0.1, 0.3, 0.9), (0.1, 0.6, 0.2), (0.95, 0.5, 0.1), (0.6, 0.2, 0.7),
           (0.0, 0.0, 0.0), (1.0, 0.85, 0.1), (0.1, 0.75, 0.8))  # fmt: skip
CANVASES = ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.98, 0.95, 0.85), (0.15, 0.2, 0.35),
            (0.75, 0.9, 0.75), (0.95, 0.75, 0.8))  # fmt: skip


def paint_pencil(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """One hard pixel wide, on the canvas that a drawing program opens with."""
    height, width = ((600, 800), (648, 1152), (480, 640))[rng.integers(3)]
    scene = placed(paper.plain(height, width, WHITE), glyph, rng, part=rng.uniform(0.08, 0.7),
                   pen=0.0, colour=(0, 0, 0), antialias=False, off=0.9)  # fmt: skip
    return encoded(eight(scene), "PNG")


def finger_app(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A fat round stroke on an upright telephone's canvas."""
    width = int(rng.integers(180, 540))
    ground, ink = _apart(rng, 0.5)
    scene = placed(paper.plain(int(width * rng.uniform(1.3, 2.1)), width, ground), glyph, rng,
                   part=rng.uniform(0.4, 0.85), pen=rng.uniform(0.06, 0.16),
                   colour=ink)  # fmt: skip
    return jpeg(eight(scene), rng) if rng.random() < 0.5 else encoded(eight(scene), "PNG")


def finger_app_bars(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The same as a screenshot: a status bar above, tools below."""
    width = int(rng.integers(240, 600))
    height = int(width * rng.uniform(1.6, 2.1))
    ground, ink = _apart(rng, 0.5)
    scene = placed(paper.plain(height, width, ground), glyph, rng, part=rng.uniform(0.4, 0.7),
                   pen=rng.uniform(0.06, 0.14), colour=ink, off=0.4)  # fmt: skip
    bar: Colour = ((0.95,) * 3, (0.1,) * 3, (0.2, 0.4, 0.8))[rng.integers(3)]
    mark = (0.15,) * 3 if sum(bar) > 1.5 else (0.95,) * 3
    top, bottom = int(0.04 * height), int(0.09 * height)
    scene[:top], scene[height - bottom :] = bar, bar
    for k in range(5):
        middle = (int((k + 0.5) * width / 5), height - bottom // 2)
        cv2.circle(scene, middle, bottom // 4, chosen(rng, (mark, *CRAYONS)), -1)
    for k in range(4):  # the time, too small to read
        corner = (top // 2 + k * top // 2, top // 3)
        cv2.rectangle(scene, corner, (corner[0] + top // 4, int(0.7 * top)), mark, 1)
    return encoded(eight(scene), "PNG")


def window(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A drawing program's window: tools above, a grey desk around a white canvas."""
    height, width = int(rng.integers(400, 800)), int(rng.integers(600, 1200))
    scene = paper.plain(height, width, (0.78, 0.81, 0.86))
    tools = int(rng.uniform(0.1, 0.18) * height)
    scene[:tools] = (0.96, 0.96, 0.97)
    for k in range(int(rng.integers(5, 14))):
        left = int((0.02 + 0.065 * k) * width)
        box = (left, tools // 4), (left + tools // 3, tools // 4 + tools // 3)
        cv2.rectangle(scene, *box, chosen(rng, CRAYONS), -1 if k % 2 else 1)
    low, right = int(height * rng.uniform(0.85, 0.97)), int(width * rng.uniform(0.7, 0.98))
    top, left = tools + int(rng.integers(2, 12)), int(rng.integers(2, 12))
    canvas = paper.plain(low - top, right - left, WHITE)
    scene[top:low, left:right] = placed(
        canvas, glyph, rng, part=rng.uniform(0.45, 0.8), pen=rng.uniform(0.02, 0.12),
        colour=(0, 0, 0), antialias=False, off=0.5,
    )  # fmt: skip
    return encoded(eight(scene), "PNG")


def same_lightness(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Ink and ground of two colours and one lightness, which plain grey does not tell apart."""
    pairs = (
        ((0.85, 0.3, 0.3), (0.2, 0.57, 0.3)),
        ((0.45, 0.45, 0.95), (0.4, 0.55, 0.2)),
        ((0.9, 0.5, 0.75), (0.55, 0.66, 0.7)),
        ((0.95, 0.6, 0.2), (0.45, 0.75, 0.9)),
    )
    one, other = pairs[rng.integers(len(pairs))]
    if rng.random() < 0.5:
        one, other = other, one
    side = int(rng.integers(100, 500))
    scene = placed(paper.fibrous(side, side, one, rng, rough=0.006), glyph, rng,
                   part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.05, 0.14),
                   colour=other)  # fmt: skip
    return encoded(eight(scene), "PNG") if rng.random() < 0.5 else jpeg(eight(scene), rng)


def sprayed(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The spray can: dots scattered about the line."""
    side = int(rng.integers(150, 600))
    cover = placed(paper.plain(side, side, (0, 0, 0)), glyph, rng, part=rng.uniform(0.5, 0.75),
                   pen=rng.uniform(0.06, 0.14), colour=WHITE)[..., 0]  # fmt: skip
    soft = cv2.GaussianBlur(cover, (0, 0), side * 0.012)
    dots = rng.random((side, side)) < soft * rng.uniform(0.25, 0.6)
    scene = np.where(dots[..., None], np.array(chosen(rng, CRAYONS[:6])), 1.0)
    return encoded(eight(scene), "PNG")


def glowing(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A neon brush: a bright core in a wide glow on black."""
    side = int(rng.integers(150, 700))
    cover = placed(paper.plain(side, side, (0, 0, 0)), glyph, rng, part=rng.uniform(0.4, 0.75),
                   pen=rng.uniform(0.04, 0.1), colour=WHITE)[..., :1]  # fmt: skip
    halo = cv2.GaussianBlur(cover, (0, 0), side * rng.uniform(0.01, 0.04))[..., None]
    scene = np.maximum(cover, halo * np.array(chosen(rng, CRAYONS[:5] + CRAYONS[6:])))
    return encoded(eight(scene), "PNG")


def pen_tool(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A broad nib held at a slant: thick one way, thin the other."""
    side = int(rng.integers(120, 500))
    cover = placed(paper.plain(side, side, (0, 0, 0)), glyph, rng, part=rng.uniform(0.45, 0.75),
                   pen=0.02, colour=WHITE)[..., 0]  # fmt: skip
    nib = max(3, int(rng.uniform(0.04, 0.09) * side) | 1)
    cover = cv2.dilate(cover, np.eye(nib, dtype=np.uint8)[:: rng.choice([-1, 1])])
    ground, ink = _apart(rng, 0.6)
    scene = np.array(ground) * (1 - cover[..., None]) + np.array(ink) * cover[..., None]
    return encoded(eight(scene), "PNG")


def fake_transparent(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A chequered ground that once stood for transparency."""
    side, square = int(rng.integers(150, 500)), int(rng.integers(6, 14))
    rows, columns = np.mgrid[0:side, 0:side] // square
    ground = np.where(((rows + columns) % 2)[..., None], 1.0, 0.8) * np.ones(3)
    scene = placed(ground, glyph, rng, part=rng.uniform(0.5, 0.8), pen=rng.uniform(0.06, 0.14),
                   colour=chosen(rng, CRAYONS[:6]))  # fmt: skip
    return encoded(eight(scene), "PNG")


def _apart(rng: np.random.Generator, least: float) -> tuple[Colour, Colour]:
    """Return a canvas and an ink that a person can tell apart: `least` of lightness or colour."""
    while True:
        ground, ink = chosen(rng, CANVASES), chosen(rng, (*CRAYONS, WHITE))
        if np.abs(np.subtract(ground, ink)).max() > least:
            return ground, ink
