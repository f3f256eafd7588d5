"""Convert colour to grey so that coloured ink stands out: yellow on white, red on green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Floats, Pictures, Vectors

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ChannelWeights", "choose_channel_weights", "convert_to_ink_grey", "mix_channels"]

ChannelWeights = tuple[float, float, float]  # of red, green and blue

_LUMINANCE = np.array([0.299, 0.587, 0.114])
_WORTH = 1.25  # how much stronger the ink must get for another grey than the usual one
_THUMB = 80  # pixels along the longer side that the colours are judged on
_LEAST = 60.0  # squared grey levels: nothing stands out less than that
_AROUND = 0.3  # of that side: the neighbourhood whose mean is a pixel's background
_EDGE = 0.1  # of the picture, on every side, that says nothing about the ink's colour


def convert_to_ink_grey(image: Image.Image) -> Pictures:
    """Return uint8 (h, w), the usual grey, or the mixture of channels that shows the ink better.

    Args:
        image: mode "L" or "RGB".
    """
    return mix_channels(image, choose_channel_weights(image))


def choose_channel_weights(image: Image.Image) -> ChannelWeights | None:
    """Return the channels' weights, sum 1, that show the ink; None where the usual grey does.

    Args:
        image: mode "L" or "RGB"; a small copy of a large picture is enough.
    """
    if image.mode == "L":
        return None
    factor = max(1, max(image.size) // _THUMB)
    thumb = image.reduce((min(factor, image.width), min(factor, image.height)))
    mixture = _find_mixture(_subtract_surroundings(np.asarray(thumb)))
    if mixture is None:
        return None
    red, green, blue = (float(part) for part in mixture)
    return red, green, blue


def mix_channels(image: Image.Image, weights: ChannelWeights | None) -> Pictures:
    """Return uint8 (h, w), the channels mixed by weights.

    Args:
        image: mode "L" or "RGB".
        weights: from `choose_channel_weights`.
    """
    if image.mode == "L":
        return np.asarray(image)
    if weights is None:
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("L", (*weights, 0.0)))


def _subtract_surroundings(thumb: Pictures) -> Vectors:
    """Return each pixel's difference to the mean around it, float32 (n, 3): ink, but no light.

    What lies along the border is left out: a program's tools, a table, a thumb have colours too.
    """
    import cv2

    side = round(_AROUND * max(thumb.shape)) | 1
    colours = thumb.astype(np.float32)
    away = np.asarray(colours - cv2.blur(colours, (side, side)))
    down, across = (round(_EDGE * length) for length in thumb.shape[:2])
    return away[down : len(away) - down, across : away.shape[1] - across].reshape(-1, 3)


def _find_mixture(away: Vectors) -> Floats | None:
    """Return the channels' weights by how pixels differ from their background, see above."""
    distance = np.einsum("ij,ij->i", away, away)
    few = max(1, round(0.03 * len(distance)))
    far = away[np.argpartition(distance, -few)[-few:]]
    if not len(far) or distance.max() < _LEAST:
        return None
    direction = np.linalg.eigh(far.T @ far)[1][:, -1]  # the main one: eigenvalues rise
    # Light falls alike on all channels; weights of one sign keep dark dark.
    positive, negative = np.maximum(direction, 0), np.maximum(-direction, 0)
    weights = positive if positive.sum() >= negative.sum() else negative
    weights = weights / weights.sum()
    gain = np.abs(far @ weights).mean() / max(float(np.abs(far @ _LUMINANCE).mean()), 1.0)
    return weights if gain > _WORTH else None
