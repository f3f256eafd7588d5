"""Pictures in which something went wrong or got in the way. One function per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, photographed
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph, drawn, written
from rendering.writing import INKS, SHEETS, chosen, eight, jpeg, placed

SKIN = ((0.75, 0.52, 0.42), (0.9, 0.7, 0.6), (0.42, 0.28, 0.2))


def cut_from_a_row(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """One digit cut out of a row of them: parts of its neighbours stand at the borders."""
    side = int(rng.integers(120, 600))
    wide = int(side * rng.uniform(0.8, 1.2))
    ink, tall = chosen(rng, INKS), rng.uniform(0.5, 0.75)
    pen = rng.uniform(0.04, 0.12)
    sheet = paper.fibrous(side, 3 * wide, chosen(rng, SHEETS), rng)
    for place in (0, 2):
        if rng.random() < 0.75:
            neighbour = drawn(written(int(rng.integers(10)), rng), round(tall * side),
                              max(1.0, pen * tall * side))  # fmt: skip
            shown = int(rng.uniform(0.03, 0.14) * wide)  # of it, inside the cut
            left = wide + shown - neighbour.shape[1] if place == 0 else 2 * wide - shown
            top = int((side - neighbour.shape[0]) * rng.uniform(0.2, 0.8))
            part = sheet[top : top + neighbour.shape[0], left : left + neighbour.shape[1]]
            cover = neighbour[: part.shape[0], : part.shape[1], None]
            part[:] = part * (1 - cover) + np.array(ink) * cover
    middle = sheet[:, wide : 2 * wide]
    scene = placed(middle, glyph, rng, part=tall, pen=pen, colour=ink, off=0.15)
    return jpeg(photographed(scene, rng, blur=side / 500, noise=0.01), rng)


def pencil_beside(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The pen or pencil that wrote it lies beside it and reaches out of the picture."""
    scene = on_sheet(glyph, rng, parts=(0.25, 0.45), pens=(0.03, 0.08), fall=0.2)
    height, width = scene.shape[:2]
    ink = np.argwhere(scene.min(2) < 0.55 * np.median(scene))
    middle = ink.mean(0) if len(ink) else np.array([height / 2, width / 2])
    left = middle[1] > width / 2
    x = width * (0.12 if left else 0.88)
    tip = np.array([x, rng.uniform(0.3, 0.6) * height])
    end = np.array([x + (-1 if left else 1) * rng.uniform(0, 0.3) * width, 1.3 * height])
    thick = max(3, int(rng.uniform(0.025, 0.05) * width))
    colour = chosen(rng, ((0.9, 0.75, 0.15), (0.1, 0.2, 0.6), (0.15, 0.15, 0.15), (0.7, 0.1, 0.1)))
    ends = [tuple(int(v) for v in point) for point in (tip, end)]
    cv2.line(scene, *ends, colour, thick, cv2.LINE_AA)
    return taken(scene, rng)


def thumb_in_corner(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The thumb that holds the sheet."""
    scene = on_sheet(glyph, rng, parts=(0.3, 0.5), pens=(0.04, 0.1))
    height, width = scene.shape[:2]
    mask = np.zeros((height, width), np.float32)
    corner = (int(width * rng.integers(2)), int(height * rng.uniform(0.75, 1.0)))
    axes = (int(rng.uniform(0.15, 0.25) * width), int(rng.uniform(0.07, 0.12) * width))
    cv2.ellipse(mask, corner, axes, float(rng.uniform(-40, 40)), 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), width / 250)[..., None]
    return taken(scene * (1 - mask) + np.array(chosen(rng, SKIN)) * mask, rng)


def vignetted(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Dark corners, as of an old lens or a lamp held over the sheet."""
    scene = on_sheet(glyph, rng, pens=(0.03, 0.1), fall=0.15)
    rows, columns = np.mgrid[-1 : 1 : scene.shape[0] * 1j, -1 : 1 : scene.shape[1] * 1j]
    away = rows**2 + columns**2
    return taken(scene * (1 / (1 + rng.uniform(0.5, 1.5) * away) ** 2)[..., None], rng)


def flashed(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A flash: glossy paper burnt out in the middle, dark beyond."""
    scene = on_sheet(glyph, rng, pens=(0.04, 0.12), parts=(0.4, 0.7), fall=0.15) * 0.75
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height
    away = ((columns - x) ** 2 + (rows - y) ** 2) / width**2
    scene = scene * (1.2 - 0.6 * np.minimum(away / 0.3, 1))[..., None]
    return taken(scene + 0.5 * np.exp(-away / 0.01)[..., None], rng)


def shining_through(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """The writing on the sheet's back shows, mirrored and faint."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for _ in range(int(rng.integers(1, 4))):
            back = [stroke * (-1, 1) for stroke in written(int(rng.integers(10)), rng)]
            sheet = placed(sheet, back, rng, part=rng.uniform(0.25, 0.5), pen=0.08,
                           colour=(0.5, 0.5, 0.55), cover=rng.uniform(0.12, 0.3),
                           off=0.95)  # fmt: skip
        return sheet

    return taken(on_sheet(glyph, rng, pens=(0.05, 0.1), ground=ground), rng)


def form_box(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A digit in one of a form's row of boxes, cut with parts of the next ones."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = sheet.shape[:2]
        box = int(rng.uniform(0.8, 0.95) * min(height, width))
        top, left = (height - box) // 2, (width - box) // 2
        colour = chosen(rng, ((0.25, 0.25, 0.25), (0.5, 0.5, 0.55), (0.85, 0.45, 0.4)))
        thick = max(1, box // 80)
        for k in (-1, 0, 1):
            corner = (left + k * box, top)
            cv2.rectangle(sheet, corner, (corner[0] + box, top + box), colour, thick)
        return sheet

    side = int(rng.integers(120, 500))
    sheet = ground(paper.fibrous(side, int(side * rng.uniform(1, 1.5)), (0.95,) * 3, rng), rng)
    scene = placed(sheet, glyph, rng, part=rng.uniform(0.45, 0.65), pen=rng.uniform(0.04, 0.1),
                   colour=chosen(rng, INKS), off=0.0)  # fmt: skip
    return jpeg(photographed(scene, rng, blur=side / 500, noise=0.01), rng)


def halftone(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Printed or faxed in dots: grey ink on grey paper, dithered to black and white."""
    side = int(rng.integers(150, 500))
    sheet = paper.plain(side, side, (0.9, 0.9, 0.9))
    scene = placed(sheet, glyph, rng, part=rng.uniform(0.5, 0.8), pen=rng.uniform(0.07, 0.14),
                   colour=(0.3,) * 3)  # fmt: skip
    grey = eight(scene)[..., 0]
    if rng.random() < 0.5:
        order = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) * 16 + 8
        dots = np.where(grey > np.tile(order, (side // 4 + 1,) * 2)[:side, :side], 255, 0)
    else:
        dots = np.where(grey > rng.integers(20, 236, grey.shape), 255, 0)
    return encoded(dots.astype(np.uint8), "PNG")


def jpeg_ten(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A photo sent through too many messengers."""
    scene = on_sheet(glyph, rng, sides=(150, 400), pens=(0.04, 0.1))
    return encoded(photographed(scene, rng, blur=0.6, noise=0.02), "JPEG", quality=10)


def deep_scan(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """16 bits deep and hardly any contrast, as a scanner's raw file has it."""
    side = int(rng.integers(200, 600))
    low, step = rng.uniform(0.1, 0.6), rng.uniform(0.06, 0.2)
    sheet = paper.fibrous(side, side, (1.0,) * 3, rng, rough=0.02)
    scene = placed(sheet, glyph, rng, part=rng.uniform(0.4, 0.8), pen=rng.uniform(0.04, 0.1),
                   colour=(0.0,) * 3, cover=0.9)[..., 1]  # fmt: skip
    grey = low + step * scene + rng.normal(0, step * 0.02, scene.shape)
    deep = np.rint(np.clip(grey, 0, 1) * 65535).astype(np.uint16)
    return encoded(deep, "TIFF" if rng.random() < 0.5 else "PNG")


def everything(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Several mishaps at once, drawn anew for each picture."""
    from rendering.camera import glared, lit, seen_askew, shaded

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < 0.5:
            sheet = paper.ruled(sheet, rng, pitch=rng.uniform(0.05, 0.2) * sheet.shape[0],
                                colour=(0.6, 0.68, 0.82), square=rng.random() < 0.5,
                                strength=rng.uniform(0.3, 0.9))  # fmt: skip
        return paper.creased(sheet, rng, folds=int(rng.integers(0, 4)))

    tones = rng.uniform(0.55, 0.97)
    sheets = (tuple(np.clip(tones + rng.normal(0, 0.03, 3), 0, 1)),)
    scene = on_sheet(glyph, rng, sides=(300, 1000), sheets=sheets, pens=(0.03, 0.12),
                     parts=(0.2, 0.6), ground=ground, rough=rng.uniform(0.005, 0.025))  # fmt: skip
    if rng.random() < 0.6:
        scene = shaded(scene, rng, depth=rng.uniform(0.15, 0.5), soft=rng.uniform(0.01, 0.2))
    if rng.random() < 0.5:
        table = paper.wooden(*scene.shape[:2], rng)
        scene = seen_askew(scene, rng, table, tilt=0.08, shrink=rng.uniform(0.8, 1.2))
    if rng.random() < 0.2:
        scene = glared(scene, rng)
    scene = lit(scene, rng, fall=rng.uniform(0, 0.4)) * rng.uniform(0.5, 1.1)
    pixels = photographed(scene, rng, blur=rng.uniform(0.3, 1.5) * scene.shape[1] / 500,
                          noise=rng.uniform(0.005, 0.03))  # fmt: skip
    return encoded(pixels, "JPEG", quality=int(rng.integers(20, 93)))
