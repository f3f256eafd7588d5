"""Pictures that need no preparing are told from the others exactly as one by one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from siam.pictures.fast_path import fast_path_applies, prepare_fast
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import read_picture

DIGIT = Preparation("digit", (28, 28), 1)


def bar(left: int = 12) -> np.ndarray:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, left : left + 4] = 255
    return pixels


def saved(pixels: np.ndarray, form: str = "PNG", **how: Any) -> Image.Image:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form, **how)
    return read_picture(content.getvalue())


@pytest.mark.parametrize("form", ["PNG", "PPM"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_framed_picture_comes_out_as_from_its_preparation(form: str, channels: int) -> None:
    preparation = Preparation("digit", (28, 28), channels)
    images = [saved(bar(), form), saved(bar(10), form)]
    for image, found in zip(images, prepare_fast(images, preparation), strict=True):
        expected = prepare_picture(image, preparation)
        assert found is not None and fast_path_applies(image, preparation)
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert found.pixels.dtype == np.uint8
        assert list(found.choices.items()) == list(expected.choices.items())
        assert (found.notes, found.steps) == (expected.notes, ())


def test_all_others_are_left_to_the_preparation() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    images = [saved(255 - bar()), saved(bar(0)), saved(np.zeros((28, 28), np.uint8))]
    assert prepare_fast(images, DIGIT) == [None] * len(images)
    images = [
        saved(np.kron(bar(), np.ones((2, 2), np.uint8))),
        saved(np.stack([bar()] * 3, axis=2)),
        saved(bar().astype(np.uint16) * 257),
        saved(bar(), exif=turned),
        saved(bar(), transparency=255),
        saved(bar(), "JPEG", quality=100),
        saved(bar(), "TIFF"),
        saved(bar(), "BMP"),
        saved(bar(), "GIF"),
    ]
    assert not any(fast_path_applies(image, DIGIT) for image in images)


def test_only_the_chain_for_digits_leaves_pictures_unchanged() -> None:
    assert not fast_path_applies(saved(bar()), Preparation("photo", (28, 28), 1))
    assert prepare_fast([], DIGIT) == []


def test_the_choices_of_two_pictures_are_not_one_object() -> None:
    first, second = prepare_fast([saved(bar()), saved(bar())], DIGIT)
    assert first is not None and second is not None
    first.choices["rotated"] = 90
    assert second.choices["rotated"] == 0
