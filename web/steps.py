"""What the network saw of a picture, step by step, as a page shows it."""

from __future__ import annotations

import base64

import numpy as np

from siam.array_types import Pictures
from siam.pictures.preparation import Prepared

__all__ = ["draw_steps"]


def draw_steps(prepared: Prepared) -> list[dict[str, str]]:
    """Return each step's name and its picture as a data URL, the network's input last.

    Example:
        >>> grey = np.zeros((4, 4), np.uint8)
        >>> prepared = Prepared(grey[..., None], (("original", grey),), {}, ())
        >>> [step["name"] for step in draw_steps(prepared)]
        ['original']
    """
    return [{"name": name, "picture": data_url(picture)} for name, picture in prepared.steps]


def data_url(picture: Pictures) -> str:
    """Return a picture, uint8 (height, width[, 1 or 3]), as a PNG in a URL."""
    import cv2

    shown = picture[:, :, ::-1] if picture.ndim == 3 and picture.shape[2] == 3 else picture
    encoded = cv2.imencode(".png", np.ascontiguousarray(shown))[1]
    return f"data:image/png;base64,{base64.b64encode(encoded.tobytes()).decode()}"
