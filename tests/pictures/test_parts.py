"""A part of a picture that is asked for by a box: all that is decoded of a large one."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from siam.errors import PictureError
from siam.pictures import bands, decoder_memory, reading
from siam.pictures.bands import decode_in_bands
from siam.pictures.conversion import reduce_to, turn_upright
from siam.pictures.preparation import part_of
from siam.pictures.reading import PART, Part, read_picture

NOISE = np.random.default_rng(0).integers(0, 256, (403, 301, 3), np.uint8)
BOX = (37, 118, 208, 391)
KINDS = [
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_lzw", "tiffinfo": {322: 64, 323: 48}}),
    ("TIFF", {"tiffinfo": {322: 64, 323: 48}}),
    ("WEBP", {"lossless": True}),
]


def saved(form: str, options: dict[str, Any], orientation: int = 1) -> io.BytesIO:
    """Return the noise as a file."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(NOISE).save(file, form, exif=exif, **options)
    file.seek(0)
    return file


@pytest.fixture
def in_small_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    monkeypatch.setattr(bands, "_BAND", 40_000)
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 4_000)


@pytest.mark.parametrize(("form", "options"), KINDS, ids=lambda value: str(value))
@pytest.mark.usefixtures("in_small_bands")
def test_a_part_is_what_is_cut_out_of_the_whole(form: str, options: dict[str, Any]) -> None:
    file = saved(form, options)
    for most in (20, 100, 400):
        part = decode_in_bands(Image.open(file), file, most, region=BOX)
        assert part is not None
        expected = reduce_to(Image.fromarray(NOISE).crop(BOX), most)
        assert np.array_equal(np.asarray(part), np.asarray(expected))
    whole = decode_in_bands(Image.open(file), file, 100)
    assert whole is not None
    assert np.array_equal(np.asarray(whole), np.asarray(reduce_to(Image.fromarray(NOISE), 100)))


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.usefixtures("in_small_bands")
def test_a_box_is_of_the_upright_picture(orientation: int, rotate: int) -> None:
    content = saved("PNG", {}, orientation).getvalue()
    box = (11, 25, 140, 131)
    whole = read_picture(content)
    image = read_picture(content, enough=1000, part=Part(box, rotate // 90, 50))
    assert PART in image.info
    part, place, scale = part_of(image, 1000, rotate=rotate, box=box)
    expected = turn_upright(whole, quarter_turns=rotate // 90).crop(box)
    assert (place, scale) == ((11, 25), 1)
    assert np.array_equal(np.asarray(part), np.asarray(expected))
    assert np.array_equal(
        np.asarray(part), np.asarray(part_of(whole, 1000, rotate=rotate, box=box)[0])
    )


@pytest.mark.usefixtures("in_small_bands")
def test_a_box_beyond_a_large_picture_is_refused() -> None:
    content = saved("PNG", {}, 6).getvalue()
    with pytest.raises(PictureError, match="is no part of the picture, which is 403 x 301"):
        read_picture(content, enough=100, part=Part((0, 0, 301, 403), 0, 50))


@pytest.mark.parametrize(("least", "size"), [(50, (301, 403)), (130, None)])
@pytest.mark.usefixtures("in_small_bands")
def test_a_jpeg_that_cannot_be_held_is_decoded_smaller_as_long_as_the_part_has_its_pixels(
    monkeypatch: pytest.MonkeyPatch, least: int, size: tuple[int, int] | None
) -> None:
    file = io.BytesIO()
    Image.fromarray(NOISE).resize((602, 806)).save(file, "JPEG")
    monkeypatch.setattr(reading, "MOST_HELD", 602 * 806 * 4 // 4 + 20_000)
    part = Part((20, 20, 220, 270), 0, least)
    if size is None:
        with pytest.raises(PictureError, match="too large") as told:
            read_picture(file.getvalue(), enough=100, part=part)
        assert told.value.cure == "Cut the part out and save it as a picture of its own."
        return
    image = read_picture(file.getvalue(), enough=100, part=part)
    assert image.size == size
    assert part_of(image, 1000, box=part.box)[0].size == (100, 125)


def test_what_is_decoded_whole_has_the_bound_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200)).save(file, "AVIF", speed=10)
    monkeypatch.setattr(reading, "_HELD_WHOLE", 0)
    monkeypatch.setattr(reading, "MOST_HELD", decoder_memory.MOST_HELD / 100)
    with pytest.raises(PictureError, match=r"1600 x 1200 pixels of AVIF.*at most 0.13"):
        read_picture(file.getvalue(), enough=100, part=Part((0, 0, 9, 9), 0, 50))


@pytest.mark.parametrize("mode", ["RGB", "P", "1", "I;16"])
def test_a_part_is_averaged_down_without_being_cut_out_first(mode: str) -> None:
    picture = Image.fromarray(NOISE).convert("L").convert(mode)
    for most in (20, 50, 400):
        expected = reduce_to(picture.crop(BOX), most)
        found = reduce_to(picture, most, BOX)
        assert (found.mode, found.size) == (expected.mode, expected.size)
        assert np.array_equal(np.asarray(found), np.asarray(expected))


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
preparation, box = Preparation("digit", (28, 28), 1), tuple(map(int, sys.argv[2:]))
image = read_picture(Path(sys.argv[1]), enough=preparation.enough, part=preparation.part(box, 90))
prepare_picture(image, preparation, rotate=90, box=box)
print((peak() - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted in other units")
@pytest.mark.parametrize("box", [(700, 900, 1300, 1700), (0, 10, 11_700, 9_990)], ids=str)
@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [
        ("RGB", "a.png", {"compress_level": 1}),
        ("P", "a.png", {"compress_level": 1}),
        ("RGB", "a.tif", {"compression": "tiff_lzw"}),
        ("RGB", "a.tif", {"compression": "tiff_lzw", "tiffinfo": {322: 512, 323: 512}}),
        ("RGB", "a.bmp", {}),
        ("RGB", "a.jpg", {}),
    ],
    ids=str,
)
def test_a_part_of_a_picture_of_the_largest_size_takes_little_memory(
    tmp_path: Path, mode: str, name: str, options: dict[str, Any], box: tuple[int, ...]
) -> None:
    large = Image.new(mode, (10_000, 11_700), 200 if mode == "P" else "white")
    large.paste(20 if mode == "P" else "black", (800, 9_500, 1_500, 11_200))
    large.save(tmp_path / name, **options)
    del large
    command = [sys.executable, "-c", PEAK, str(tmp_path / name), *map(str, box)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 125
