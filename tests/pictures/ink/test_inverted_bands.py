"""Bands along a picture's sides in which light and dark are exchanged."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from siam.pictures.ink.inverted_bands import (
    find_inverted_bands,
    invert_bands_back,
    may_have_inverted_bands,
)
from siam.pictures.preparation import Preparation, prepare_picture

DIGIT = Preparation("digit", (28, 28), 1)


def two(side: int = 28) -> np.ndarray:
    """A 2 of straight strokes, white on black, as MNIST frames it; its foot reaches both bands."""
    picture = np.zeros((28, 28), np.uint8)
    picture[4:7, 6:21] = picture[12:15, 6:21] = picture[21:24, 5:22] = 255
    picture[4:15, 18:21] = picture[12:24, 6:9] = 255
    return np.kron(picture, np.ones((side // 28, side // 28), np.uint8))


def banded(picture: np.ndarray, left: float = 0.25, right: float = 0.25) -> np.ndarray:
    """The picture with its left and right columns inverted."""
    width = picture.shape[1]
    swapped = picture.copy()
    start, stop = round(left * width), width - round(right * width)
    swapped[:, :start], swapped[:, stop:] = 255 - picture[:, :start], 255 - picture[:, stop:]
    return swapped


def test_writing_across_both_bands_is_joined_bit_for_bit() -> None:
    result = prepare_picture(Image.fromarray(banded(two())), DIGIT)
    assert np.array_equal(result.pixels[:, :, 0], two())
    assert result.choices["bars"] == 2
    assert [name for name, _ in result.steps] == ["original", "inverted bands", "input"]


@pytest.mark.parametrize("turned", [False, True], ids=["sides", "top and bottom"])
@pytest.mark.parametrize("side", [28, 56, 280, 1400])
def test_bands_go_at_every_size_and_side(turned: bool, side: int) -> None:
    picture = two(side)
    swapped = banded(picture.T, 0.2, 0.2).T if turned else banded(picture)
    small = Image.fromarray(np.ascontiguousarray(swapped)).reduce(max(1, side // 320))
    assert may_have_inverted_bands(np.asarray(small)) and not may_have_inverted_bands(picture)
    whole, count = invert_bands_back(swapped)
    assert count == 2
    assert (whole == picture).mean() > 0.99


def test_one_band_is_put_right_if_writing_crosses_it() -> None:
    assert np.array_equal(invert_bands_back(banded(two(), right=0.0))[0], two())
    alone = two()
    alone[:, :12] = 0  # nothing comes near to the band: it may be a wall or a table
    assert find_inverted_bands(banded(alone, right=0.0)) == ()


def test_a_letterbox_that_nothing_crosses_is_put_right() -> None:
    picture = np.zeros((60, 100), np.uint8)
    picture[10:50, 48:54] = 255
    picture[20:26, 5:12] = 255
    assert np.array_equal(invert_bands_back(banded(picture))[0], picture)
    assert find_inverted_bands(banded(picture, left=0.25, right=0.15)) == ()


def test_an_edge_between_two_pixels_leaves_no_line() -> None:
    picture = banded(two(280))
    picture[:, 70] = 127
    assert invert_bands_back(picture)[0][:28].max() < 10


def glyph(*strokes: tuple[slice, slice]) -> np.ndarray:
    """Thick strokes, black on white, cut to their edges."""
    picture = np.full((50, 40), 255, np.uint8)
    for rows, columns in strokes:
        picture[rows, columns] = 0
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        glyph((np.s_[:8], np.s_[:]), (np.s_[:], np.s_[32:])),
        glyph((np.s_[:8], np.s_[:]), (np.s_[42:], np.s_[:]), (np.s_[:], np.s_[:8]),
              (np.s_[:], np.s_[32:])),
        glyph((np.s_[:8], np.s_[:]), (np.s_[42:], np.s_[:]), (np.s_[:], np.s_[16:24])),
        glyph((np.s_[:8], np.s_[:]), (np.s_[21:29], np.s_[:]), (np.s_[42:], np.s_[:]),
              (np.s_[:], np.s_[32:])),
    ],
    ids=["7", "0", "1 with serifs", "3"],
)  # fmt: skip
def test_broad_strokes_along_the_sides_are_no_bands(picture: np.ndarray) -> None:
    for shade in (picture, 255 - picture):
        assert (
            find_inverted_bands(shade) == ()
            and find_inverted_bands(np.ascontiguousarray(shade.T)) == ()
        )


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9), (8, 8)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for pixels in (noise, np.zeros(shape, np.uint8)):
        assert invert_bands_back(pixels)[0] is pixels and not may_have_inverted_bands(pixels)
