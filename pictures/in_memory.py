"""Pictures that are in memory already, a PIL image or an array, as `read_picture` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siam.errors import PictureError
from siam.pictures.reading import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["check_picture", "picture_from_array"]


def check_picture(image: Image.Image, *, name: str) -> Image.Image:
    """Return an image whose pixels are there and not too many.

    Args:
        image: of any mode; one that was opened lazily is loaded now.
        name: what error lines call it.

    Raises:
        PictureError: above 120 megapixels, or its file is damaged.
    """
    if image.width * image.height > MAX_PIXELS:
        raise PictureError(
            f"{name} has {image.width} x {image.height} pixels, at most "
            f"{MAX_PIXELS // 10**6} million are read.",
            "Make it smaller.",
        )
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as reason:
        raise PictureError(f"{name} is damaged or cut short: {reason}.") from None
    return image


def picture_from_array(array: NDArray[Any], *, name: str) -> Image.Image:
    """Return an array as an image.

    Args:
        array: uint8 (height, width[, channels]), channels 1 (grey), 3 (RGB) or 4 (RGB and alpha);
            bool counts as black and white.
        name: what error lines call it.

    Raises:
        PictureError: another dtype or shape.

    Example:
        >>> picture_from_array(np.zeros((20, 30), np.uint8), name="array").size
        (30, 20)
    """
    from PIL import Image

    pixels = array.astype(np.uint8) * 255 if array.dtype == np.bool_ else array
    deep = pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4)
    if pixels.dtype != np.uint8 or not (deep or pixels.ndim == 2) or 0 in pixels.shape:
        raise PictureError(
            f"{name}: a picture is uint8 of shape (height, width[, 1, 3 or 4 channels]), "
            f"received {array.dtype} of shape {array.shape}.",
            "Scale it to 0 to 255 and convert:  array.astype('uint8'). Several: list(arrays).",
        )
    return Image.fromarray(pixels[:, :, 0] if deep and pixels.shape[2] == 1 else pixels)
