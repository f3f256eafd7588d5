"""Pictures in a terminal: two pixels to a character, by Unicode's upper half block."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siam.array_types import Pictures

__all__ = ["draw_picture", "draw_row", "shows_colours"]

SIDE = 28
GAP = "  "
HALF_BLOCK = "\u2580"
# From black to white on a dark terminal, for those that take no 24-bit colours.
SHADES = " .:-=+*#%@"


def draw_row(pictures: Sequence[Pictures]) -> str:
    """Draw pictures side by side in 24-bit colour.

    Args:
        pictures: uint8 (height, width, channels) each, any size.

    Returns:
        14 lines of text with ANSI colour codes.
    """
    drawn = [colour_lines(resize(picture, SIDE, SIDE)) for picture in pictures]
    return "\n".join(GAP.join(parts) for parts in zip(*drawn, strict=True))


def draw_picture(picture: Pictures, *, columns: int, lines: int, colours: bool) -> str:
    """Draw one picture as large as there is room for, its sides in proportion.

    Args:
        picture: uint8 (height, width, channels), any size.
        columns, lines: of text, 1 or more, that it may take.
        colours: in 24-bit colour; else in shades of grey by ASCII letters.

    Returns:
        Lines of text.

    Example:
        >>> import numpy as np
        >>> step = np.repeat(np.array([0, 255], np.uint8), 4)[None, :, None].repeat(8, axis=0)
        >>> print(draw_picture(step, columns=8, lines=9, colours=False).replace(" ", "_"))
        ____@@@@
        ____@@@@
        ____@@@@
        ____@@@@
    """
    height, width = picture.shape[:2]
    scale = min(columns / width, 2 * lines / height)
    wide, high = max(1, round(scale * width)), max(1, round(scale * height / 2))
    if colours:
        return "\n".join(colour_lines(resize(picture, wide, 2 * high)))
    grey = resize(picture, wide, high).mean(axis=2)
    shades = (grey * (len(SHADES) - 1) / 255).round().astype(int)
    return "\n".join("".join(SHADES[shade] for shade in row) for row in shades.tolist())


def shows_colours() -> bool:
    """Tell whether standard output shows half blocks in 24-bit colour."""
    try:
        HALF_BLOCK.encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    said = os.environ.get("COLORTERM", "") in {"truecolor", "24bit"}
    return (said or "WT_SESSION" in os.environ) and not os.environ.get("NO_COLOR")


def resize(picture: Pictures, width: int, height: int) -> Pictures:
    """Return a picture as uint8 (height, width, 3)."""
    import cv2
    import numpy as np

    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.broadcast_to(small.reshape(height, width, -1), (height, width, 3))


def colour_lines(pixels: Pictures) -> list[str]:
    """Return two rows of pixels to a line, of as many lines as there are pairs of rows."""
    lines = []
    for top, below in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        cells = [
            "\x1b[38;2;{};{};{};48;2;{};{};{}m".format(*upper, *lower) + HALF_BLOCK
            for upper, lower in zip(top, below, strict=True)
        ]
        lines.append("".join(cells) + "\x1b[0m")
    return lines
