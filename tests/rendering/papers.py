"""Photos of digits on what people have at hand: recycled, squared, brown, black. One per kind."""

from __future__ import annotations

import cv2
import numpy as np
from rendering import paper
from rendering.camera import encoded, glared, lit, photographed, seen_askew, shaded
from rendering.sheets import on_sheet, taken
from rendering.strokes import Glyph, written
from rendering.writing import BLACK, INKS, PENCIL, chosen, eight, jpeg, placed

BLUE = ((0.12, 0.18, 0.55), (0.2, 0.25, 0.6), (0.1, 0.12, 0.4))


def recycled_pencil(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Pencil on grey paper with dark and light fibres."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        side = max(sheet.shape[:2])
        for _ in range(int(rng.integers(60, 250))):
            x, y, turn = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(0, 3.1)
            reach = rng.uniform(0.003, 0.012) * side
            ends = [
                (int(x), int(y)),
                (int(x + reach * np.cos(turn)), int(y + reach * np.sin(turn))),
            ]
            cv2.line(sheet, *ends, tuple(sheet[0, 0] + rng.choice([-0.12, 0.08])), 1, cv2.LINE_AA)
        return sheet

    sheets = ((0.66, 0.65, 0.62), (0.72, 0.71, 0.68), (0.6, 0.58, 0.53))
    scene = on_sheet(glyph, rng, sheets=sheets, inks=(PENCIL,), pens=(0.025, 0.06),
                     cover=(0.6, 0.9), rough=0.02, ground=ground)  # fmt: skip
    return taken(scene, rng)


def squared_askew(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Blue ballpoint on squared paper from a low angle, with a shadow, on a table."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        colour = chosen(rng, ((0.6, 0.7, 0.88), (0.65, 0.65, 0.7), (0.7, 0.6, 0.8)))
        pitch = rng.uniform(0.05, 0.14) * sheet.shape[0]
        return paper.ruled(sheet, rng, pitch=pitch, colour=colour, square=True,
                           strength=rng.uniform(0.4, 0.9))  # fmt: skip

    scene = on_sheet(glyph, rng, inks=BLUE, pens=(0.03, 0.06), parts=(0.25, 0.5), ground=ground)
    table = paper.wooden(*scene.shape[:2], rng)
    scene = seen_askew(scene, rng, table, tilt=0.1, shrink=rng.uniform(0.9, 1.2))
    scene = shaded(scene, rng, depth=rng.uniform(0.2, 0.5), soft=rng.uniform(0.02, 0.2))
    return taken(scene, rng)


def millimetre(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Graph paper: fine orange squares with every fifth line stronger."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pitch = rng.uniform(0.012, 0.03) * sheet.shape[0]
        orange = (0.95, 0.65, 0.45)
        fine = paper.ruled(sheet, rng, pitch=pitch, colour=orange, square=True, strength=0.4)
        return paper.ruled(fine, rng, pitch=5 * pitch, colour=orange, square=True, strength=0.9)

    return taken(on_sheet(glyph, rng, sides=(400, 900), pens=(0.04, 0.1), ground=ground), rng)


def legal_pad(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A yellow pad: blue lines and a red double margin."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pitch = rng.uniform(0.07, 0.2) * sheet.shape[0]
        for _ in range(2):
            sheet = paper.ruled(sheet, rng, pitch=10 * pitch, colour=(0.5, 0.6, 0.8), square=False,
                                strength=0.0, margin=True)  # fmt: skip
        return paper.ruled(sheet, rng, pitch=pitch, colour=(0.45, 0.6, 0.75), square=False)

    scene = on_sheet(glyph, rng, sheets=((0.96, 0.9, 0.5),), pens=(0.03, 0.08), ground=ground)
    return taken(scene, rng)


def cardboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Felt pen on a brown box with corrugation."""

    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        wave = np.arange(sheet.shape[1]) / (rng.uniform(0.008, 0.02) * sheet.shape[1])
        return sheet * (1 + 0.035 * np.sin(2 * np.pi * wave)[None, :, None])

    sheets = ((0.66, 0.5, 0.34), (0.58, 0.44, 0.3), (0.72, 0.57, 0.42))
    scene = on_sheet(glyph, rng, sheets=sheets, inks=(BLACK, *INKS[1:3]), pens=(0.06, 0.14),
                     rough=0.025, ground=ground)  # fmt: skip
    return taken(scene, rng)


def black_paper(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A white or silver gel pen on black paper, at its edge sometimes a light table."""
    inks = ((0.9, 0.9, 0.9), (0.7, 0.7, 0.72), (0.85, 0.75, 0.4))
    scene = on_sheet(glyph, rng, sheets=((0.1, 0.1, 0.11), (0.14, 0.12, 0.12)), inks=inks,
                     pens=(0.03, 0.08), rough=0.02, parts=(0.3, 0.6))  # fmt: skip
    if rng.random() < 0.4:
        table = paper.plain(*scene.shape[:2], (0.7, 0.62, 0.5))
        scene = seen_askew(scene, rng, table, tilt=0.04, shrink=rng.uniform(0.8, 0.95))
    return taken(scene, rng)


def whiteboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A coloured marker on a whiteboard with smears, ghosts of old writing and a lamp in it."""
    side = int(rng.integers(300, 900))
    board = paper.plain(side, int(side * rng.uniform(1.0, 1.5)), (0.8, 0.82, 0.85))
    smears = np.clip(paper.clouds(*board.shape[:2], rng, grain=side / 6), 0, None)
    board = board - 0.04 * smears[..., None]
    ghost = written(int(rng.integers(10)), rng)
    board = placed(board, ghost, rng, part=rng.uniform(0.3, 0.5), pen=0.08,
                   colour=(0.6, 0.62, 0.66), cover=0.25)  # fmt: skip
    colour = chosen(
        rng, ((0.1, 0.1, 0.12), (0.15, 0.25, 0.65), (0.75, 0.15, 0.15), (0.1, 0.5, 0.3))
    )
    scene = placed(board, glyph, rng, part=rng.uniform(0.3, 0.6), pen=rng.uniform(0.04, 0.09),
                   colour=colour, pressure=0.3, cover=rng.uniform(0.7, 0.95))  # fmt: skip
    scene = glared(glared(lit(scene, rng, fall=0.4), rng), rng)
    return taken(scene, rng)


def dusty_chalk(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """Chalk that skips over the board's grain, seen from the side."""
    side = int(rng.integers(300, 800))
    ground = paper.chalkboard(side, int(side * rng.uniform(0.8, 1.4)), rng)
    scene = placed(ground, glyph, rng, part=rng.uniform(0.3, 0.7), pen=rng.uniform(0.05, 0.1),
                   colour=(0.88, 0.88, 0.86), pressure=0.4)  # fmt: skip
    grain = paper.clouds(*ground.shape[:2], rng, grain=max(1.5, side / 250))[..., None]
    scene = np.where(grain > rng.uniform(0.2, 0.8), ground, scene)
    scene = seen_askew(lit(scene, rng, fall=0.4), rng, ground, tilt=0.08, shrink=1.0)
    return taken(scene, rng, noise=0.02)


def stamped(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A stamp: flat ink with bare patches and a darker rim."""
    side = int(rng.integers(150, 500))
    sheet = paper.fibrous(side, side, (0.93, 0.92, 0.88), rng)
    cover = placed(paper.plain(side, side, (0, 0, 0)), glyph, rng, part=rng.uniform(0.4, 0.75),
                   pen=rng.uniform(0.09, 0.15), colour=(1, 1, 1), off=0.4)[..., 0]  # fmt: skip
    rim = cover - cv2.erode(cover, np.ones((3, 3), np.uint8))
    patchy = paper.clouds(side, side, rng, grain=side / 40) > rng.uniform(0.6, 1.4)
    cover = np.clip(0.75 * cover * np.where(patchy, 0.15, 1) + 0.25 * rim, 0, 1)[..., None]
    scene = sheet * (1 - cover) + np.array(chosen(rng, INKS)) * cover
    return jpeg(photographed(scene, rng, blur=0.6, noise=0.01), rng)


def screen_photo(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A drawing photographed from a monitor: a grid of pixels, a bezel, a bluish cast."""
    side = int(rng.integers(300, 800))
    scene = placed(paper.plain(side, int(1.3 * side), (0.85, 0.92, 1.0)), glyph, rng,
                   part=rng.uniform(0.35, 0.65), pen=rng.uniform(0.03, 0.12),
                   colour=(0.1, 0.1, 0.12), off=0.4)  # fmt: skip
    rows, columns = np.mgrid[0 : scene.shape[0], 0 : scene.shape[1]]
    period = rng.uniform(2.2, 4.5)
    moire = np.sin(2 * np.pi * (columns * 1.02 + 0.03 * rows) / period)
    moire = moire * np.sin(2 * np.pi * rows / period)
    scene = scene * (1 + 0.05 * moire[..., None])
    bezel = paper.plain(*scene.shape[:2], (0.06, 0.06, 0.07))
    scene = seen_askew(scene, rng, bezel, tilt=0.03, shrink=rng.uniform(0.9, 1.15))
    return taken(lit(scene, rng, fall=0.25), rng)


def page_scan(glyph: Glyph, rng: np.random.Generator) -> bytes:
    """A whole page from a scanner with one digit on it, dust, and a black margin sometimes."""
    height = int(rng.integers(1100, 1754))
    page = paper.fibrous(height, int(height / 1.414), (0.97, 0.97, 0.96), rng, rough=0.006)
    scene = placed(page, glyph, rng, part=rng.uniform(0.05, 0.3), pen=rng.uniform(0.04, 0.1),
                   colour=chosen(rng, INKS), off=0.8)  # fmt: skip
    for _ in range(int(rng.integers(0, 12))):
        at = tuple(int(v * s) for v, s in zip(rng.random(2), scene.shape[1::-1], strict=True))
        cv2.circle(scene, at, 1, (0.5, 0.5, 0.5), -1)
    if rng.random() < 0.4:
        scene[:, -int(rng.uniform(0.01, 0.05) * scene.shape[1]) :] = 0.05
    pixels = photographed(scene, rng, blur=0.8, noise=0.008)
    return encoded(eight(pixels / 255.0), "JPEG", quality=75)
