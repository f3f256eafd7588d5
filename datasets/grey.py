"""Turn colour to grey so that coloured ink stands out: yellow on white, red on green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ink_grey"]

_LUMINANCE = np.array([0.299, 0.587, 0.114])
_WORTH = 1.4  # how much stronger the ink must get for another grey than the usual one
_THUMB = 128  # pixels along the longer side that the colours are judged on


def ink_grey(image: Image.Image) -> np.ndarray:
    """Return uint8 (h, w), the usual grey, or the mixture of channels that shows the ink better.

    Args:
        image: mode "L" or "RGB".
    """
    if image.mode == "L":
        return np.asarray(image)
    factor = max(1, max(image.size) // _THUMB)
    thumb = image.reduce((min(factor, image.width), min(factor, image.height)))
    mixture = _mixture(np.asarray(thumb).reshape(-1, 3).astype(np.float64))
    if mixture is None:
        return np.asarray(image.convert("L"))
    red, green, blue = (float(part) for part in mixture)
    return np.asarray(image.convert("L", (red, green, blue, 0.0)))


def _mixture(colours: np.ndarray) -> np.ndarray | None:
    """Return the channels' weights, sum 1, or None where the usual grey does as well.

    Args:
        colours: float (n, 3), some of the picture's pixels.
    """
    away = colours - np.median(colours, axis=0)
    distance = (away**2).sum(1)
    far = away[distance >= np.quantile(distance, 0.97)]
    if not len(far) or distance.max() < 100:
        return None
    direction = np.linalg.eigh(far.T @ far)[1][:, -1]  # the main one: eigenvalues rise
    # Light falls alike on all channels; weights of one sign keep dark dark.
    positive, negative = np.maximum(direction, 0), np.maximum(-direction, 0)
    weights = positive if positive.sum() >= negative.sum() else negative
    weights = weights / weights.sum()
    gain = np.abs(far @ weights).mean() / max(float(np.abs(far @ _LUMINANCE).mean()), 1.0)
    return weights if gain > _WORTH else None
