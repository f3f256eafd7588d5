"""Frame a mark as MNIST frames its digits: size, line width, centre of mass.

MNIST's digits were fitted into 20x20 pixels with their aspect kept and laid into 28x28 with their
centre of mass in the middle (LeCun et al. 1998, section III A). Of its training digits the lines
are 1.9 to 4.1 pixels wide (5th to 95th percentile; median 2.7).
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Booleans, Floats, Integers, Pictures, Vectors

__all__ = [
    "MNIST_SIDE",
    "are_framed",
    "frame",
    "frame_few_pixels",
    "is_framed",
    "look_like_mnist",
    "measure_line_width",
]

MNIST_SIDE, _BOX = (
    28,
    20,
)  # of MNIST's pictures, and of the square that their digits are fitted into
_INNER = _BOX / MNIST_SIDE  # part of the picture's shorter side that the mark's longer side takes
_FINE = 160  # pixels, at least, of the mark's longer side while lines are still masks
_DARK = 16  # grey: what may still be called black
_SOFT = 32  # grey below which ink is the edge that enlarging leaves
_LEAST_INK = 40  # grey: what may already be called ink,
_FAINT = 0.3  # unless it is no more than this part of the brightest, as smudges are
_NARROWEST, _WIDEST = 2.3 / _BOX, 3.8 / _BOX  # of a line, as parts of the mark's longer side


def measure_line_width(mask: Pictures) -> float:
    """Return the mean width in pixels of the lines that a uint8 mask is made of; 0 if empty.

    Across a straight line of width w the distance to its edge averages w / 4.
    """
    import cv2

    return _measure_mean_width(cv2.distanceTransform(_pad(mask, 1), cv2.DIST_L2, 3))


def _measure_mean_width(distance: np.ndarray) -> float:
    import cv2

    count = cv2.countNonZero(distance)
    return 4.0 * float(cv2.sumElems(distance)[0]) / count if count else 0.0


def frame(mask: Pictures, size: tuple[int, int]) -> Pictures:
    """Return a mark laid out as MNIST's are: uint8 of shape `size`, white on black.

    Lines thinner or wider than nearly all of MNIST's are brought to its range.

    Args:
        mask: uint8 (h, w), not 0 on the mark; not empty.
        size: (height, width) of the result.
    """
    import cv2

    inner = _INNER * min(size)
    ink = _trim(mask > 0).astype(np.float32)
    fine = max(_FINE, round(2 * inner))
    margin = fine // 10  # lines may grow
    zoom = fine / max(ink.shape)
    shape = (max(1, round(ink.shape[1] * zoom)), max(1, round(ink.shape[0] * zoom)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    large = _pad(cv2.resize(ink, shape, interpolation=way), margin) > 0.5
    if not large.any():  # a line so thin that averaging lost it
        large = _pad(cv2.resize(ink, shape, interpolation=way), margin) > 0
    return _lay_out(_trim(_limit_line_width(large, fine)), size, inner)


def frame_few_pixels(grey: Vectors) -> Pictures:
    """Return a digit of a few pixels as MNIST would show it, its greys kept for smooth lines.

    Args:
        grey: float32 (h, w), ink 0 (none) to 255 (full); not empty.

    Returns:
        uint8 (28, 28), white ink on black.
    """
    import cv2

    # Bicubic on a margin, so that strokes at the border fade out as they do inside.
    smooth = cv2.resize(np.pad(grey, 1), None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    smooth = smooth.clip(0, 255)
    there = smooth >= _SOFT
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    ink = smooth[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _BOX / max(ink.shape)
    width, height = (max(1, round(side * scale)) for side in ink.shape[::-1])
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    moments = cv2.moments(small)
    top, left = (
        min(max(round(MNIST_SIDE / 2 - moments[m] / moments["m00"] - 0.5), 0), MNIST_SIDE - side)
        for m, side in (("m01", height), ("m10", width))
    )
    canvas = np.zeros((MNIST_SIDE, MNIST_SIDE), dtype=np.uint8)
    canvas[top : top + height, left : left + width] = np.rint(small)
    return canvas


def look_like_mnist(pictures: Pictures) -> bool:
    """Return whether a set's pictures are in MNIST's form: nine in ten, or more, are framed so.

    Args:
        pictures: uint8 (n, height, width, channels), of which up to 1,000 are looked at.
    """
    if pictures.shape[1:] != (MNIST_SIDE, MNIST_SIDE, 1):
        return False
    probes = pictures[:: max(1, len(pictures) // 1000), ..., 0]
    return bool(are_framed(probes).mean() >= 0.9)


def is_framed(grey: Pictures, size: tuple[int, int], *, strict: bool = False) -> bool:
    """Return whether a picture is white on black and laid out like the data set's already.

    Smudges on the background and around the mark are let pass, as are strokes across it: framed
    anew by what does not belong to the mark, it would be framed worse.

    Args:
        grey: uint8 (h, w).
        size: (height, width) of the data set's pictures.
        strict: True to ask for MNIST's layout to the pixel, False for near it.
    """
    return grey.shape == tuple(size) and bool(are_framed(grey[None], strict=strict)[0])


def are_framed(greys: Pictures, *, strict: bool = False) -> Booleans:
    """Return bool (n,): which pictures of the data set's size `is_framed` holds for.

    Args:
        greys: uint8 (n, height, width), of the data set's size.
        strict: as for `is_framed`.
    """
    count, height, width = greys.shape
    flat = greys.reshape(count, -1)
    brightest = flat.max(axis=1)
    ring = np.concatenate([greys[:, 0], greys[:, -1], greys[:, :, 0], greys[:, :, -1]], axis=1)
    dark = _quantiles(ring, 0.8) <= np.maximum(_DARK, _FAINT * brightest)
    dark &= _quantiles(flat, 0.25) <= _DARK
    least_ink = np.maximum(_LEAST_INK, _FAINT * brightest).astype(np.uint8)
    ink = np.where(greys > least_ink[:, None, None], greys, 0)
    down, across = (ink.sum(axis=axis, dtype=np.int64) for axis in (2, 1))
    (tall, middle_row), (wide, middle_column) = _measure_spans(down), _measure_spans(across)
    weight = np.maximum(down.sum(axis=1), 1)
    by_mass = _measure_offset(
        down @ np.arange(height) / weight, across @ np.arange(width) / weight, greys
    )
    by_box = by_mass if strict else _measure_offset(middle_row, middle_column, greys)
    extent, off = np.maximum(tall, wide), np.minimum(by_mass, by_box)
    unit = min(height, width) / MNIST_SIDE
    least, most, away = (17, 21, 1.5) if strict else (13, 26, 4)
    framed: Booleans = (
        dark & (least * unit <= extent) & (extent <= most * unit) & (off <= away * unit)
    )
    return framed


def _quantiles(values: Pictures, share: float) -> Floats:
    """Return a quantile of each row, as `np.quantile`, which imports masked arrays to be slower."""
    place = share * (values.shape[1] - 1)
    pair = [int(place), min(int(place) + 1, values.shape[1] - 1)]
    low, high = np.partition(values, pair, axis=1)[:, pair].T.astype(np.float64)
    part = place - pair[0]
    away = high - low
    quantiles: Floats = high - away * (1 - part) if part >= 0.5 else low + away * part
    return quantiles


def _measure_spans(sums: Integers) -> tuple[Integers, Floats]:
    """Return, row by row, how many places lie from the first to the last that is not 0, and the
    middle of them.
    """
    there = sums != 0
    first = there.argmax(axis=1)
    last = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    return np.where(there.any(axis=1), last + 1 - first, 0), (first + last) / 2


def _measure_offset(rows: Floats, columns: Floats, greys: Pictures) -> Floats:
    """Return how far places lie from the middle of their pictures, down or across."""
    height, width = greys.shape[1:]
    away: Floats = np.maximum(np.abs(rows - (height - 1) / 2), np.abs(columns - (width - 1) / 2))
    return away


def _pad(mask: np.ndarray, margin: int) -> np.ndarray:
    import cv2

    return np.asarray(cv2.copyMakeBorder(mask, *(margin,) * 4, cv2.BORDER_CONSTANT, value=0))


def _trim(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _limit_line_width(large: np.ndarray, extent: int) -> np.ndarray:
    """Return a mark of `extent` pixels, its lines in the range of widths, edges kept smooth."""
    import cv2

    inside = cv2.distanceTransform(large.astype(np.uint8), cv2.DIST_L2, 3)
    width = _measure_mean_width(inside)
    wanted = min(max(width, _NARROWEST * extent), _WIDEST * extent)
    spread = (wanted - width) / 2
    if abs(spread) <= 0.25:
        return large
    outside = cv2.distanceTransform((~large).astype(np.uint8), cv2.DIST_L2, 3)
    changed = np.asarray(inside - outside > -spread)
    return changed if changed.any() else large


def _lay_out(ink: np.ndarray, size: tuple[int, int], inner: float) -> np.ndarray:
    """Shrink to `inner` pixels and lay with the centre of mass in the middle.

    Area averaging needs whole pixels, so the shift is made in the large picture's margin.
    """
    import cv2

    step = max(ink.shape) / inner
    moments = cv2.moments(ink.astype(np.uint8), binaryImage=True)
    x, y = moments["m10"] / moments["m00"] + 0.5, moments["m01"] / moments["m00"] + 0.5
    height, width = round(size[0] * step), round(size[1] * step)
    top = min(max(round(height / 2 - y), 0), height - ink.shape[0])
    left = min(max(round(width / 2 - x), 0), width - ink.shape[1])
    canvas = np.zeros((height, width), np.float32)
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = cv2.resize(canvas, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(small * 255), np.uint8)
