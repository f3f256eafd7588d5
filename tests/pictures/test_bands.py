"""A picture that is decoded band by band is that of the whole, and takes little memory."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from siam.errors import PictureError
from siam.pictures import bands, reading
from siam.pictures.bands import decode_in_bands
from siam.pictures.conversion import reduce_to
from siam.pictures.reading import original_size, read_picture

RNG = np.random.default_rng(0)
LOSSLESS = [
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("BMP", {}),
    ("PPM", {}),
]
MODES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "L": lambda colours: colours.convert("L"),
    "RGB": lambda colours: colours,
    "RGBA": lambda colours: Image.merge("RGBA", [*colours.split(), colours.getchannel(0)]),
    "LA": lambda colours: Image.merge("LA", colours.split()[:2]),
    "CMYK": lambda colours: colours.convert("CMYK"),
    "P": lambda colours: colours.quantize(200),
    "I;16": lambda colours: Image.fromarray(np.asarray(colours.convert("L")).astype(np.uint16) * 9),
}


def picture() -> Image.Image:
    """Noise on a slope, 301 x 403."""
    slope = np.arange(403)[:, None, None] // 3
    return Image.fromarray((RNG.integers(0, 99, (403, 301, 3)) + slope).astype(np.uint8))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("form", "options"), LOSSLESS, ids=lambda value: str(value))
def test_the_bands_of_a_picture_are_the_whole_averaged_down(
    monkeypatch: pytest.MonkeyPatch, mode: str, form: str, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(bands, "_BAND", 40_000)
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 4_000)
    file = io.BytesIO()
    try:
        MODES[mode](picture()).save(file, form, **options)
    except (OSError, KeyError):
        pytest.skip(f"{form} has no {mode}")
    for most in (100, 201):
        file.seek(0)
        expected = reduce_to(Image.open(io.BytesIO(file.getvalue())), most)
        reduced = decode_in_bands(Image.open(file), file, most)
        if reduced is None:
            assert mode == "P" and form in ("BMP", "TIFF")
            continue
        assert (reduced.mode, reduced.size) == (expected.mode, expected.size)
        assert np.array_equal(np.asarray(reduced), np.asarray(expected))


def test_a_picture_too_large_to_hold_keeps_its_size_and_its_exif(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    picture().save(file, "PNG", exif=exif)
    image = read_picture(file.getvalue(), enough=100)
    assert image.size == (76, 101)
    assert original_size(image) == (301, 403)
    assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize("form", ["JPEG", "GIF", "WEBP", "AVIF"])
def test_what_a_decoder_makes_as_a_whole_is_read_whole(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    file = io.BytesIO()
    picture().save(file, form)
    expected = reading.read_picture(file.getvalue())
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    found = reading.read_picture(file.getvalue(), enough=max(expected.size) // 2)
    assert bands.decode_in_bands(Image.open(file), file, 10) is None
    assert found.size == expected.size or form == "JPEG"


@pytest.mark.parametrize("kept", [0.3, 0.9])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_one_that_is_cut_short_is_damaged(
    monkeypatch: pytest.MonkeyPatch, form: str, kept: float
) -> None:
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    monkeypatch.setattr(bands, "_BAND", 40_000)
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 4_000)
    file = io.BytesIO()
    picture().save(file, form)
    with pytest.raises(PictureError, match="damaged|not a picture"):
        read_picture(file.getvalue()[: int(kept * len(file.getvalue()))], enough=100)


def test_a_png_that_goes_on_without_end_is_read_as_far_as_it_is_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    file = io.BytesIO()
    Image.new("L", (300, 300), 7).save(file, "PNG")
    content = file.getvalue()
    start = content.index(b"IDAT") - 4
    bomb = zlib.compress(b"\0" * 50_000_000)
    chunk = len(bomb).to_bytes(4) + b"IDAT" + bomb + zlib.crc32(b"IDAT" + bomb).to_bytes(4)
    image = read_picture(content[:start] + chunk + content[-12:], enough=100)
    assert image.size == (100, 100) and image.getextrema() == (0, 0)


PEAK = """
import resource, sys
from pathlib import Path
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture
import cv2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
preparation = Preparation("digit", (28, 28), 1)
prepare_picture(read_picture(Path(sys.argv[1]), enough=preparation.enough), preparation)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted in other units")
@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [
        ("RGB", "a.png", {"compress_level": 1}),
        ("P", "a.png", {"compress_level": 1}),
        ("I;16", "a.png", {"compress_level": 1}),
        ("RGB", "a.tif", {"compression": "tiff_lzw"}),
        ("CMYK", "a.tif", {}),
        ("RGB", "a.bmp", {}),
        ("RGB", "a.jpg", {}),
    ],
    ids=lambda value: str(value),
)
def test_a_hundred_megapixels_take_little_memory(
    tmp_path: Path, mode: str, name: str, options: dict[str, Any]
) -> None:
    """What a query holds without a picture is 76 MiB; with one it is to stay below 200."""
    large = Image.new(mode, (10_000, 10_000), 200 if mode in ("P", "I;16") else "white")
    large.paste(20 if mode in ("P", "I;16") else "black", (4000, 2000, 5000, 8000))
    large.save(tmp_path / name, **options)
    del large
    command = [sys.executable, "-c", PEAK, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 115
