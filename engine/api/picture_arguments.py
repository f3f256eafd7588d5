"""What a caller from Python may give as a picture: a path, an image, an array, bytes, a list."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from siam.engine.reading import Source
from siam.errors import UsageError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Picture", "name_source", "name_sources"]

# A PIL image is not iterable.
SINGLE = (str, bytes, os.PathLike)
Picture: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | NDArray[Any]"


def name_sources(
    pictures: Picture | Iterable[Picture],
) -> tuple[list[tuple[str, Source]], bool]:
    """Return one or several pictures with their names, and whether it is one alone.

    An array of four axes is a list of pictures. Those without a name are called by their place.

    Raises:
        UsageError: something that is no picture.

    Example:
        >>> name_sources(np.zeros((2, 9, 9, 1), np.uint8))[1]
        False
    """
    several = isinstance(pictures, Iterable) and not isinstance(pictures, SINGLE)
    if isinstance(pictures, np.ndarray):
        several = pictures.ndim > 3
    if not several:
        return [name_source(cast(Picture, pictures))], True
    listed = cast(Iterable[Picture], pictures)
    return [name_source(entry, f"picture {place}") for place, entry in enumerate(listed)], False


def name_source(picture: Picture, name: str = "") -> tuple[str, Source]:
    """Return one picture with its name.

    Args:
        picture: a path, the bytes of a picture file, a PIL image, or an array: uint8 (height,
            width[, channels]).
        name: what it is called where it has no name of its own.

    Raises:
        UsageError: nothing of these.

    Example:
        >>> name_source("cats/a.png")[0], name_source(np.zeros((9, 9), np.uint8))[0]
        ('cats/a.png', 'array')
    """
    if isinstance(picture, str | os.PathLike):
        return os.fspath(picture), Path(picture)
    if isinstance(picture, bytes):
        return name or "bytes", picture
    if isinstance(picture, np.ndarray):
        return name or "array", picture
    if is_image(picture):
        return os.fspath(getattr(picture, "filename", "")) or name or "image", picture
    raise UsageError(
        f"A picture is a path, bytes, a PIL image or an array, received {type(picture).__name__}.",
        "Several of them go into a list.",
    )


def is_image(picture: object) -> TypeGuard[Image.Image]:
    """Return whether this is a PIL image."""
    from PIL import Image

    return isinstance(picture, Image.Image)
