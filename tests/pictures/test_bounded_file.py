"""What a picture holds beside its pixels is read within a bound of bytes and of pieces."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from siam.errors import PictureError
from siam.pictures import reading
from siam.pictures.reading import read_picture


def saved(form: str, **options: bool) -> bytes:
    file = io.BytesIO()
    Image.new("L", (40, 40), 200).save(file, form, **options)
    return file.getvalue()


def chunk(content: bytes) -> bytes:
    """Return a PNG's chunk of text."""
    check = zlib.crc32(b"tEXt" + content)
    return struct.pack(">I4s", len(content), b"tEXt") + content + struct.pack(">I", check)


def png(notes: bytes, before: bytes) -> bytes:
    content = saved("PNG")
    place = content.index(before) - 4
    return content[:place] + notes + content[place:]


def tiff() -> bytes:
    """Return a TIFF that ends with a tag of two megabytes."""
    file = io.BytesIO()
    Image.new("L", (40, 40)).save(file, "TIFF", tiffinfo={65000: bytes(2_000_000)})
    return file.getvalue()


JPEG = saved("JPEG")
NOTES: dict[str, Callable[[], bytes]] = {
    "PNG, much text": lambda: png(chunk(b"a\0" + bytes(2_000_000)), b"IDAT"),
    "PNG, behind its pixels": lambda: png(chunk(b"a\0" + bytes(2_000_000)), b"IEND"),
    "PNG, many texts": lambda: png(chunk(b"a\0") * 3000, b"IDAT"),
    "JPEG, segments": lambda: JPEG[:2] + (b"\xff\xef\xff\xff" + bytes(65533)) * 31 + JPEG[2:],
    "JPEG, padding": lambda: JPEG[:2] + b"\xff" * 9000 + JPEG[2:],
    "TIFF, a tag": tiff,
}


@pytest.mark.parametrize("name", NOTES)
def test_what_stands_beside_the_pixels_has_a_bound(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = NOTES[name]()
    assert read_picture(content, enough=40).size == (40, 40)
    monkeypatch.setattr(reading, "_MOST_NOTES", 1_000_000)
    monkeypatch.setattr(reading, "_MOST_PIECES", 8_000)
    with pytest.raises(PictureError, match="it holds too much beside its pixels"):
        read_picture(content, name="it", enough=40)


@pytest.mark.parametrize("name", ["PNG, much text", "JPEG, segments"])
def test_notes_count_as_held(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(reading, "MOST_HELD", 2_000_000)
    assert read_picture(saved(name.split(",")[0]), enough=40).size == (40, 40)
    with pytest.raises(PictureError, match="too large"):
        read_picture(NOTES[name](), enough=40)


def test_a_jpeg_of_scans_without_end_is_refused() -> None:
    content = saved("JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    assert read_picture(content[:-2] + last * 50 + content[-2:]).size == (40, 40)
    with pytest.raises(PictureError, match="more than 100 scans"):
        read_picture(content[:-2] + last * 100 + content[-2:])
