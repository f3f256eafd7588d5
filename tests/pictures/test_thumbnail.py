"""Thumbnails: what is small is kept bit for bit, what is large is shrunk."""

from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.pictures.thumbnail import decode_thumbnail, encode_thumbnail


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 40, 3), (1, 1, 1)])
def test_a_small_picture_comes_back_as_it_was(shape: tuple[int, int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decode_thumbnail(encode_thumbnail(picture)), picture)


def test_a_large_picture_is_shrunk_with_its_aspect() -> None:
    assert decode_thumbnail(encode_thumbnail(np.zeros((300, 150, 3), np.uint8))).shape == (
        64,
        32,
        3,
    )
    assert decode_thumbnail(encode_thumbnail(np.zeros((2, 500, 1), np.uint8))).shape == (1, 64, 1)


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(DataError, match="is no PNG"):
        decode_thumbnail(b"nothing of the kind")
