"""The chain for glyphs: all ink, framed by its box; drawings told from other pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from siam.datasets.load import load_dataset
from siam.pictures.glyph_chain import extract_drawing, extract_plain_ink, frame_ink
from siam.pictures.preparation import Preparation, Prepared, prepare_picture

GLYPH = Preparation("glyph", (64, 64), 1)


def drawing(left: int = 30, top: int = 20, scale: float = 1.0, side: int = 160) -> np.ndarray:
    """A T with a dot beside it, black on white, 60 x 50 pixels at scale 1."""
    sheet = np.full((side, side), 255, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(left + scale * x), round(top + scale * y)

    width = max(1, round(4 * scale))
    cv2.line(sheet, at(2, 2), at(58, 2), 0, width)
    cv2.line(sheet, at(20, 2), at(20, 48), 0, width)
    cv2.circle(sheet, at(50, 40), max(1, round(3 * scale)), 0, -1)
    return sheet


def prepared(pixels: np.ndarray, preparation: Preparation = GLYPH) -> Prepared:
    return prepare_picture(Image.fromarray(pixels), preparation)


def measure_box(pixels: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(pixels[:, :, 0] > 100)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_ink_fills_the_picture_white_on_black_and_lies_in_the_middle() -> None:
    result = prepared(drawing())
    left, top, right, bottom = measure_box(result.pixels)
    assert right - left == 54
    assert abs(left - (64 - right)) <= 1 and abs(top - (64 - bottom)) <= 1
    assert abs((bottom - top) / (right - left) - 52 / 61) < 0.06
    assert result.pixels[0].max() == 0
    assert result.choices["inverted"] and result.notes == ()
    ink = prepare_picture(Image.fromarray(255 - drawing()), GLYPH)
    np.testing.assert_array_equal(ink.pixels, result.pixels)
    assert not ink.choices["inverted"]


@settings(max_examples=40)
@given(left=st.integers(4, 80), top=st.integers(4, 80))
def test_where_it_was_drawn_changes_nothing(left: int, top: int) -> None:
    np.testing.assert_array_equal(prepared(drawing(left, top)).pixels, prepared(drawing()).pixels)


def test_how_large_it_was_drawn_changes_little() -> None:
    once, twice = prepared(drawing()), prepared(drawing(scale=2.0))
    difference = np.abs(once.pixels.astype(int) - twice.pixels)
    assert difference.mean() < 6
    assert (difference > 128).mean() < 0.02


def test_parts_that_stand_apart_are_kept() -> None:
    pixels = prepared(drawing()).pixels[:, :, 0]
    count, _ = cv2.connectedComponents((pixels > 100).astype(np.uint8))
    assert count - 1 == 2


def test_the_box_is_in_pixels_of_the_file() -> None:
    large = np.kron(drawing(), np.ones((6, 6), np.uint8))
    left, top, right, bottom = prepared(large).choices["box"]
    rows, columns = np.nonzero(large < 128)
    truth = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract((left, top, right, bottom), truth)).max() <= 6
    inside = prepare_picture(Image.fromarray(drawing()), GLYPH, box=(10, 10, 150, 150))
    assert inside.choices["box"] == prepared(drawing()).choices["box"]


def test_a_photo_in_uneven_light_shows_the_same_glyph() -> None:
    rng = np.random.default_rng(0)
    light = np.linspace(0.55, 0.95, 160)[None, :]
    photo = np.where(drawing() < 128, 60, 235) * light + rng.normal(0, 3, (160, 160))
    photo = cv2.GaussianBlur(photo.clip(0, 255).astype(np.uint8), (3, 3), 0)
    assert extract_plain_ink(photo) is None
    result = prepared(photo)
    truth, found = prepared(drawing()).pixels > 128, result.pixels > 128
    assert (truth & found).sum() / (truth | found).sum() > 0.7
    assert result.choices["inverted"]
    assert [name for name, _ in result.steps] == ["original", "illumination", "ink", "input"]


def test_a_small_glyph_in_a_large_photo_keeps_its_detail() -> None:
    """Forty pixels long where ink is looked for, and four times that in the file."""
    rng = np.random.default_rng(0)
    sheet = np.full((1400, 1400), 225.0)
    sheet[900:1220, 300:620] = np.where(drawing(scale=4.0, side=320) < 128, 50, 225)
    photo = (sheet * np.linspace(0.6, 1, 1400)[None] + rng.normal(0, 3, sheet.shape)).clip(0, 255)
    found = prepared(photo.astype(np.uint8))
    truth = prepared(drawing(scale=4.0, side=320)).pixels > 128
    overlap = (truth & (found.pixels > 128)).sum() / (truth | (found.pixels > 128)).sum()
    assert overlap > 0.8
    left, top, right, bottom = found.choices["box"]
    assert abs(left - 330) < 20 and abs(top - 920) < 20
    assert abs(right - left - 240) < 25 and abs(bottom - top - 200) < 25


def test_blank_pictures_and_cut_ones_are_noted() -> None:
    blank = prepared(np.full((80, 80), 200, np.uint8))
    assert blank.blank and blank.doubtful and blank.pixels.max() == 0
    cut = prepared(drawing()[:, 40:])
    assert cut.notes == ("ink touches the border",)


def test_told_polarity_is_believed() -> None:
    ring = np.full((60, 60), 255, np.uint8)
    ring[10:50, 10:50] = 0
    ring[25:35, 25:35] = 255
    assert prepare_picture(Image.fromarray(ring), GLYPH, invert=True).choices["inverted"]


@pytest.mark.parametrize("size", [(28, 28), (40, 64)])
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (3, 3), (200, 20)])
def test_framed_ink_keeps_its_aspect(size: tuple[int, int], shape: tuple[int, int]) -> None:
    framed = frame_ink(np.pad(np.full(shape, 255, np.uint8), 4), size)
    assert framed.shape == size
    rows, columns = np.nonzero(framed > 76)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    zoom = 54 / 64 * min(size[0] / shape[0], size[1] / shape[1])
    assert abs(tall - max(1, zoom * shape[0])) <= 1
    assert abs(wide - max(1, zoom * shape[1])) <= 1


def test_drawings_are_told_from_other_pictures() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (160, 160), dtype=np.uint8)
    disc = cv2.circle(np.full((64, 64), 255, np.uint8), (32, 32), 20, 0, -1)
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    assert extract_drawing(drawing()) is not None
    assert extract_drawing(255 - drawing()) is not None
    for other in (noise, disc, ramp, np.full((64, 64), 255, np.uint8)):
        assert extract_drawing(other) is None


def write(folder: Path, pictures: Callable[[int, int], np.ndarray]) -> Path:
    """Ten pictures for each of two classes."""
    for label in range(2):
        (folder / str(label)).mkdir(parents=True)
        for number in range(10):
            path = folder / str(label) / f"{number}.png"
            Image.fromarray(pictures(label, number)).save(path)
    return folder


def test_a_folder_of_drawings_is_framed_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    folder = write(
        tmp_path / "signs", lambda label, n: drawing(10 + n, 20 + 3 * n, 1 + 0.3 * label)
    )
    dataset = load_dataset(str(folder), notice=said.append)
    assert dataset.prepare == "glyph"
    assert any("framed by its ink" in text and "--prepare photo" in text for text in said)
    assert {
        measure_box(picture)[2] - measure_box(picture)[0] for picture in dataset.train.pictures
    } == {54}
    said.clear()
    assert load_dataset(str(folder), prepare="photo", notice=said.append).prepare == "photo"
    assert not any("framed" in text for text in said)


def test_a_folder_of_some_drawings_is_left_as_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def draw(label: int, n: int) -> np.ndarray:
        noise = rng.integers(0, 256, (160, 160), dtype=np.uint8)
        return drawing(10 + n, 20 + label) if n < 2 else noise

    folder = write(tmp_path / "mixed", draw)
    assert load_dataset(str(folder)).prepare == "photo"
