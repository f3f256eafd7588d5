"""Thumbnails: what is small is kept bit for bit, what is large is shrunk."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from siam.errors import StoreError
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


def bomb() -> bytes:
    """A PNG whose header says 30,000 x 30,000 pixels."""
    png = encode_thumbnail(np.zeros((8, 8, 1), np.uint8))
    header = png[12:16] + struct.pack(">II", 30_000, 30_000) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x89PNG\r\n\x1a\n", bomb()])
def test_what_is_no_thumbnail_is_refused(content: bytes) -> None:
    with pytest.raises(StoreError, match="is no PNG that siam made"):
        decode_thumbnail(content)
