"""Digits drawn on a screen, as drawing programs save them. One function per kind.

Each takes a glyph and a random generator and returns a file's content.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image
from rendering import paper
from rendering.camera import encoded
from rendering.strokes import Glyph, drawn
from rendering.writing import BLACK, INKS, SHEETS, WHITE, chosen, eight, placed


def paint_thick(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(100, 800))
    scene = placed(paper.plain(side, side, WHITE), glyph, rng, part=rng.uniform(0.4, 0.85),
                   pen=rng.uniform(0.08, 0.18), colour=(0, 0, 0), antialias=False)  # fmt: skip
    return encoded(eight(scene), "PNG")


def paint_very_thick(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(60, 400))
    scene = placed(paper.plain(side, side, WHITE), glyph, rng, part=rng.uniform(0.5, 0.75),
                   pen=rng.uniform(0.18, 0.24), colour=(0, 0, 0))  # fmt: skip
    return encoded(eight(scene), "PNG")


def paint_thin(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(100, 1000))
    scene = placed(paper.plain(side, int(side * rng.uniform(0.7, 1.7)), WHITE), glyph, rng,
                   part=rng.uniform(0.4, 0.9), pen=0.0, colour=(0, 0, 0),
                   antialias=False)  # fmt: skip
    return encoded(eight(scene), "PNG")


def paint_coloured(glyph: Glyph, rng: np.random.Generator) -> bytes:
    ground = ((1, 1, 1), (1, 0.95, 0.6), (0.6, 0.85, 1), (0.75, 1, 0.75), (1, 0.8, 0.85))
    ink = ((1, 0, 0), (0, 0, 1), (0, 0.5, 0), (0.6, 0, 0.8), (0.9, 0.45, 0))
    scene = placed(paper.plain(300, 400, chosen(rng, ground)), glyph, rng, part=0.6,
                   pen=rng.uniform(0.03, 0.14), colour=chosen(rng, ink))  # fmt: skip
    return encoded(eight(scene), "PNG")


def dark_mode(glyph: Glyph, rng: np.random.Generator) -> bytes:
    ground = ((0, 0, 0), (0.12, 0.12, 0.13), (0.1, 0.12, 0.25))
    ink = ((1, 1, 1), (0.9, 0.9, 0.3), (0.4, 0.9, 0.5), (0.95, 0.4, 0.4))
    side = int(rng.integers(60, 600))
    scene = placed(paper.plain(side, side, chosen(rng, ground)), glyph, rng,
                   part=rng.uniform(0.4, 0.9), pen=rng.uniform(0.02, 0.16),
                   colour=chosen(rng, ink))  # fmt: skip
    return encoded(eight(scene), "PNG")


def transparent(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(80, 500))
    mask = placed(paper.plain(side, side, (0, 0, 0)), glyph, rng, part=rng.uniform(0.5, 0.9),
                  pen=rng.uniform(0.03, 0.14), colour=WHITE)[..., :1]  # fmt: skip
    ink = np.array(((0, 0, 0), (1, 1, 1), (0.1, 0.1, 0.8), (1, 0.9, 0.2))[rng.integers(4)])
    rgba = np.concatenate([np.broadcast_to(ink * (mask > 0), mask.shape[:2] + (3,)), mask], 2)
    return encoded(eight(rgba), "PNG")


def tiny(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(20, 40))
    dark = bool(rng.integers(2))
    scene = placed(paper.plain(side, side, (0, 0, 0) if dark else WHITE), glyph, rng,
                   part=rng.uniform(0.55, 0.85), pen=rng.uniform(0.06, 0.14),
                   colour=WHITE if dark else (0, 0, 0))  # fmt: skip
    return encoded(eight(scene), "PNG")


def tight(glyph: Glyph, rng: np.random.Generator) -> bytes:
    mask = drawn(glyph, int(rng.integers(40, 300)), 8.0)
    mask = drawn(glyph, mask.shape[0], max(1.0, rng.uniform(0.05, 0.16) * mask.shape[0]))
    grey = mask if rng.random() < 0.4 else 1 - mask
    return encoded(eight(grey), "PNG")


def at_border(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(60, 400))
    scene = placed(paper.plain(side, side, WHITE), glyph, rng, part=rng.uniform(0.5, 0.85),
                   pen=rng.uniform(0.05, 0.14), colour=(0.1, 0.1, 0.1), off=0.0)  # fmt: skip
    grey = eight(scene)[..., 0]
    columns = np.nonzero((grey < 128).any(0))[0]
    grey = grey[:, columns[0] :] if rng.random() < 0.5 else grey[:, : columns[-1] + 1]
    return encoded(grey, "PNG")


def far_off(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(300, 1200))
    scene = placed(paper.plain(side, int(side * 1.4), WHITE), glyph, rng,
                   part=rng.uniform(0.1, 0.25), pen=rng.uniform(0.05, 0.14), colour=BLACK,
                   off=0.95)  # fmt: skip
    return encoded(eight(scene), "PNG")


def screenshot(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(200, 500))
    scene = placed(paper.plain(side, side, WHITE), glyph, rng, part=rng.uniform(0.4, 0.7),
                   pen=rng.uniform(0.04, 0.14), colour=BLACK)  # fmt: skip
    edge = int(rng.integers(1, 4))
    frame = eight(scene)
    colour = (int(rng.integers(0, 170)),) * 3
    inset = int(rng.integers(0, 8))
    cv2.rectangle(frame, (inset, inset), (side - 1 - inset, side - 1 - inset), colour, edge)
    return encoded(frame, "PNG")


def bad_jpeg(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(50, 250))
    scene = placed(paper.plain(side, side, chosen(rng, (WHITE, *SHEETS))), glyph, rng,
                   part=rng.uniform(0.5, 0.85), pen=rng.uniform(0.06, 0.14),
                   colour=chosen(rng, INKS))  # fmt: skip
    return encoded(eight(scene), "JPEG", quality=int(rng.integers(5, 30)))


def odd_modes(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = placed(paper.plain(160, 200, WHITE), glyph, rng, part=rng.uniform(0.4, 0.8),
                   pen=rng.uniform(0.06, 0.14), colour=(0.1, 0.1, 0.3))  # fmt: skip
    image = Image.fromarray(eight(scene))
    grey = np.asarray(image.convert("L"))
    forms: tuple[Callable[[], bytes], ...] = (
        lambda: encoded(image.convert("P"), "PNG"),
        lambda: encoded(image.convert("1"), "PNG"),
        lambda: encoded(image.convert("CMYK"), "JPEG", quality=85),
        lambda: encoded(grey.astype(np.uint16) * 257, "PNG"),
        lambda: encoded(grey.astype(np.uint16) * 257, "TIFF"),
        lambda: encoded(grey.astype(np.float32) / 255, "TIFF"),
        lambda: encoded(image, "GIF"),
        lambda: encoded(image, "BMP"),
        lambda: encoded(image, "WEBP", quality=60),
        lambda: encoded(image, "AVIF", quality=60),
        lambda: encoded(image.convert("1"), "TIFF", compression="group4"),
    )
    return forms[rng.integers(len(forms))]()


def enlarged(glyph: Glyph, rng: np.random.Generator) -> bytes:
    mask = drawn(glyph, 20, rng.uniform(1.8, 3.2))
    small = np.zeros((28, 28), np.float32)
    rows, columns = (min(side, 28) for side in mask.shape)
    top, left = (28 - rows) // 2, (28 - columns) // 2
    small[top : top + rows, left : left + columns] = mask[:rows, :columns]
    zoom = int(rng.integers(2, 20))
    way = (cv2.INTER_NEAREST, cv2.INTER_CUBIC)[rng.integers(2)]
    large = np.clip(cv2.resize(small, None, fx=zoom, fy=zoom, interpolation=way), 0, 1)[..., None]
    low, high = (((0, 0, 0), (1, 1, 1)), ((1, 1, 1), (0, 0, 0)),
                 ((0.27, 0.0, 0.33), (0.99, 0.9, 0.15)))[rng.integers(3)]  # fmt: skip
    return encoded(eight(np.array(low) * (1 - large) + np.array(high) * large), "PNG")
