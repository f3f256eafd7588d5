"""Pictures of one digit as people make them: drawings, scans, photos. One function per kind.

Each takes a glyph and a random generator and returns a file's content. `KINDS` names them all.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from pictures import paper
from pictures.camera import (
    encoded,
    glared,
    lit,
    photographed,
    seen_askew,
    shaded,
    turned_by_exif,
)  # fmt: skip
from pictures.paper import Colour
from pictures.strokes import Glyph, broken, drawn
from PIL import Image

Scene = Callable[[Glyph, np.random.Generator], bytes]

BLACK, WHITE = (0.05, 0.05, 0.06), (1.0, 1.0, 1.0)
INKS = ((0.08, 0.08, 0.1), (0.1, 0.15, 0.5), (0.65, 0.1, 0.12), (0.1, 0.4, 0.2), (0.35, 0.15, 0.4))
PENCIL = (0.38, 0.38, 0.4)
SHEETS = ((0.93, 0.92, 0.9), (0.88, 0.88, 0.9), (0.95, 0.93, 0.85), (0.8, 0.8, 0.8))


def placed(
    ground: np.ndarray,
    glyph: Glyph,
    rng: np.random.Generator,
    *,
    part: float,
    pen: float,
    colour: Colour,
    antialias: bool = True,
    pressure: float = 0.0,
    off: float = 0.6,
    cover: float = 1.0,
) -> np.ndarray:
    """Write the glyph on the ground.

    Args:
        ground: float RGB (h, w, 3).
        glyph: strokes.
        rng: where it goes.
        part: its height as a part of the ground's height.
        pen: the line's width as a part of the digit's height; at least one pixel.
        colour: of the ink.
        antialias: False for hard pixels.
        pressure: how uneven the line's width is.
        off: how far off the middle it may lie, as a part of the room that there is.
        cover: how much of the ground the ink hides.
    """
    height, width = ground.shape[:2]
    tall = part * min(height, width)
    mask = drawn(glyph, max(8, round(tall)), max(1.0, pen * tall), antialias=antialias,
                 pressure=pressure, rng=rng)  # fmt: skip
    mask = mask[:height, :width] * cover
    rows, columns = mask.shape
    top = round((height - rows) * (0.5 + off * rng.uniform(-0.5, 0.5)))
    left = round((width - columns) * (0.5 + off * rng.uniform(-0.5, 0.5)))
    picture = ground.astype(np.float32).copy()
    part_of = picture[top : top + rows, left : left + columns]
    part_of[:] = part_of * (1 - mask[..., None]) + np.array(colour, np.float32) * mask[..., None]
    return picture


def chosen(rng: np.random.Generator, options: tuple) -> Colour:
    return options[rng.integers(len(options))]


def jpeg(pixels: np.ndarray, rng: np.random.Generator) -> bytes:
    return encoded(pixels, "JPEG", quality=int(rng.integers(60, 93)))


def eight(scene: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(scene, 0, 1) * 255).astype(np.uint8)


# Drawings


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


# Scans


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


# Photos


def _photo(
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


def _taken(scene: np.ndarray, rng: np.random.Generator, *, noise: float = 0.015) -> bytes:
    blur = rng.uniform(0.3, 1.0) * scene.shape[1] / 500
    return jpeg(photographed(scene, rng, blur=blur, noise=noise), rng)


def photo_pen(glyph: Glyph, rng: np.random.Generator) -> bytes:
    return _taken(_photo(glyph, rng), rng)


def photo_marker(glyph: Glyph, rng: np.random.Generator) -> bytes:
    return _taken(_photo(glyph, rng, pens=(0.09, 0.18)), rng)


def photo_pencil(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, inks=(PENCIL,), pens=(0.02, 0.05), cover=(0.5, 0.8))
    return _taken(scene, rng)


def photo_shadow(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, pens=(0.03, 0.12))
    scene = shaded(scene, rng, depth=rng.uniform(0.25, 0.6), soft=rng.uniform(0.01, 0.2))
    return _taken(scene, rng)


def photo_ruled(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        colour = chosen(rng, ((0.55, 0.65, 0.85), (0.6, 0.6, 0.65), (0.5, 0.7, 0.75)))
        pitch = rng.uniform(0.06, 0.25) * sheet.shape[0]
        return paper.ruled(sheet, rng, pitch=pitch, colour=colour, square=False,
                           strength=rng.uniform(0.5, 1), margin=rng.random() < 0.4)  # fmt: skip

    return _taken(_photo(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_squared(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        colour = chosen(rng, ((0.6, 0.7, 0.88), (0.65, 0.65, 0.7), (0.7, 0.6, 0.8)))
        pitch = rng.uniform(0.04, 0.18) * sheet.shape[0]
        return paper.ruled(sheet, rng, pitch=pitch, colour=colour, square=True,
                           strength=rng.uniform(0.4, 0.9))  # fmt: skip

    return _taken(_photo(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_table(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, parts=(0.25, 0.5), fall=0.2)
    table = paper.wooden(*scene.shape[:2], rng)
    scene = seen_askew(scene, rng, table, tilt=0.04, shrink=rng.uniform(0.75, 0.95))
    return _taken(lit(scene, rng, fall=0.2), rng)


def photo_edge(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, parts=(0.3, 0.6))
    table = paper.wooden(*scene.shape[:2], rng)
    height, width = scene.shape[:2]
    reach = rng.uniform(0.03, 0.12)
    start = [0, 0] if rng.random() < 0.5 else [width * (1 - reach), width * (1 - reach * 0.6)]
    stop = [width * reach, width * reach * 0.6] if start[0] == 0 else [width, width]
    corners = np.array([[start[0], 0], [stop[0], 0], [stop[1], height], [start[1], height]])
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0)
    return _taken(scene * (1 - mask[..., None]) + table * mask[..., None], rng)


def photo_coloured_paper(glyph: Glyph, rng: np.random.Generator) -> bytes:
    sheets = ((0.95, 0.88, 0.4), (0.95, 0.6, 0.7), (0.55, 0.8, 0.55), (0.5, 0.7, 0.9),
              (0.72, 0.56, 0.4))  # fmt: skip
    return _taken(_photo(glyph, rng, sheets=sheets, pens=(0.04, 0.14)), rng)


def photo_chalkboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(250, 800))
    ground = paper.chalkboard(side, int(side * rng.uniform(0.8, 1.4)), rng)
    ink = ((0.9, 0.9, 0.88), (0.9, 0.85, 0.5), (0.85, 0.6, 0.65))
    scene = placed(ground, glyph, rng, part=rng.uniform(0.3, 0.8), pen=rng.uniform(0.04, 0.1),
                   colour=chosen(rng, ink), pressure=0.4, cover=rng.uniform(0.6, 0.95))  # fmt: skip
    grit = paper.clouds(*ground.shape[:2], rng, grain=2.5)[..., None]
    scene = np.where(scene > ground + 0.1, scene + 0.08 * grit, scene)
    return _taken(lit(scene, rng, fall=0.3), rng, noise=0.02)


def photo_whiteboard(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, sheets=((0.82, 0.84, 0.86),), pens=(0.04, 0.12), rough=0.005)
    return _taken(glared(scene * 0.85, rng), rng)


def photo_dim(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, pens=(0.04, 0.12), fall=0.5) * rng.uniform(0.25, 0.5)
    return _taken(scene, rng, noise=rng.uniform(0.02, 0.045))


def photo_blurred(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, parts=(0.4, 0.75), pens=(0.05, 0.12))
    side = min(scene.shape[:2])
    pixels = photographed(scene, rng, blur=rng.uniform(0.004, 0.014) * side, noise=0.015,
                          shake=rng.uniform(0.0, 0.04) * side)  # fmt: skip
    return jpeg(pixels, rng)


def photo_creased(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return paper.creased(sheet, rng, folds=int(rng.integers(2, 9)))

    return _taken(_photo(glyph, rng, ground=ground, pens=(0.04, 0.12)), rng)


def photo_exif(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, pens=(0.04, 0.12))
    pixels = photographed(scene, rng, blur=0.8, noise=0.015)
    return turned_by_exif(pixels, (3, 6, 8)[rng.integers(3)], quality=85)


def photo_large(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, sides=(1800, 3000), pens=(0.03, 0.1))
    return encoded(photographed(scene, rng, blur=2.0, noise=0.02), "JPEG", quality=80)


def photo_small_in_large(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, sides=(900, 1600), parts=(0.06, 0.15), pens=(0.06, 0.12))
    return _taken(scene, rng)


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


def boxed(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, parts=(0.25, 0.4), pens=(0.05, 0.1), fall=0.2)
    rows, columns = np.nonzero(scene.min(2) < 0.5 * np.median(scene))
    if not len(rows):
        return _taken(scene, rng)
    room = int(rng.uniform(0.05, 0.12) * scene.shape[0])
    corners = (int(columns.min()) - room, int(rows.min()) - room), (
        int(columns.max()) + room, int(rows.max()) + room)  # fmt: skip
    cv2.rectangle(scene, *corners, chosen(rng, INKS), max(1, scene.shape[0] // 150))
    return _taken(scene, rng)


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


def photo_note(glyph: Glyph, rng: np.random.Generator) -> bytes:
    sheets = (*SHEETS, (0.95, 0.88, 0.4), (0.95, 0.6, 0.7))
    scene = _photo(glyph, rng, sides=(500, 900), sheets=sheets, parts=(0.4, 0.7), fall=0.2)
    table = paper.wooden(*scene.shape[:2], rng)
    scene = seen_askew(scene, rng, table, tilt=0.03, shrink=rng.uniform(0.25, 0.6))
    return _taken(lit(scene, rng, fall=0.3), rng)


def photo_finger(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, parts=(0.3, 0.5), pens=(0.04, 0.12))
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
    return _taken(scene * (1 - mask) + np.array((0.75, 0.52, 0.42)) * mask, rng)


def photo_dotted(glyph: Glyph, rng: np.random.Generator) -> bytes:
    def ground(sheet: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pitch = rng.uniform(0.05, 0.12) * sheet.shape[0]
        size = max(1, round(pitch / 16))
        for y in np.arange(pitch / 2, sheet.shape[0], pitch):
            for x in np.arange(pitch / 2, sheet.shape[1], pitch):
                cv2.circle(sheet, (int(x), int(y)), size, (0.5, 0.5, 0.55), -1)
        return sheet

    return _taken(_photo(glyph, rng, ground=ground, pens=(0.04, 0.1)), rng)


def photo_thumbnail(glyph: Glyph, rng: np.random.Generator) -> bytes:
    scene = _photo(glyph, rng, sides=(200, 400), parts=(0.5, 0.8), pens=(0.06, 0.14))
    side = int(rng.integers(28, 60))
    small = cv2.resize(eight(scene), (side, side), interpolation=cv2.INTER_AREA)
    return encoded(small, "PNG") if rng.random() < 0.5 else jpeg(small, rng)


KINDS: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        paint_thick, paint_very_thick, paint_thin, paint_coloured, dark_mode, transparent, tiny,
        tight, at_border, far_off, screenshot, bad_jpeg, odd_modes, scanned, scanned_black_white,
        specked, broken_line, photo_pen, photo_marker, photo_pencil, photo_shadow, photo_ruled,
        photo_squared, photo_table, photo_edge, photo_coloured_paper, photo_chalkboard,
        photo_whiteboard, photo_dim, photo_blurred, photo_creased, photo_exif, photo_large,
        photo_small_in_large, low_contrast, crayon, boxed, enlarged, photo_note, photo_finger,
        photo_dotted, photo_thumbnail,
    )
}  # fmt: skip
