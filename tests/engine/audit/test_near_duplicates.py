"""Planted copies are found; pictures that only look alike are not copies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from siam.datasets.digits import load_digits
from siam.engine.audit.near_duplicates import find_near_copies, group_copies
from siam.engine.audit.registration import grey_frame


def encoded(image: Image.Image) -> Image.Image:
    """Return a picture as JPEG gives it back."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return Image.open(file).convert("L")


def one_pixel(image: Image.Image) -> Image.Image:
    """Return a picture with a pixel inverted."""
    pixels = np.array(image)
    pixels[9, 14] = 255 - pixels[9, 14]
    return Image.fromarray(pixels)


COPIES = {
    "re-encoded": encoded,
    "resized": lambda image: image.resize((56, 56), Image.Resampling.BICUBIC),
    "cropped": lambda image: image.crop((1, 0, 28, 27)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "one pixel": one_pixel,
    "moved": lambda image: Image.fromarray(np.roll(np.array(image), 1, 0)),
}


@pytest.fixture(scope="module")
def digits() -> list[Image.Image]:
    """Real digits, among them many alike."""
    return [Image.fromarray(one[:, :, 0]) for one in load_digits(seed=0).train.pictures[:300]]


def test_planted_copies_and_nothing_else(digits: list[Image.Image]) -> None:
    copies = [make(digits[7 * n + 3]) for n, make in enumerate(COPIES.values())]
    frames = np.stack([grey_frame(np.asarray(one)) for one in [*digits, *copies]])
    found = find_near_copies(frames)
    planted = {(7 * n + 3, len(digits) + n) for n in range(len(copies))}
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert planted <= pairs
    assert len(pairs - planted) <= 1
    assert (found.likeness <= 0.12).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_pictures(count: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (count, 32, 32)).astype(np.uint8)
    assert len(find_near_copies(frames).left) == 0


def test_blank_pictures_are_copies() -> None:
    found = find_near_copies(np.full((4, 32, 32), 7, np.uint8))
    assert group_copies(found.left.tolist(), found.right.tolist()) == [[0, 1, 2, 3]]
