"""A picture that is decoded band by band is that of the whole, and takes little memory."""

from __future__ import annotations

import io
import math
import struct
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
from siam.pictures import bands, decoder_memory, reading
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


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("colour", [0, 3], ids=["grey", "palette"])
def test_a_png_of_few_bits_a_pixel_is_decoded_in_bands(
    monkeypatch: pytest.MonkeyPatch, depth: int, colour: int
) -> None:
    """Each row told as its difference to the one above, which a band has to begin with."""
    monkeypatch.setattr(bands, "_BAND", 40_000)
    rows = RNG.integers(0, 256, (403, math.ceil(301 * depth / 8)), np.uint8)
    lines = np.hstack([np.full((403, 1), 2, np.uint8), rows - np.vstack([0 * rows[:1], rows[:-1]])])
    header = struct.pack(">IIBBBBB", 301, 403, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]
    if colour:
        chunks.insert(1, (b"PLTE", RNG.bytes(3 * 2**depth)))
    content = bands._PNG + b"".join(bands._chunk(*chunk) for chunk in chunks)
    expected = reduce_to(Image.open(io.BytesIO(content)), 100)
    reduced = decode_in_bands(Image.open(io.BytesIO(content)), io.BytesIO(content), 100)
    assert reduced is not None
    assert np.array_equal(np.asarray(reduced), np.asarray(expected))


@pytest.mark.parametrize("form", ["JPEG", "GIF", "AVIF"])
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


QUICK = {"quality": 20, "enc_params": {"preset": "ultrafast"}}
TILES = {"tile_size": 256, **QUICK}


@pytest.mark.parametrize(
    ("mode", "form", "options", "orientation"),
    [
        *((mode, "WEBP", {}, 1) for mode in ("RGB", "RGBA")),
        *((mode, "WEBP", {"lossless": True}, 1) for mode in ("L", "RGBA")),
        *((mode, "HEIF", QUICK, 1) for mode in ("L", "RGBA")),
        *(("RGB", "HEIF", TILES, orientation) for orientation in (1, 3, 6)),
        ("RGB", "HEIF", TILES, 2),  # mirrored: decoded as a whole
    ],
    ids=lambda value: str(value),
)
def test_so_are_those_of_which_the_decoder_gives_an_array(
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    form: str,
    options: dict[str, Any],
    orientation: int,
) -> None:
    if form == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
        if options == TILES and not hasattr(pillow_heif.options, "GRID_TILE_SIZE"):
            pytest.skip("this release of pillow-heif writes no tiles")
    monkeypatch.setattr(bands, "_BAND", 40_000)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    MODES[mode](picture()).save(file, form, exif=exif, **options)
    for most in (100, 201):
        file.seek(0)
        whole = Image.open(io.BytesIO(file.getvalue()))
        whole.load()
        expected = reduce_to(whole, most)
        reduced = decode_in_bands(Image.open(file), file, most)
        if reduced is None:
            assert orientation == 2
            continue
        assert (reduced.mode, reduced.size) == (expected.mode, expected.size)
        # Turned before or after, a rest of rows too few for an average is at the other end.
        differs = np.asarray(reduced, int) - np.asarray(expected, int)
        assert np.mean(differs**2) < 60 if orientation in (3, 6) else not differs.any()


@pytest.mark.parametrize("kept", [0.3, 0.9])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP"])
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


# Not by `getrusage`, whose peak a process takes over from the one that began it.
PEAK = """
import re, sys
from pathlib import Path
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture
import cv2
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
preparation = Preparation("digit", (28, 28), 1)
prepare_picture(read_picture(Path(sys.argv[1]), enough=preparation.enough), preparation)
print((peak() - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted in other units")
@pytest.mark.parametrize(
    ("mode", "name", "size", "options"),
    [
        ("RGB", "a.png", (10_000, 12_000), {"compress_level": 1}),
        ("P", "a.png", (10_000, 12_000), {"compress_level": 1}),
        ("I;16", "a.png", (10_000, 12_000), {"compress_level": 1}),
        ("RGB", "a.tif", (10_000, 12_000), {"compression": "tiff_lzw"}),
        ("CMYK", "a.tif", (10_000, 12_000), {}),
        ("RGB", "a.bmp", (10_000, 12_000), {}),
        ("P", "a.gif", (10_000, 8_600), {}),
        ("RGB", "a.jpg", (10_000, 12_000), {}),
        ("RGB", "a.jpg", (4_000, 4_000), {"progressive": True, "subsampling": 0}),
        ("RGB", "a.jpg", (6_000, 6_000), {"progressive": True}),
        ("RGB", "a.webp", (4_000, 4_100), {"method": 0}),
        ("RGB", "a.webp", (4_000, 4_100), {"method": 0, "lossless": True, "quality": 0}),
        ("RGB", "a.avif", (4_032, 3_024), {"speed": 10}),
        ("RGB", "a.heic", (6_000, 4_000), QUICK),
        ("RGB", "a.heic", (8_064, 6_048), TILES),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_a_picture_of_the_largest_size_takes_little_memory(
    tmp_path: Path, mode: str, name: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    """What a query holds before is 65 MiB; with a picture it is to stay below 200 MB."""
    if name.endswith("heic"):
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
        if options == TILES and not hasattr(pillow_heif.options, "GRID_TILE_SIZE"):
            pytest.skip("this release of pillow-heif writes no tiles")
    black, width = 20 if mode in ("P", "I;16") else "black", size[0]
    large = Image.new(mode, size, 200 if mode in ("P", "I;16") else "white")
    large.paste(black, (width * 2 // 5, width // 5, width // 2, width * 4 // 5))
    large.save(tmp_path / name, **options)
    del large
    command = [sys.executable, "-c", PEAK, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 125


@pytest.mark.parametrize(
    ("form", "options", "most"),
    [
        ("JPEG", {"progressive": True, "subsampling": 0}, "0.19"),
        ("JPEG", {"progressive": True}, "0.38"),
        ("WEBP", {}, "0.16"),
        ("AVIF", {}, "0.13"),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_one_that_takes_more_is_refused_with_the_size_that_does_not(
    monkeypatch: pytest.MonkeyPatch, form: str, options: dict[str, Any], most: str
) -> None:
    """With a hundredth of the memory, a hundredth of the pixels."""
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200)).save(file, form, **options)
    assert original_size(read_picture(file.getvalue(), enough=100)) == (1600, 1200)
    for module in (reading, bands):
        monkeypatch.setattr(module, "MOST_HELD", decoder_memory.MOST_HELD / 100)
    with pytest.raises(PictureError) as told:
        read_picture(file.getvalue(), name="it", enough=100)
    assert f"it is too large: 1600 x 1200 pixels of {form}" in told.value.problem
    assert f"at most {most}" in told.value.problem


def test_a_jpeg_whose_colours_come_one_after_the_other_waits_for_the_last() -> None:
    file = io.BytesIO()
    Image.new("RGB", (160, 120)).save(file, "JPEG", subsampling=0)
    content = file.getvalue()
    scan = content.index(b"\xff\xda")
    alone = content[:scan] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + content[scan + 14 :]
    for whole, held in ((content, 0), (alone, 6)):
        source = io.BytesIO(whole)
        image = Image.open(source)
        picture = 160 * 120 * 4
        assert decoder_memory.whole_bytes(image, source, 160 * 120) == picture + held * 160 * 120


def test_a_large_file_of_a_kind_that_is_read_at_once_is_refused_before(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    with path.open("wb") as file:
        file.write(b"RIFF\0\0\0\4WEBPVP8 " + bytes(30))
        file.truncate(2**30)
    with pytest.raises(PictureError, match="too large: 1073741824 bytes"):
        read_picture(path)
