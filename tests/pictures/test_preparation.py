"""A preparation as it is kept, and the two chains that only resize."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from siam.errors import UsageError
from siam.pictures.preparation import Preparation, prepare_picture


def test_preparation_refusals() -> None:
    with pytest.raises(UsageError, match="digit, glyph, photo, none, got 'sketch'"):
        Preparation("sketch", (28, 28), 1)
    with pytest.raises(UsageError, match="4 to 4096"):
        Preparation("digit", (28, 0), 1)
    with pytest.raises(UsageError, match="channels must be 1 or 3, got 4"):
        Preparation("digit", (28, 28), 4)


def test_photo_keeps_the_aspect_and_pads_with_the_border() -> None:
    wide = np.full((50, 100, 3), (10, 20, 200), np.uint8)
    wide[20:30, 40:60] = (250, 0, 0)
    pixels = prepare_picture(Image.fromarray(wide), Preparation("photo", (100, 100), 3)).pixels
    assert tuple(pixels[0, 0]) == (10, 20, 200)
    red = np.argwhere(pixels[:, :, 0] > 200)
    height, width = np.ptp(red, axis=0) + 1
    assert (height, width) == (10, 20)


def test_none_only_resizes() -> None:
    picture = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    pixels = prepare_picture(
        Image.fromarray(np.kron(picture, np.ones((2, 2), np.uint8))), Preparation("none", (4, 4), 1)
    ).pixels
    assert np.array_equal(pixels[:, :, 0], picture)
