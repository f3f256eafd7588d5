"""Photos of digits as they turn up on a kitchen table. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import lit, photographed, seen_askew, shaded
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph
from rendering.writing import BLACK, INKS, PENCIL, SHEETS, chosen, jpeg, placed


def faint_pencil(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A hard pencil, hardly pressed."""
    scene = on_sheet(glyph, rng, inks=(PENCIL,), pens=(0.015, 0.035), cover=(0.3, 0.5),
                     parts=(0.35, 0.75), rough=0.008)  # fmt: skip
    return taken(scene, rng, noise=0.01)


def fat_marker(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A marker as broad as a fifth of the digit, on a sheet that fills the picture or not."""
    scene = on_sheet(glyph, rng, pens=(0.17, 0.23), parts=(0.4, 0.7), pressure=0.1)
    if rng.random() < 0.4:
        table = paper.wooden(*scene.shape[:2], rng)
        scene = seen_askew(scene, rng, table, tilt=0.04, shrink=rng.uniform(0.75, 0.95))
    return taken(scene, rng)


def tilted(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The telephone, or the sheet, held 15 to 28 degrees askew."""
    angle = np.deg2rad(rng.uniform(15, 28)) * rng.choice([-1, 1])
    cos, sin = np.cos(angle), np.sin(angle)
    turned = [(stroke - 0.5) @ np.array([[cos, -sin], [sin, cos]]) for stroke in glyph]
    points = np.concatenate(turned)
    low, side = points.min(0), float(np.ptp(points, axis=0).max())
    unit = [(stroke - low) / side for stroke in turned]
    return taken(on_sheet(unit, rng, pens=(0.05, 0.12), parts=(0.4, 0.75)), rng)


def sheet_turned(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A slip of paper that lies askew on the table, the digit upright on it."""
    height, width = (int(side) for side in rng.integers(400, 900, 2))
    sheet = paper.fibrous(height, width, chosen(rng, SHEETS), rng)
    scene = placed(sheet, glyph, rng, part=rng.uniform(0.35, 0.5), pen=rng.uniform(0.05, 0.11),
                   colour=chosen(rng, INKS), off=0.2)  # fmt: skip
    table = paper.wooden(height, width, rng)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * rng.uniform(0.36, 0.44)
    angle = rng.uniform(-0.5, 0.5)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shape = np.rint((corners @ turn + 0.5) * (width, height)).astype(np.int32)
    mask = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, shape, 1.0, cv2.LINE_AA)
    return taken(lit(scene * mask[..., None] + table * (1 - mask[..., None]), rng, fall=0.3), rng)


def sticker(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A round label on a coloured thing."""
    side = int(rng.integers(250, 800))
    thing = ((0.7, 0.15, 0.15), (0.1, 0.3, 0.6), (0.15, 0.4, 0.2), (0.12, 0.12, 0.13),
             (0.75, 0.6, 0.4))  # fmt: skip
    scene = paper.fibrous(side, side, chosen(rng, thing), rng, rough=0.02)
    label = placed(paper.plain(side, side, (0.93, 0.93, 0.92)), glyph, rng, off=0.1,
                   part=rng.uniform(0.3, 0.42), pen=rng.uniform(0.06, 0.13),
                   colour=chosen(rng, INKS))  # fmt: skip
    mask = np.zeros((side, side), np.float32)
    cv2.circle(mask, (side // 2, side // 2), int(rng.uniform(0.32, 0.42) * side), 1.0, -1,
               cv2.LINE_AA)  # fmt: skip
    scene = scene * (1 - mask[..., None]) + label * mask[..., None]
    return taken(lit(scene, rng, fall=0.3), rng)


def highlighter(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A text marker: broad, see-through, yellow, pink or green."""
    bright = ((0.95, 0.95, 0.3), (0.98, 0.55, 0.75), (0.55, 0.95, 0.5), (1.0, 0.7, 0.3))
    scene = on_sheet(glyph, rng, inks=bright, pens=(0.1, 0.2), parts=(0.4, 0.75), pressure=0.1,
                     cover=(0.7, 0.95))  # fmt: skip
    return taken(scene, rng)


def crumpled(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A sheet that was a ball and was smoothed out again."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        sheet = paper.creased(sheet, rng, folds=int(rng.integers(15, 40)))
        bumps = paper.clouds(*sheet.shape[:2], rng, grain=sheet.shape[1] / 6)
        return sheet * (1 + 0.04 * bumps[..., None])

    return taken(on_sheet(glyph, rng, pens=(0.06, 0.13), ground=ground), rng)


def blinds(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The sun through blinds or leaves: stripes of light, soft at their edges, across the sheet."""
    scene = on_sheet(glyph, rng, pens=(0.05, 0.12), parts=(0.4, 0.7), fall=0.2)
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]] / scene.shape[1]
    angle, pitch = rng.uniform(-0.6, 0.6), rng.uniform(0.12, 0.3)
    wave = np.sin(2 * np.pi * (rows * np.cos(angle) + columns * np.sin(angle)) / pitch)
    return taken(scene * (1 - rng.uniform(0.1, 0.25) * (0.5 - 0.5 * wave[..., None])), rng)


def napkin(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A paper napkin, embossed all over, on which the ink bleeds."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows, columns = np.mgrid[0 : sheet.shape[0], 0 : sheet.shape[1]]
        pitch = rng.uniform(0.015, 0.03) * sheet.shape[1] / np.pi
        bumps = np.sin(rows / pitch) * np.sin(columns / pitch)
        return sheet * (1 + 0.06 * bumps[..., None])

    scene = on_sheet(glyph, rng, pens=(0.06, 0.13), rough=0.02, ground=ground)
    return taken(cv2.GaussianBlur(scene, (0, 0), scene.shape[1] / 250), rng)


def on_newsprint(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A thick marker over a printed column."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = sheet.shape[:2]
        tall = max(4, int(rng.uniform(0.012, 0.022) * height))
        for y in range(tall, height, 2 * tall):
            x = 0.02 * width
            while x < 0.98 * width:
                letter = rng.uniform(0.4, 0.8) * tall
                cv2.rectangle(sheet, (int(x), y - tall // 2), (int(x + letter), y + tall // 4),
                              (0.45,) * 3, max(1, tall // 6))  # fmt: skip
                x += letter + tall * rng.choice([0.3, 0.3, 0.3, 1.0])
        return sheet

    scene = on_sheet(glyph, rng, sides=(400, 900), sheets=((0.82, 0.81, 0.77),),
                     inks=(BLACK, (0.6, 0.05, 0.08), (0.05, 0.1, 0.5)), pens=(0.11, 0.18),
                     parts=(0.45, 0.7), cover=(0.92, 1.0), ground=ground)  # fmt: skip
    return taken(scene, rng)


def receipt(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A long narrow slip on a dark table, the digit written large on its blank back."""
    tall = int(rng.integers(500, 1000))
    slip = paper.fibrous(tall, int(tall * rng.uniform(0.3, 0.45)), chosen(rng, SHEETS), rng)
    slip = placed(slip, glyph, rng, part=rng.uniform(0.5, 0.75), pen=rng.uniform(0.05, 0.1),
                  colour=chosen(rng, INKS), off=0.3)  # fmt: skip
    around = (tall - slip.shape[1]) // 2
    scene = paper.wooden(tall, slip.shape[1] + 2 * around, rng)
    scene[:, around : around + slip.shape[1]] = slip
    scene = shaded(lit(scene, rng, fall=0.3), rng, depth=rng.uniform(0, 0.3), soft=0.1)
    return jpeg(photographed(scene, rng, blur=tall / 800, noise=0.012), rng)
