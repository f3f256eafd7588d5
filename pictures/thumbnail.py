"""Thumbnails: small PNGs that the index keeps beside each vector."""

from __future__ import annotations

import contextlib

import numpy as np

from siam.array_types import Pictures
from siam.errors import StoreError

__all__ = ["LONGEST_SIDE", "decode_thumbnail", "encode_thumbnail"]

LONGEST_SIDE = 64
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode_thumbnail(picture: Pictures) -> bytes:
    """Return a picture as a PNG of at most 64 pixels a side; a small one is kept as it is.

    Args:
        picture: uint8 (height, width, channels), channels 1 (grey) or 3 (RGB).

    Example:
        >>> decode_thumbnail(encode_thumbnail(np.zeros((28, 28, 1), np.uint8))).shape
        (28, 28, 1)
    """
    import cv2

    longest = max(picture.shape[:2])
    if longest > LONGEST_SIDE:
        height, width = (max(1, round(side * LONGEST_SIDE / longest)) for side in picture.shape[:2])
        smaller = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        picture = np.asarray(smaller, np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 3:
        picture = picture[:, :, ::-1]
    # The fastest level, and rows as they are: 60,000 digits are written after every training, in
    # half the time and a twelfth smaller than by differences of neighbours. Photos: 2 % larger.
    how = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.10 cannot be told, and chooses itself
        how += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    encoded = cv2.imencode(".png", picture, how)[1]
    return encoded.tobytes()


def decode_thumbnail(png: bytes) -> Pictures:
    """Return a thumbnail as uint8 (height, width, channels), channels 1 (grey) or 3 (RGB).

    Raises:
        StoreError: it is no PNG of at most 64 pixels a side.
    """
    import cv2

    # Read from the PNG's header, before its pixels: a few bytes may unpack to gigabytes.
    longest = max(int.from_bytes(png[16:20]), int.from_bytes(png[20:24]))
    picture = None
    if png.startswith(SIGNATURE) and longest <= LONGEST_SIDE:
        with contextlib.suppress(cv2.error):
            picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint8 or picture.shape[2:] not in ((), (3,)):
        raise StoreError(
            f"A thumbnail of {len(png)} bytes is no PNG that siam made.",
            "Fill the index again with `siam index sync FOLDER`.",
        )
    pixels = np.asarray(picture, np.uint8)
    return pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels[:, :, ::-1]
