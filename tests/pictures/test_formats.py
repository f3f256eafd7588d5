"""What is a picture is decided by its first bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from siam.pictures.formats import FORMATS, HEAD, has_picture_suffix, is_picture


@pytest.mark.parametrize("format_name", sorted({*FORMATS} - {"DIB"}))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_that_is_read_is_recognised(format_name: str, mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (9, 7), 3).save(buffer, format=format_name)
    assert is_picture(buffer.getvalue()[:HEAD])


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_phones_pictures_are_recognised(brand: bytes) -> None:
    assert is_picture(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BMW and other cars, a list of them",
        b"P5 is the fifth of the pumps",
        b"GIF files are welcome",
        b"\0\0\0\x18ftypisom\0\0\0\0isom",  # a film
        b"II*\0\x10\0\0\0CR\x02\0",  # a camera's raw file
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0\5\26\7\0\2\0\0Mac OS X        ",  # AppleDouble
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_is_not_taken_for_one(content: bytes) -> None:
    assert not is_picture(content)


def test_suffixes() -> None:
    assert has_picture_suffix("A.JPeG") and not has_picture_suffix("png")
