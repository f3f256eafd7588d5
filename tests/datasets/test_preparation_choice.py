"""The chain and the size that a folder of pictures gets without being asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from siam.datasets.layout import Entry
from siam.datasets.load import load_dataset
from siam.datasets.preparation_choice import PreparationChoice, choose_preparation


def choose(folder: Path, pictures: list[tuple[str, np.ndarray]]) -> PreparationChoice:
    """Write pictures into class folders, and ask for their preparation."""
    entries = []
    for number, (name, pixels) in enumerate(pictures):
        (folder / name).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / name / f"{number}.png")
        entries.append(Entry(f"{name}/{number}.png", "train", name, None))
    return choose_preparation(entries, lambda path: folder / path)


@pytest.mark.parametrize("change", [lambda grey: grey, lambda grey: 255 - grey], ids=["on", "off"])
def test_pictures_in_the_form_of_mnist_are_digits(
    tmp_path: Path, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    digits = load_dataset("digits").test.take(np.arange(40))
    pictures = [
        (str(label), change(pixels[:, :, 0]))
        for label, pixels in zip(digits.labels, digits.pictures, strict=True)
    ]
    choice = choose(tmp_path, pictures)
    assert (choice.chain, choice.size) == ("digit", (28, 28))
    assert choice.reason == "40 of 40 pictures looked at have MNIST's form"


def test_digits_of_few_pixels_are_enlarged(tmp_path: Path) -> None:
    digits = load_digits()
    greys = (digits.images[:100] * 15.9).astype(np.uint8)
    names = [str(label) for label in digits.target[:100]]
    choice = choose(tmp_path, list(zip(names, greys, strict=True)))
    assert (choice.chain, choice.size) == ("digit", (28, 28))
    assert "as digit" in choice.reason and "as photo" in choice.reason


def lines(number: int, *, spread: int, side: int = 84) -> np.ndarray:
    """A sign of two strokes, a cross or a corner, somewhere on a white sheet."""
    rng = np.random.default_rng(number)
    left, top = (int(place) for place in rng.integers(8, 8 + spread, 2))
    sheet = np.full((side, side), 255, np.uint8)
    ends = [(0, 0, 24, 24), (0, 24, 24, 0)] if number % 2 else [(0, 0, 24, 0), (0, 0, 0, 24)]
    for x, y, to_x, to_y in ends:
        cv2.line(sheet, (left + x, top + y), (left + to_x, top + to_y), 0, 2)
    return sheet


def test_drawings_are_framed_where_that_tells_them_apart(tmp_path: Path) -> None:
    pictures = [("ab"[number % 2], lines(number, spread=48)) for number in range(40)]
    choice = choose(tmp_path, pictures)
    assert choice.chain == "glyph"
    assert "100.0% as glyph" in choice.reason


def test_drawings_are_left_whole_where_their_place_is_their_class(tmp_path: Path) -> None:
    pictures = [
        (
            ("low", "high")[number % 2],
            np.roll(lines(2, spread=1), 30 * (number % 2) + number // 8, 0),
        )
        for number in range(40)
    ]
    assert choose(tmp_path, pictures).chain == "photo"


def test_thin_lines_get_more_pixels(tmp_path: Path) -> None:
    def drawn(number: int) -> np.ndarray:
        sheet = np.full((300, 300), 255, np.uint8)
        cv2.line(sheet, (20, 20 + number), (280, 260), 0, 5)
        return cv2.line(sheet, (20, 260), (280, 20), 0, 5)

    pictures = [("ab"[number % 2], drawn(number)) for number in range(12)]
    height, width = choose(tmp_path, pictures).size
    assert 64 < height == width <= 96


def test_photos_and_noise_are_photos(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (50, 40, 3), dtype=np.uint8) for _ in range(12)]
    choice = choose(tmp_path, [("ab"[at % 2], pixels) for at, pixels in enumerate(noise)])
    assert choice == PreparationChoice("photo", (48, 48), "0 of 12 pictures looked at are drawings")


def test_art_in_colours_is_no_drawing_and_a_coloured_pen_is_one(tmp_path: Path) -> None:
    def tinted(number: int, *inks: tuple[int, int, int]) -> np.ndarray:
        sheet = np.full((60, 60, 3), 255, np.uint8)
        for at, ink in enumerate(inks):
            cv2.line(sheet, (10, 12 + 12 * at), (40 + number, 20 + 12 * at), ink, 3)
        return sheet

    red, green, blue = (220, 40, 40), (30, 160, 60), (40, 40, 200)
    art = [("ab"[number % 2], tinted(number, red, green, blue)) for number in range(12)]
    (tmp_path / "art").mkdir()
    assert "0 of 12" in choose(tmp_path / "art", art).reason
    pen = [("ab"[number % 2], tinted(number, blue, blue, blue)) for number in range(12)]
    (tmp_path / "pen").mkdir()
    assert "12 of 12" in choose(tmp_path / "pen", pen).reason


@pytest.mark.parametrize("turned", [False, True], ids=["wide", "high"])
def test_wide_pictures_and_wide_ink_get_a_wide_input(tmp_path: Path, turned: bool) -> None:
    rng = np.random.default_rng(0)

    def written(number: int) -> np.ndarray:
        sheet = np.full((200, 200), 255, np.uint8)
        for x in range(20, 180, 20):
            cv2.line(sheet, (x, 100), (x + 10, 80 + number), 0, 4)
        return sheet

    for name, make in (
        ("plates", lambda _: rng.integers(0, 256, (50, 200), dtype=np.uint8)),
        ("words", written),
    ):
        (tmp_path / name).mkdir()
        pictures = [("ab"[n % 2], make(n).T if turned else make(n)) for n in range(12)]
        choice = choose(tmp_path / name, pictures)
        high, wide = choice.size[::-1] if turned else choice.size
        assert choice.chain == {"plates": "photo", "words": "glyph"}[name]
        assert wide >= 3 * high and 0.8 * 64**2 < wide * high <= 96**2
