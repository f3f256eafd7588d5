"""Pictures in a terminal: two pixels to a character, by Unicode's upper half block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siam.array_types import Pictures

__all__ = ["draw_row"]

SIDE = 28
GAP = "  "


def draw_row(pictures: Sequence[Pictures]) -> str:
    """Draw pictures side by side in 24-bit colour.

    Args:
        pictures: uint8 (height, width, channels) each, any size.

    Returns:
        14 lines of text with ANSI colour codes.
    """
    import cv2
    import numpy as np

    squares = []
    for picture in pictures:
        square = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        squares.append(np.broadcast_to(square.reshape(SIDE, SIDE, -1), (SIDE, SIDE, 3)))
    lines = []
    for top in range(0, SIDE, 2):
        parts = []
        for square in squares:
            cells = [
                "\x1b[38;2;{};{};{};48;2;{};{};{}m▀".format(*square[top, x], *square[top + 1, x])
                for x in range(SIDE)
            ]
            parts.append("".join(cells) + "\x1b[0m")
        lines.append(GAP.join(parts))
    return "\n".join(lines)
