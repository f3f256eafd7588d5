"""What points a digit out is no part of it: rings, boxes, lines below."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from siam.pictures.ink.annotations import find_rings, find_underlines, is_box
from siam.pictures.ink.connected_components import ConnectedComponents, label_components
from siam.pictures.ink.illumination import BACKGROUND, BLACK
from siam.pictures.preparation import Preparation, prepare_picture


def pieces_in(mask: np.ndarray) -> ConnectedComponents:
    return label_components(mask, np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8))


def page() -> np.ndarray:
    """A 4 of straight strokes in the middle of 200 x 200 pixels."""
    mask = np.zeros((200, 200), np.uint8)
    mask[70:106, 80:86] = mask[100:106, 80:120] = mask[70:130, 106:112] = 255
    return mask


def test_rings_closed_open_and_angular_are_found() -> None:
    for start, stop in ((0, 360), (20, 350), (0, 400)):
        mask = page()
        cv2.ellipse(mask, (100, 100), (60, 52), 0, start, stop, 255, 5)
        assert len(find_rings(pieces_in(mask))) == 1
    mask = page()
    cv2.rectangle(mask, (68, 20), (132, 180), 255, 3)  # narrow, as a form's box may be
    assert len(find_rings(pieces_in(mask))) == 1


def test_digits_are_no_rings() -> None:
    narrow = np.zeros((200, 200), np.uint8)
    cv2.ellipse(narrow, (100, 100), (40, 80), 0, 0, 360, 255, 8)
    assert find_rings(pieces_in(narrow)) == []
    narrow[60:140, 98:102] = 255  # a 0 that is marked as one
    assert find_rings(pieces_in(narrow)) == []
    half = page()
    cv2.ellipse(half, (100, 100), (60, 52), 0, -120, 120, 255, 5)  # the bow of a 3
    assert find_rings(pieces_in(half)) == []
    beside = np.roll(page(), 80, axis=1)
    cv2.ellipse(beside, (70, 100), (40, 40), 0, 0, 360, 255, 5)
    assert find_rings(pieces_in(beside)) == []


def test_a_line_below_is_found_and_strokes_are_not() -> None:
    mask = page()
    mask[142:147, 70:132] = 255
    components = pieces_in(mask)
    line = int(components.regions[144, 100])
    assert find_underlines(components, [1, 2]) == {line}
    mask[160:180, 98:102] = 255  # something below it: a fraction, or a digit in components
    assert find_underlines(pieces_in(mask), [1, 2, 3]) == set()


@pytest.mark.parametrize(
    ("row", "left", "right"),
    [(55, 70, 132), (142, 80, 140), (142, 88, 104), (131, 70, 132), (190, 70, 132)],
    ids=["mask_above", "the foot of a 2", "a short one", "as near as a failing pen", "far below"],
)
def test_other_lines_stay(row: int, left: int, right: int) -> None:
    mask = page()
    mask[row : row + 5, left:right] = 255
    components = pieces_in(mask)
    assert find_underlines(components, list(range(1, len(components.areas)))) == set()


@pytest.mark.parametrize("drawn", ["ring", "line"])
def test_the_digit_alone_is_prepared(drawn: str) -> None:
    mask = page()
    alone = prepare_picture(Image.fromarray(255 - mask), Preparation("digit", (28, 28), 1))
    if drawn == "ring":
        cv2.ellipse(mask, (100, 100), (60, 52), 0, 0, 360, 255, 5)
    else:
        mask[142:147, 70:132] = 255
    found = prepare_picture(Image.fromarray(255 - mask), Preparation("digit", (28, 28), 1))
    assert np.corrcoef(found.pixels.ravel(), alone.pixels.ravel())[0, 1] > 0.97
    assert found.choices["components_dropped"] >= 1 and not found.notes


def test_a_round_label_is_looked_at_alone() -> None:
    picture = np.full((200, 200), 40, np.uint8)
    cv2.circle(picture, (100, 100), 75, 235, -1)
    picture[page() > 0] = 20
    found = prepare_picture(Image.fromarray(picture), Preparation("digit", (28, 28), 1))
    alone = prepare_picture(Image.fromarray(255 - page()), Preparation("digit", (28, 28), 1))
    assert np.corrcoef(found.pixels.ravel(), alone.pixels.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("beside", ["pen", "box"])
def test_a_faint_digit_beside_something_black_is_seen(beside: str) -> None:
    picture = np.where(page() > 0, 170, 240).astype(np.uint8)
    if beside == "pen":
        picture[60:, 165:176] = 0
    else:
        cv2.rectangle(picture, (50, 50), (150, 150), 0, 4)
    found = prepare_picture(Image.fromarray(picture), Preparation("digit", (28, 28), 1))
    alone = prepare_picture(Image.fromarray(255 - page()), Preparation("digit", (28, 28), 1))
    assert np.corrcoef(found.pixels.ravel(), alone.pixels.ravel())[0, 1] > 0.9


def test_a_box_has_four_sides_and_nothing_in_it() -> None:
    mask = np.zeros((200, 200), np.uint8)
    cv2.rectangle(mask, (40, 40), (140, 160), 255, 4)
    assert is_box(pieces_in(mask), (1,))
    round_one = np.zeros((200, 200), np.uint8)
    cv2.ellipse(round_one, (100, 100), (50, 60), 0, 0, 360, 255, 4)
    assert not is_box(pieces_in(round_one), (1,))
    mask[100:104, 40:140] = 255  # an 8 of straight strokes
    assert not is_box(pieces_in(mask), (1,))
