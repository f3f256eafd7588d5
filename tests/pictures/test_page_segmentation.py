"""Several digits in one picture, and the drawings for people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from siam.pictures.page_segmentation import find_reading_order, segment_page
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.preparation_sheet import draw_marks, draw_steps

DIGIT = Preparation("digit", (28, 28), 1)


def page() -> np.ndarray:
    """Two lines of three marks: rings, with a bar below in the second line."""
    picture = np.full((400, 600), 255, np.uint8)
    for line in range(2):
        for column in range(3):
            top, left = 60 + 180 * line + 8 * column, 60 + 190 * column
            picture[top : top + 90, left : left + 60] = 0
            picture[top + 12 : top + 78, left + 12 : left + 48] = 255
    return picture


def test_marks_come_in_reading_order_with_their_boxes() -> None:
    marks = segment_page(Image.fromarray(page()), DIGIT)
    assert len(marks) == 6
    lefts, tops = [mark.box[0] for mark in marks], [mark.box[1] for mark in marks]
    assert lefts == pytest.approx([60, 250, 440] * 2, abs=2)
    assert tops == pytest.approx([60, 68, 76, 240, 248, 256], abs=2)
    for mark in marks:
        assert mark.prepared.pixels.shape == (28, 28, 1)
        assert mark.prepared.choices["box"] == list(mark.box)


def test_boxes_are_in_pixels_of_a_large_picture_and_of_the_part() -> None:
    large = np.kron(page(), np.ones((4, 4), np.uint8))
    marks = segment_page(Image.fromarray(large), DIGIT, box=(900, 0, 2400, 800))
    assert [mark.box[0] for mark in marks] == pytest.approx([1000, 1760], abs=8)


def test_strokes_of_one_digit_stay_together() -> None:
    picture = np.full((300, 500), 255, np.uint8)
    for left in (60, 300):
        picture[60:70, left : left + 80] = 0  # a five's flag, not touching
        picture[75:240, left : left + 10] = 0
        picture[230:240, left : left + 80] = 0
    assert len(segment_page(Image.fromarray(picture), DIGIT)) == 2


def test_blank_page_has_no_marks() -> None:
    assert segment_page(Image.new("L", (300, 300), 255), DIGIT) == []


def test_other_chains_give_the_whole_picture() -> None:
    (mark,) = segment_page(Image.fromarray(page()), Preparation("photo", (32, 32), 3))
    assert mark.box == (0, 0, 600, 400)


@given(columns=st.integers(1, 6), lines=st.integers(1, 5), seed=st.integers(0, 1000))
def test_a_grid_is_read_line_by_line(columns: int, lines: int, seed: int) -> None:
    boxes = [
        (50 * column, 100 * line, 50 * column + 30, 100 * line + 60)
        for line in range(lines)
        for column in range(columns)
    ]
    shuffled = list(np.random.default_rng(seed).permutation(len(boxes)))
    order = find_reading_order([boxes[k] for k in shuffled])
    assert [boxes[shuffled[k]] for k in order] == boxes


def test_overview_draws_a_frame_around_each_mark() -> None:
    image = Image.fromarray(page())
    drawing = draw_marks(image, [(60, 60, 120, 150)])
    assert drawing.size == image.size
    red = np.asarray(drawing)[:, :, 0].astype(int) - np.asarray(drawing)[:, :, 1]
    assert (red[58:152, 57:60] > 100).any() and not (red[300:] > 100).any()


def test_steps_sheet_shows_every_step_side_by_side() -> None:
    prepared = prepare_picture(Image.fromarray(page()), DIGIT)
    sheet = draw_steps(prepared)
    assert [name for name, _ in prepared.steps][0] == "original"
    assert [name for name, _ in prepared.steps][-1] == "input"
    assert sheet.width > 200 * len(prepared.steps) > sheet.height
    for chain in ("photo", "none"):
        draw_steps(prepare_picture(Image.fromarray(page()), Preparation(chain, (32, 32), 3)))
