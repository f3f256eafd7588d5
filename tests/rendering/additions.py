"""Digits with something added by hand: a line, a ring, words, bars. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, photographed
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph, drawn
from rendering.writing import INKS, SHEETS, WHITE, chosen, eight, jpeg, placed


def underlined(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A digit underlined with the same pen, so that 6 is no 9."""
    side = int(rng.integers(200, 700))
    ink, pen = chosen(rng, INKS), rng.uniform(0.04, 0.1)
    tall = round(rng.uniform(0.4, 0.6) * side)
    mask = drawn(glyph, tall, max(1.0, pen * tall))
    top, left = int(0.15 * side), (side - mask.shape[1]) // 2
    scene = paper.fibrous(side, side, chosen(rng, SHEETS), rng)
    part = scene[top : top + mask.shape[0], left : left + mask.shape[1]]
    part[:] = part * (1 - mask[..., None]) + np.array(ink) * mask[..., None]
    row = top + mask.shape[0] + rng.uniform(0.09, 0.18) * tall
    over = max(rng.uniform(0.1, 0.4) * mask.shape[1], 0.15 * tall)
    ends = (left - over, row), (left + mask.shape[1] + over, row + rng.normal(0, 0.03) * tall)
    corners = [tuple(int(v) for v in end) for end in ends]
    cv2.line(scene, *corners, ink, max(1, round(pen * tall)), cv2.LINE_AA)
    return jpeg(photographed(scene, rng, blur=side / 500, noise=0.012), rng)


def circled(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A digit in a ring drawn by hand, closed, open or overlapping."""
    side = int(rng.integers(200, 700))
    ink, pen = chosen(rng, INKS), rng.uniform(0.04, 0.1)
    tall = rng.uniform(0.35, 0.5) * side
    scene = placed(paper.fibrous(side, side, chosen(rng, SHEETS), rng), glyph, rng,
                   part=tall / side, pen=pen, colour=ink, off=0.0)  # fmt: skip
    turns = np.linspace(0, 2 * np.pi + rng.uniform(-0.25, 0.3), 60) + rng.uniform(0, 6.3)
    reach = (1 + 0.04 * np.cumsum(rng.normal(0, 0.25, 60))) * 0.5 * tall * rng.uniform(1.45, 1.8)
    points = np.stack([np.cos(turns), np.sin(turns)], 1) * reach[:, None] + side / 2
    cv2.polylines(scene, [np.rint(points).astype(np.int32)], False,
                  ink if rng.random() < 0.7 else chosen(rng, INKS),
                  max(1, round(pen * tall)), cv2.LINE_AA)  # fmt: skip
    return jpeg(photographed(scene, rng, blur=side / 500, noise=0.012), rng)


def captioned(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A digit with a name in small joined writing in a corner."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = sheet.shape[:2]
        tall = rng.uniform(0.02, 0.04) * height
        row = height * (0.08 if rng.random() < 0.5 else 0.92)
        start, stop = (0.05, 0.4) if rng.random() < 0.5 else (0.55, 0.95)
        along = np.linspace(start * width, stop * width, 90)
        waves = row + tall * np.sin(np.arange(90) * 0.9) * rng.uniform(0.3, 1, 90)
        breaks = [0, int(rng.integers(25, 45)), 90]
        for first, last in zip(breaks, breaks[1:], strict=False):
            points = np.stack([along, waves], 1)[first : last - 3]
            cv2.polylines(sheet, [np.rint(points).astype(np.int32)], False, chosen(rng, INKS),
                          max(1, height // 250), cv2.LINE_AA)  # fmt: skip
        return sheet

    return taken(on_sheet(glyph, rng, pens=(0.04, 0.1), parts=(0.3, 0.55), ground=ground), rng)


def letterboxed(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A drawing between bars of the opposite shade, at its sides or above and below."""
    ground, ink = (WHITE, (0.0, 0.0, 0.0)) if rng.random() < 0.5 else ((0.0, 0.0, 0.0), WHITE)
    side = int(rng.integers(60, 800))
    scene = placed(paper.plain(side, side, ground), glyph, rng, part=rng.uniform(0.5, 0.85),
                   pen=rng.uniform(0.05, 0.15), colour=ink)  # fmt: skip
    bar = paper.plain(side, int(side * rng.uniform(0.2, 0.5)), ink)
    if rng.random() < 0.5:
        pixels = eight(np.concatenate([bar, scene, bar], axis=1))
    else:
        across = np.rot90(bar)
        pixels = eight(np.concatenate([across, scene, across], axis=0))
    return jpeg(pixels, rng) if rng.random() < 0.5 else encoded(pixels, "PNG")


def sides_swapped(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """White on black in the middle, black on white at both sides, the digit across all three."""
    side = int(rng.integers(28, 700))
    wide = int(side * rng.uniform(0.8, 1.3))
    scene = placed(paper.plain(side, wide, (0.0, 0.0, 0.0)), glyph, rng, colour=WHITE,
                   part=rng.uniform(0.65, 0.85), pen=rng.uniform(0.07, 0.14), off=0.2)  # fmt: skip
    bar = int(rng.uniform(0.25, 0.38) * wide)
    scene[:, :bar], scene[:, -bar:] = 1 - scene[:, :bar], 1 - scene[:, -bar:]
    return encoded(eight(scene), "PNG") if rng.random() < 0.6 else jpeg(eight(scene), rng)
