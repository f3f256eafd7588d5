"""Pictures as PNG data that a page holds in itself."""

from __future__ import annotations

import base64
import io

import numpy as np

from siam.array_types import Pictures

__all__ = ["data_uri", "picture_uri", "sprite"]


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as a `data:` address; `kind` is the MIME type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def picture_uri(picture: Pictures) -> str:
    """Return a picture as PNG data.

    Args:
        picture: uint8 (height, width, channels), channels 1 (grey) or 3 (RGB).
    """
    from PIL import Image

    pixels = picture[..., 0] if picture.shape[-1] == 1 else picture
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", optimize=True)
    return data_uri(buffer.getvalue(), "image/png")


def sprite(pictures: Pictures, *, side: int = 28) -> tuple[str, int]:
    """Return many pictures as one PNG sheet, each shrunk to a square, and the sheet's columns.

    Args:
        pictures: uint8 (n, height, width, channels).
        side: of a square, in pixels; a picture keeps its aspect and is centred on black.
    """
    import cv2

    count, height, width, channels = pictures.shape
    columns = max(1, int(np.ceil(np.sqrt(count))))
    rows = max(1, -(-count // columns))
    sheet = np.zeros((rows * side, columns * side, channels), np.uint8)
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    for place, picture in enumerate(pictures):
        small = picture
        if (height, width) != (size[1], size[0]):
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        row, column = divmod(place, columns)
        y, x = row * side + top, column * side + left
        sheet[y : y + size[1], x : x + size[0]] = small.reshape(size[1], size[0], channels)
    return picture_uri(sheet), columns
