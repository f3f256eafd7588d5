"""Recognise pictures that have the data set's form already, many at once.

A folder of them is the usual benchmark and the usual import: judged one by one, the judging takes
longer than the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from siam.datasets.digit import unchanged
from siam.datasets.framing import are_framed
from siam.datasets.prepare import Preparation, Prepared

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ready_pictures"]

# What a file says of itself that changes no pixel. A picture of which more is known (a turn, a
# transparent colour) takes the long way.
_HARMLESS = frozenset(["siam_original_size", "dpi", "gamma", "srgb", "Software"])
_PLAIN = ("PNG", "PPM")


def ready_pictures(
    images: Sequence[Image.Image | None], preparation: Preparation
) -> list[Prepared | None]:
    """Return what `prepare_picture` would, without steps, for pictures that pass it unchanged.

    Args:
        images: as `read_picture` gives them; None is passed over.
        preparation: the data set's.

    Returns:
        For each picture its preparation, or None where `prepare_picture` has to be asked.

    Example:
        >>> from PIL import Image
        >>> preparation = Preparation("digit", (28, 28), 1)
        >>> ready_pictures([Image.new("L", (28, 28)), None], preparation)
        [None, None]
    """
    prepared: list[Prepared | None] = [None] * len(images)
    if preparation.chain != "digit":
        return prepared
    height, width = preparation.size
    places = [
        place
        for place, image in enumerate(images)
        if image is not None
        and image.mode == "L"
        and image.size == (width, height)
        and image.format in _PLAIN
        and image.info.keys() <= _HARMLESS
    ]
    if not places:
        return prepared
    content = b"".join(image.tobytes() for place in places if (image := images[place]) is not None)
    greys = np.frombuffer(content, np.uint8).reshape(len(places), height, width)
    framed = are_framed(greys)
    pixels = np.repeat(greys[..., None], preparation.channels, axis=3)
    choices = {"chain": preparation.chain, "rotated": 0, **unchanged(greys[0]).choices}
    for row in np.flatnonzero(framed).tolist():
        prepared[places[row]] = Prepared(pixels[row], (), dict(choices), ())
    return prepared
