"""What the index knows a picture's content by."""

from __future__ import annotations

import hashlib

from siam.array_types import Pictures

__all__ = ["digest"]


def digest(picture: Pictures) -> str:
    """Return the SHA-256 of a picture's pixels, in hexadecimal.

    Args:
        picture: uint8 (height, width, channels), as the network sees it.

    Example:
        >>> import numpy as np
        >>> digest(np.zeros((1, 1, 1), np.uint8))[:8]  # of one byte, 0
        '6e340b9c'
    """
    return hashlib.sha256(picture.tobytes()).hexdigest()
