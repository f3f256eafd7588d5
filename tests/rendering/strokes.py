"""Digits as pen strokes: a small stroke model of how people write, and MNIST digits traced back.

A glyph is a list of strokes; a stroke is float (n, 2), points (x, y) in the unit square, y down.
"""

from __future__ import annotations

import cv2
import numpy as np

Glyph = list[np.ndarray]

# Control points of each way to write each digit; strokes are smoothed, "!" strokes stay straight.
WAYS: dict[int, list[list[tuple[str, list[tuple[float, float]]]]]] = {
    0: [
        [("", [(.55, .02), (.2, .2), (.12, .55), (.3, .95), (.65, .95), (.88, .55), (.75, .12),
               (.5, .02)])],
        [("", [(.6, .06), (.3, .08), (.14, .5), (.35, .96), (.75, .86), (.86, .4), (.62, .05),
               (.45, .1)])],
    ],
    1: [
        [("!", [(.5, .0), (.5, 1.)])],
        [("!", [(.25, .25), (.55, .0), (.55, 1.)])],
        [("!", [(.3, .22), (.52, .0), (.52, 1.)]), ("!", [(.25, 1.), (.8, 1.)])],
        [("!", [(.62, .0), (.4, 1.)])],
    ],
    2: [
        [("", [(.14, .25), (.3, .03), (.65, .03), (.8, .28), (.6, .58), (.15, .95)]),
         ("!", [(.15, .95), (.88, .95)])],
        [("", [(.15, .22), (.4, .0), (.78, .15), (.7, .5), (.3, .88), (.16, .82), (.3, .76),
               (.55, .92), (.9, .9)])],
    ],
    3: [
        [("", [(.18, .14), (.5, .0), (.8, .18), (.68, .42), (.42, .48), (.75, .56), (.84, .8),
               (.5, 1.), (.14, .86)])],
        [("!", [(.2, .03), (.8, .03), (.48, .4)]),
         ("", [(.48, .4), (.8, .55), (.8, .85), (.45, 1.), (.15, .88)])],
    ],
    4: [
        [("!", [(.35, .0), (.12, .58), (.9, .58)]), ("!", [(.68, .3), (.66, 1.)])],
        [("!", [(.22, .03), (.2, .5), (.8, .5)]), ("!", [(.76, .0), (.72, 1.)])],
        [("!", [(.7, 1.), (.7, .0), (.1, .66), (.92, .66)])],
    ],
    5: [
        [("!", [(.3, .04), (.24, .44)]),
         ("", [(.24, .44), (.55, .36), (.82, .6), (.7, .92), (.35, 1.), (.14, .86)]),
         ("!", [(.3, .04), (.82, .03)])],
        [("", [(.8, .04), (.34, .06), (.27, .42), (.62, .42), (.82, .68), (.55, .98), (.15, .9)])],
    ],
    6: [
        [("", [(.68, .02), (.35, .25), (.16, .62), (.28, .95), (.62, .98), (.82, .75), (.6, .52),
               (.25, .62)])],
        [("", [(.45, .0), (.22, .4), (.2, .8), (.5, 1.), (.8, .82), (.68, .56), (.4, .56),
               (.22, .74)])],
    ],
    7: [
        [("!", [(.15, .05), (.85, .05), (.4, 1.)])],
        [("!", [(.15, .05), (.85, .05), (.45, 1.)]), ("!", [(.3, .5), (.82, .48)])],
        [("", [(.12, .16), (.2, .05), (.5, .07), (.86, .04), (.62, .45), (.42, 1.)])],
    ],
    8: [
        [("", [(.72, .14), (.45, .0), (.22, .2), (.45, .46), (.78, .7), (.55, 1.), (.2, .82),
               (.42, .5), (.74, .26), (.7, .12)])],
        [("", [(.5, .46), (.22, .25), (.48, .02), (.78, .22), (.52, .46), (.2, .74), (.5, 1.),
               (.82, .76), (.5, .46)])],
    ],
    9: [
        [("", [(.78, .22), (.5, .02), (.2, .25), (.35, .5), (.66, .46), (.8, .2)]),
         ("!", [(.8, .18), (.7, 1.)])],
        [("", [(.74, .2), (.45, .02), (.2, .3), (.45, .52), (.76, .24), (.74, .6), (.55, .98),
               (.25, .95)])],
    ],
}  # fmt: skip


def written(digit: int, rng: np.random.Generator) -> Glyph:
    """Return one of the ways to write `digit`, with the unsteadiness of a hand."""
    ways = WAYS[digit]
    way = ways[rng.integers(len(ways))]
    slant, turn = rng.normal(0.0, 0.12), rng.normal(0.0, 0.06)
    aspect = rng.uniform(0.5, 0.85)
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[aspect, -slant], [0.0, 1.0]])
    glyph = []
    for kind, points in way:
        line = np.array(points) + rng.normal(0.0, 0.018, (len(points), 2))
        line = _dense(line) if kind else _spline(line)
        wobble = rng.normal(0.0, 1.0, line.shape)
        wobble = cv2.GaussianBlur(wobble, (1, 0), sigmaX=0.01, sigmaY=max(len(line) / 8, 1))
        glyph.append((line + 0.03 * wobble - 0.5) @ shape.T)
    return _unit(glyph)


def traced(pixels: np.ndarray, scale: int = 4) -> Glyph:
    """Return the middle lines of a 28x28 white-on-black digit as short strokes."""
    large = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), scale * 0.3)
    line = _thinned(np.pad(large > 100, 2))
    rows, columns = np.nonzero(line)
    glyph: Glyph = []
    for row, column in zip(rows, columns, strict=True):
        alone = True
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            if not line[row + down, column + right]:
                continue
            if down and right and (line[row + down, column] or line[row, column + right]):
                continue
            glyph.append(np.array([[column, row], [column + right, row + down]], float))
            alone = False
        if alone:
            glyph.append(np.array([[column, row], [column, row]], float))
    return _unit(glyph)


def drawn(
    glyph: Glyph,
    height: int,
    pen: float,
    *,
    antialias: bool = True,
    pressure: float = 0.0,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return ink coverage, float (h, w) 0..1, of a glyph `height` pixels high, box just fitting.

    Args:
        glyph: strokes in the unit square.
        height: of the written digit without the pen's own width.
        pen: width of the line in pixels.
        antialias: False for the hard pixels of a simple drawing program.
        pressure: 0..1, how much the line's width varies along it.
        rng: needed for pressure.
    """
    zoom = 4 if antialias and height < 1200 else 1
    radius = pen / 2 + 1
    points = np.concatenate(glyph)
    low, high = points.min(0), points.max(0)
    size = np.ceil((high - low) * height + 2 * radius).astype(int) + 2
    canvas = np.zeros((size[1] * zoom, size[0] * zoom), np.uint8)
    thickness = max(1, round(pen * zoom))
    for stroke in glyph:
        where = np.rint(((stroke - low) * height + radius + 0.5) * zoom).astype(np.int32)
        if pressure and rng is not None and len(where) > 4:
            wave = np.interp(np.arange(len(where)), np.linspace(0, len(where), 6),
                             rng.uniform(1 - pressure, 1 + pressure / 2, 6))  # fmt: skip
            for a, b, w in zip(where, where[1:], wave, strict=False):
                cv2.line(canvas, a.tolist(), b.tolist(), 255, max(1, round(thickness * w)))
        else:
            cv2.polylines(canvas, [where.reshape(-1, 1, 2)], False, 255, thickness)
    if zoom > 1:
        canvas = cv2.resize(canvas, None, fx=1 / zoom, fy=1 / zoom, interpolation=cv2.INTER_AREA)
    return canvas.astype(np.float32) / 255


def broken(glyph: Glyph, rng: np.random.Generator, gap: float = 0.06) -> Glyph:
    """Return the glyph with two or three gaps of `gap` of its height, as a failing pen leaves."""
    points = np.concatenate(glyph)
    holes = points[rng.integers(len(points), size=int(rng.integers(2, 4)))]
    pieces: Glyph = []
    for stroke in glyph:
        away = np.min(np.linalg.norm(stroke[:, None] - holes[None], axis=2), axis=1) > gap / 2
        run: list[np.ndarray] = []
        for point, keep in zip(stroke, away, strict=True):
            if keep:
                run.append(point)
            elif run:
                pieces.append(np.array(run))
                run = []
        if run:
            pieces.append(np.array(run))
    return pieces or glyph


def _dense(line: np.ndarray) -> np.ndarray:
    steps = np.linspace(0, len(line) - 1, 40)
    return np.stack([np.interp(steps, np.arange(len(line)), line[:, k]) for k in (0, 1)], 1)


def _spline(line: np.ndarray) -> np.ndarray:
    """Return a Catmull-Rom curve through the points."""
    padded = np.concatenate([line[:1], line, line[-1:]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                   + (3 * b - a - 3 * c + d) * t**3)
        )  # fmt: skip
    return np.concatenate([*pieces, line[-1:]])


def _unit(glyph: Glyph) -> Glyph:
    """Scale so that the higher or wider side is 1, and move to the origin."""
    points = np.concatenate(glyph)
    low = points.min(0)
    side = float((points.max(0) - low).max()) or 1.0
    return [(stroke - low) / side for stroke in glyph]


def _thinned(mask: np.ndarray) -> np.ndarray:
    """Thin a mask to lines one pixel wide (Zhang and Suen 1984)."""
    image = mask.astype(np.uint8)
    while True:
        before = image.sum()
        for first in (True, False):
            p = [
                np.roll(image, shift, (0, 1))
                for shift in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            ]
            ring = np.stack([*p, p[0]]).astype(np.int8)
            rises = ((ring[1:] - ring[:-1]) == 1).sum(0)
            count = sum(p)
            if first:
                sides = (p[0] * p[2] * p[4] == 0) & (p[2] * p[4] * p[6] == 0)
            else:
                sides = (p[0] * p[2] * p[6] == 0) & (p[0] * p[4] * p[6] == 0)
            image[(image == 1) & (rises == 1) & (count >= 2) & (count <= 6) & sides] = 0
        if image.sum() == before:
            return image.astype(bool)
