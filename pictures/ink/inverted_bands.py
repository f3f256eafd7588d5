"""Find the bands along a picture's sides in which light and dark are exchanged; invert them back.

Letterboxed screenshots, a drawing pasted between margins of the opposite shade and a window half in
dark mode have them. Ink is darker than its background or lighter, so of writing that runs across
a band's edge one half is lost; and a band of its own makes a broad, straight mark.
"""

from __future__ import annotations

import msgspec
import numpy as np

from siam.array_types import Pictures

__all__ = ["InvertedBand", "find_inverted_bands", "invert_bands_back", "may_have_inverted_bands"]

_APART = 100  # grey levels, at least, between a band's background and the one beside it
_STEP = _APART // 2  # grey levels by which a row changes at the edge
_CHANGED = 0.6  # of the rows, at least, change there
_CROSSED = 0.02  # of the rows change the other way: writing that runs across
_MOST, _NEARLY_ALL = 0.75, 0.9  # of the rows change: where writing runs across, and elsewhere
_NARROWEST, _WIDEST = 0.08, 0.4  # of the picture's width
_LETTERBOX = 0.12  # so wide at least are two bands that nothing runs across,
_EQUAL = 0.03  # and so much at most they differ
_EXACT = 64  # columns: in a wider picture an edge may lie between two pixels


class InvertedBand(msgspec.Struct, frozen=True):
    """Columns from a picture's left or right whose background is the opposite of the rest's.

    Attributes:
        start: its first column.
        stop: the column after its last one.
        levels: the sum of both backgrounds' grey values; less a pixel, it is the pixel mended.
        changed: share of the rows that change at its edge, 0..1.
        crossed: share of the rows that change there the other way than the backgrounds do, 0..1.
    """

    start: int
    stop: int
    levels: int
    changed: float
    crossed: float


def invert_bands_back(grey: Pictures) -> tuple[Pictures, int]:
    """Return a picture with its bands inverted back, and how many there were; itself if none.

    Args:
        grey: uint8 (h, w).
    """
    for upright in (True, False):
        turned = grey.copy() if upright else grey.T.copy()
        bands = _find_bands(turned)
        for band in bands:
            part = turned[:, band.start : band.stop]
            part[:] = np.clip(band.levels - part.astype(np.int16), 0, 255)
            if turned.shape[1] > _EXACT:
                _smooth_edge(turned, band.start or band.stop)
        if bands:
            return (turned if upright else np.ascontiguousarray(turned.T)), len(bands)
    return grey, 0


def may_have_inverted_bands(grey: Pictures) -> bool:
    """Return whether a picture is worth asking `invert_bands_back` about.

    Args:
        grey: uint8 (h, w), a small copy of it.
    """
    import cv2

    return bool(_find_bands(grey) or _find_bands(np.asarray(cv2.transpose(grey))))


def find_inverted_bands(grey: Pictures, *, apart: int = 1) -> tuple[InvertedBand, ...]:
    """Return the bands along a picture's left and right, none for nearly every picture.

    A stroke along a side is no band: where other strokes meet it nothing changes, least of all in
    the picture's corners. Bands that no writing crosses come in pairs, as a letterbox has them.

    Args:
        grey: uint8 (h, w).
        apart: columns that a band's edge may take, 1 or 2; 2 after averaging.

    Example:
        >>> picture = np.zeros((28, 28), np.uint8)
        >>> picture[:, :7] = picture[:, 21:] = 255
        >>> [(band.start, band.stop) for band in find_inverted_bands(picture)]
        [(0, 7), (21, 28)]
    """
    import cv2

    height, width = grey.shape
    if min(height, width) < 8:
        return ()
    steps = cv2.absdiff(grey[:, apart:], grey[:, :-apart])
    changes = cv2.threshold(steps, _STEP, 1, cv2.THRESH_BINARY)[1]
    counts = cv2.reduce(changes, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    if counts.max() < _CHANGED * height:
        return ()
    places = np.arange(len(counts)) + (apart + 1) // 2
    bands = []
    for near in (places, width - places):
        here = (near >= _NARROWEST * width) & (near <= _WIDEST * width)
        strong = np.where(here & (counts >= _CHANGED * height), counts, 0)
        edge = int(places[strong.argmax()]) if strong.any() else 0
        bands.append(_measure_band(grey, edge, near is places, apart) if edge else None)
    left, right = bands
    if left and right:
        equal = abs(left.stop - (width - right.start)) <= max(1.0, _EQUAL * width)
        wide = left.stop >= _LETTERBOX * width
        changed = (left.changed + right.changed) / 2
        crossed = max(left.crossed, right.crossed) >= _CROSSED
        if equal and wide and changed >= (_MOST if crossed else _NEARLY_ALL):
            return left, right
    return tuple(
        band
        for band in (left, right)
        if band and band.crossed >= _CROSSED and band.changed >= _MOST
    )


def _find_bands(grey: Pictures) -> tuple[InvertedBand, ...]:
    """Return the bands of a picture that may have been averaged down."""
    if grey.shape[1] <= _EXACT:
        return find_inverted_bands(grey)
    wide = find_inverted_bands(grey, apart=2)
    return (find_inverted_bands(grey) or wide) if wide else ()


def _smooth_edge(grey: Pictures, edge: int) -> None:
    """Fill the two columns at an edge, which averaging and compression have mixed."""
    before, after = grey[:, edge - 2].astype(np.float32), grey[:, edge + 1].astype(np.float32)
    grey[:, edge - 1], grey[:, edge] = (2 * before + after) / 3, (before + 2 * after) / 3


def _measure_band(grey: Pictures, edge: int, on_left: bool, apart: int) -> InvertedBand | None:
    """Return the band up to an edge; None where its background is uneven or not the opposite."""
    height, width = grey.shape
    start, stop = (0, edge) if on_left else (edge, width)
    rest = grey[:, edge : width - edge] if on_left else grey[:, width - edge : edge]
    band = grey[:, start:stop]
    # Ink lies on the other background's side of each, and may cover most of it.
    light = float(np.median(band)) > float(np.median(rest))
    own, other = (_quantile(part, 0.7 if light is (part is band) else 0.3) for part in (band, rest))
    if abs(own - other) < _APART or (np.abs(band.astype(np.int16) - own) < _STEP).mean() < 0.5:
        return None
    inner, outer = (edge + apart // 2, edge - 1) if on_left else (edge - 1, edge + apart // 2)
    steps = (grey[:, outer].astype(np.int16) - grey[:, inner]) * (1 if own > other else -1)
    with_grounds = steps > _STEP
    if not (with_grounds[0] and with_grounds[-1]):
        return None
    crossed = float((steps < -_STEP).mean())
    return InvertedBand(start, stop, own + other, float(with_grounds.mean()) + crossed, crossed)


def _quantile(part: Pictures, share: float) -> int:
    return int(np.partition(part, int(share * part.size), axis=None)[int(share * part.size)])
