"""Files that are pictures, but odd ones: damaged EXIF, animations, palettes, floats, strips."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from siam.pictures.conversion import convert_to_grey_or_rgb, turn_upright
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture

DIGIT = Preparation("digit", (28, 28), 1)


def ring() -> np.ndarray:
    """A black ring on white, 120 x 100."""
    rows, columns = np.mgrid[0:120, 0:100]
    away = np.hypot(rows - 60, columns - 50)
    return np.where((away > 25) & (away < 35), 0, 255).astype(np.uint8)


def content(image: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


WANTED = prepare_picture(Image.fromarray(ring()), DIGIT).pixels


def found(data: bytes) -> float:
    """Correlation of what the network sees with what it sees of the plain picture; 1 = the same."""
    pixels = prepare_picture(read_picture(data), DIGIT).pixels
    return float(np.corrcoef(pixels.ravel(), WANTED.ravel())[0, 1])


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0II*\0\xff\xff\xff\xff",  # the first folder lies beyond the end
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",  # 65,535 entries that are not there
        b"Exif\0\0garbage and more garbage",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",  # orientation 99
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abcd",  # orientation "abcd"
    ],
    ids=["beyond", "many", "garbage", "ninety-nine", "letters"],
)
def test_damaged_exif_counts_as_none(exif: bytes) -> None:
    data = content(Image.fromarray(ring()), "JPEG", exif=exif)
    assert turn_upright(read_picture(data)).size == (100, 120)
    assert found(data) > 0.95


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_any_animation(form: str) -> None:
    frames = [Image.fromarray(ring()).convert("RGB"), Image.new("RGB", (100, 120), "black")]
    data = content(frames[0], form, save_all=True, append_images=frames[1:])
    assert found(data) > 0.95


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_palette_with_a_transparent_ground(form: str) -> None:
    image = Image.fromarray((ring() > 0).astype(np.uint8), "P")
    image.putpalette([250, 250, 250, 0, 0, 0])  # light ink, a ground that would be black
    assert found(content(image, form, transparency=1)) > 0.95


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_float_values_that_are_no_numbers(odd: float) -> None:
    values = ring().astype(np.float32) / 255
    values[0, 0] = odd
    data = content(Image.fromarray(values), "TIFF")
    assert convert_to_grey_or_rgb(read_picture(data)).mode == "L"
    assert found(data) > 0.95


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.int32])
def test_mask_of_nothing_but_0_and_1(kind: type) -> None:
    assert found(content(Image.fromarray((ring() > 0).astype(kind)), "TIFF")) > 0.95


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 1), (3, 40_000)])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_long_strips_are_read_and_prepared(size: tuple[int, int], form: str) -> None:
    result = prepare_picture(read_picture(content(Image.new("L", size, 200), form)), DIGIT)
    assert result.notes == ("the picture is blank",)
    assert result.doubtful


def test_cmyk_photo_is_not_taken_for_its_negative() -> None:
    image = Image.fromarray(ring()).convert("RGB").convert("CMYK")
    assert found(content(image, "JPEG", quality=90)) > 0.95
