"""The fast path: pictures that have the data set's form already, recognised many at once.

A folder of them is the usual benchmark and the usual import: judged one by one, the judging takes
longer than the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from siam.pictures.digit_chain import keep_picture
from siam.pictures.framing import are_framed
from siam.pictures.preparation import Preparation, Prepared

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["fast_path_applies", "prepare_fast"]

# What a file says of itself that changes no pixel. A picture of which more is known (a turn, a
# transparent colour) takes the long way.
_HARMLESS = frozenset(["siam_original_size", "dpi", "gamma", "srgb", "Software"])
_PLAIN = ("PNG", "PPM")


def fast_path_applies(image: Image.Image, preparation: Preparation) -> bool:
    """Return whether `prepare_fast` may be asked about a picture, as `read_picture` gives it."""
    height, width = preparation.size
    return (
        preparation.chain == "digit"
        and image.mode == "L"
        and image.size == (width, height)
        and image.format in _PLAIN
        and image.info.keys() <= _HARMLESS
    )


def prepare_fast(images: Sequence[Image.Image], preparation: Preparation) -> list[Prepared | None]:
    """Return what `prepare_picture` would, without steps, for pictures that pass it unchanged.

    Args:
        images: each `fast_path_applies`.
        preparation: the data set's.

    Returns:
        For each picture its preparation, or None where `prepare_picture` has to be asked.

    Example:
        >>> from PIL import Image
        >>> prepare_fast([Image.new("L", (28, 28))], Preparation("digit", (28, 28), 1))
        [None]
    """
    if not images:
        return []
    content = b"".join(image.tobytes() for image in images)
    greys = np.frombuffer(content, np.uint8).reshape(len(images), *preparation.size)
    pixels = np.repeat(greys[..., None], preparation.channels, axis=3)
    choices = {"chain": preparation.chain, "rotated": 0, **keep_picture(greys[0]).choices}
    return [
        Prepared(picture, (), dict(choices), ()) if framed else None
        for picture, framed in zip(pixels, are_framed(greys).tolist(), strict=True)
    ]
