"""Photos with more on them than a digit on a sheet: a table, a finger. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import lit, seen_askew
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph
from rendering.writing import INKS, SHEETS, chosen


def photo_table(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, parts=(0.25, 0.5), fall=0.2)
    table = paper.wooden(*scene.shape[:2], rng)
    scene = seen_askew(scene, rng, table, tilt=0.04, shrink=rng.uniform(0.75, 0.95))
    return taken(lit(scene, rng, fall=0.2), rng)


def photo_edge(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, parts=(0.3, 0.6))
    table = paper.wooden(*scene.shape[:2], rng)
    height, width = scene.shape[:2]
    reach = rng.uniform(0.03, 0.12)
    start = [0, 0] if rng.random() < 0.5 else [width * (1 - reach), width * (1 - reach * 0.6)]
    stop = [width * reach, width * reach * 0.6] if start[0] == 0 else [width, width]
    corners = np.array([[start[0], 0], [stop[0], 0], [stop[1], height], [start[1], height]])
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0)
    return taken(scene * (1 - mask[..., None]) + table * mask[..., None], rng)


def boxed(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, parts=(0.25, 0.4), pens=(0.05, 0.1), fall=0.2)
    rows, columns = np.nonzero(scene.min(2) < 0.5 * np.median(scene))
    if not len(rows):
        return taken(scene, rng)
    room = int(rng.uniform(0.05, 0.12) * scene.shape[0])
    corners = (int(columns.min()) - room, int(rows.min()) - room), (
        int(columns.max()) + room, int(rows.max()) + room)  # fmt: skip
    cv2.rectangle(scene, *corners, chosen(rng, INKS), max(1, scene.shape[0] // 150))
    return taken(scene, rng)


def photo_note(glyph: Glyph, rng: np.random.Generator) -> bytes:
    sheets = (*SHEETS, (0.95, 0.88, 0.4), (0.95, 0.6, 0.7))
    scene = on_sheet(glyph, rng, sides=(500, 900), sheets=sheets, parts=(0.4, 0.7), fall=0.2)
    table = paper.wooden(*scene.shape[:2], rng)
    scene = seen_askew(scene, rng, table, tilt=0.03, shrink=rng.uniform(0.25, 0.6))
    return taken(lit(scene, rng, fall=0.3), rng)


def photo_finger(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = on_sheet(glyph, rng, parts=(0.3, 0.5), pens=(0.04, 0.12))
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    across, thick = rng.uniform(0.2, 0.8) * width, int(rng.uniform(0.08, 0.15) * width)
    reach = rng.uniform(0.08, 0.2) * height
    start = (int(across), -thick) if rng.random() < 0.5 else (int(across), height + thick)
    stop = (
        int(across + rng.normal(0, 0.05) * width),
        int(reach if start[1] < 0 else height - reach),
    )
    cv2.line(mask, start, stop, 1.0, thick)
    mask = cv2.GaussianBlur(mask, (0, 0), width / 300)[..., None]
    return taken(scene * (1 - mask) + np.array((0.75, 0.52, 0.42)) * mask, rng)
