"""Digits on paper seen from straight above, as scanners give them. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, photographed
from rendering.strokes import Glyph, broken
from rendering.writing import BLACK, INKS, SHEETS, chosen, jpeg, placed


def scanned(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(150, 900))
    ground = paper.fibrous(side, side, (0.96, 0.96, 0.95), rng, rough=0.008)
    scene = placed(ground, glyph, rng, part=rng.uniform(0.3, 0.8), pen=rng.uniform(0.02, 0.09),
                   colour=chosen(rng, INKS), pressure=0.3, cover=rng.uniform(0.7, 1))  # fmt: skip
    return jpeg(photographed(scene, rng, blur=side / 700, noise=0.01), rng)


def scanned_black_white(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(150, 600))
    ground = paper.fibrous(side, side, (0.9, 0.9, 0.9), rng, rough=0.06)
    scene = placed(ground, glyph, rng, part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.03, 0.09),
                   colour=BLACK, cover=0.9)  # fmt: skip
    pixels = photographed(scene, rng, blur=side / 400, noise=0.08)
    return encoded(np.where(pixels[..., 1] < 150, 0, 255).astype(np.uint8), "PNG")


def specked(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(150, 600))
    scene = placed(paper.plain(side, side, chosen(rng, SHEETS)), glyph, rng,
                   part=rng.uniform(0.4, 0.75), pen=rng.uniform(0.04, 0.12),
                   colour=chosen(rng, INKS))  # fmt: skip
    for _ in range(int(rng.integers(3, 25))):
        at = tuple(int(v) for v in rng.integers(0, side, 2))
        cv2.circle(scene, at, max(1, int(rng.uniform(0.002, 0.012) * side)), (0.2, 0.2, 0.2), -1)
    return jpeg(photographed(scene, rng, blur=0.5, noise=0.01), rng)


def broken_line(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(120, 500))
    ground = paper.fibrous(side, side, chosen(rng, SHEETS), rng)
    scene = placed(ground, broken(glyph, rng, rng.uniform(0.05, 0.09)), rng,
                   part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.03, 0.08),
                   colour=chosen(rng, INKS))  # fmt: skip
    return jpeg(photographed(scene, rng, blur=0.7, noise=0.01), rng)


def low_contrast(glyph: Glyph, rng: np.random.Generator) -> bytes:
    tone = rng.uniform(0.3, 0.8)
    step = rng.uniform(0.08, 0.15) * rng.choice([-1, 1])
    sheet = paper.fibrous(300, 300, (tone, tone, tone), rng, rough=0.008)
    scene = placed(sheet, glyph, rng, part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.05, 0.12),
                   colour=(tone + step,) * 3)  # fmt: skip
    return jpeg(photographed(scene, rng, blur=0.7, noise=0.01), rng)


def crayon(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(150, 600))
    ground = paper.fibrous(side, side, chosen(rng, SHEETS), rng, rough=0.015)
    scene = placed(ground, glyph, rng, part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.07, 0.15),
                   colour=chosen(rng, INKS))  # fmt: skip
    holes = paper.clouds(side, side, rng, grain=max(1.5, side / 150))[..., None]
    scene = np.where(holes > rng.uniform(0.1, 0.8), ground, scene)
    return jpeg(photographed(scene, rng, blur=0.5, noise=0.01), rng)
