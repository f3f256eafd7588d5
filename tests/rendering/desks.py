"""Digits amid other things on a desk or page: patterns, holes, print. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, lit, photographed, seen_askew, shaded
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph
from rendering.writing import INKS, SHEETS, chosen, jpeg, placed


def spiral_pad(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A pad with a row of punched holes and wire along one side, ruled sometimes."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = sheet.shape[:2]
        if rng.random() < 0.5:
            sheet = paper.ruled(sheet, rng, pitch=rng.uniform(0.07, 0.2) * height,
                                colour=(0.6, 0.68, 0.82), square=False)  # fmt: skip
        pitch, size = rng.uniform(0.05, 0.1) * height, rng.uniform(0.008, 0.016) * height
        row = int(rng.uniform(0.03, 0.06) * height)
        for x in np.arange(pitch / 2, width, pitch):
            cv2.circle(sheet, (int(x), row), max(1, int(size)), (0.15, 0.14, 0.14), -1)
            cv2.line(sheet, (int(x), 0), (int(x), row), (0.45, 0.45, 0.5), max(1, int(size / 2)))
        return np.ascontiguousarray(sheet if rng.random() < 0.5 else np.rot90(sheet))

    return taken(on_sheet(glyph, rng, pens=(0.04, 0.1), parts=(0.25, 0.6), ground=ground), rng)


def patterned_cloth(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A sheet on a striped or chequered tablecloth."""
    scene = on_sheet(glyph, rng, parts=(0.35, 0.6), pens=(0.04, 0.1), fall=0.2)
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width] / (rng.uniform(0.04, 0.12) * width)
    stripes = (rows % 2 < 1).astype(np.float32)
    if rng.random() < 0.5:
        stripes = (stripes + (columns % 2 < 1)) / 2
    dark = np.array(((0.6, 0.12, 0.12), (0.15, 0.25, 0.55), (0.2, 0.2, 0.2))[rng.integers(3)])
    cloth = (0.85 * stripes[..., None] + dark * (1 - stripes[..., None])).astype(np.float32)
    scene = seen_askew(scene, rng, cloth, tilt=0.04, shrink=rng.uniform(0.6, 0.9))
    return taken(scene, rng)


def scanner_lid(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A small note scanned with the lid open: black around it."""
    side = int(rng.integers(300, 900))
    note = paper.fibrous(side, int(side * rng.uniform(0.8, 1.2)), chosen(rng, SHEETS), rng)
    scene = placed(note, glyph, rng, part=rng.uniform(0.35, 0.7), pen=rng.uniform(0.04, 0.1),
                   colour=chosen(rng, INKS), off=0.4)  # fmt: skip
    black = paper.plain(*scene.shape[:2], (0.03, 0.03, 0.03))
    scene = seen_askew(scene, rng, black, tilt=0.01, shrink=rng.uniform(0.4, 0.9))
    return jpeg(photographed(scene, rng, blur=side / 700, noise=0.008), rng)


def print_nearby(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A digit in the white of a printed page: lines of small print above or below it."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = sheet.shape[:2]
        tall = max(3, int(rng.uniform(0.012, 0.025) * height))
        for line in range(int(rng.integers(1, 5))):
            y = (
                int((0.03 + 0.05 * line) * height)
                if line % 2
                else int((0.95 - 0.05 * line) * height)
            )
            x = 0.08 * width
            while x < 0.9 * width:
                letter = rng.uniform(0.4, 0.8) * tall
                corner = (int(x), y - int(tall * rng.choice([0.6, 1.0])))
                cv2.rectangle(sheet, corner, (int(x + letter), y), (0.25,) * 3, max(1, tall // 6))
                x += letter + tall * rng.choice([0.3, 0.3, 0.3, 1.0])
        return sheet

    scene = on_sheet(glyph, rng, sides=(350, 1000), parts=(0.3, 0.5), pens=(0.05, 0.11),
                     ground=ground)  # fmt: skip
    return taken(scene, rng)


def keyboard_edge(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A sheet on a desk with keys and a cup at its sides, in the shadow of a hand."""
    scene = on_sheet(glyph, rng, parts=(0.35, 0.6), pens=(0.04, 0.1), fall=0.2)
    height, width = scene.shape[:2]
    desk = paper.wooden(height, width, rng)
    key = int(rng.uniform(0.05, 0.08) * width)
    for x in range(key // 3, width, key + key // 4):
        cv2.rectangle(desk, (x, 0), (x + key, key), (0.08, 0.08, 0.09), -1)
        cv2.rectangle(desk, (x + key // 3, key // 3), (x + key // 2, key // 2), (0.8,) * 3, 1)
    centre = (int(rng.integers(2)) * width, int(0.9 * height))
    cv2.circle(desk, centre, int(0.2 * width), (0.9, 0.9, 0.92), -1)
    scene = seen_askew(scene, rng, desk, tilt=0.05, shrink=rng.uniform(0.65, 0.85))
    scene = shaded(lit(scene, rng, fall=0.25), rng, depth=rng.uniform(0, 0.4), soft=0.1)
    return taken(scene, rng)


def telephone_crop(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A large photo cut down on the telephone to the digit and little else, saved again."""
    scene = on_sheet(glyph, rng, sides=(300, 700), pens=(0.05, 0.14), parts=(0.7, 0.88), fall=0.4)
    scene = shaded(scene, rng, depth=rng.uniform(0, 0.35), soft=rng.uniform(0.05, 0.3))
    blur = rng.uniform(0.3, 1.5) * scene.shape[1] / 300
    pixels = photographed(scene, rng, blur=blur, noise=0.025)
    return encoded(pixels, "JPEG", quality=int(rng.integers(40, 80)))
