"""What is called nothing but noise, and what is not."""

from __future__ import annotations

import numpy as np
from PIL import Image

from siam.pictures.preparation import Preparation, prepare_picture

DIGIT = Preparation("digit", (28, 28), 1)


def found_in(pixels: np.ndarray) -> list[str]:
    return [finding.kind for finding in prepare_picture(Image.fromarray(pixels), DIGIT).findings]


def test_digits_of_a_few_pixels_that_were_made_larger_are_no_noise() -> None:
    import cv2
    from sklearn.datasets import load_digits

    called = 0
    for digit in load_digits().images[:50]:
        large = cv2.resize(digit / 16, (112, 112), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        picture = (235 - 195 * np.pad(large, 28)).astype(np.uint8)
        called += "noise" in found_in(picture)
    assert called <= 2  # of 50; 28 where soft edges counted as noise


def test_noise_is_noise_or_nothing() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        noise = np.clip(128 + 30 * rng.standard_normal((160, 160)), 0, 255).astype(np.uint8)
        assert found_in(noise)[:1] in (["noise"], ["blank"])
