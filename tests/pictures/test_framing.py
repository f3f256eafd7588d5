"""MNIST's layout: size, line width, centre of mass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.pictures.framing import are_framed, frame, is_framed, measure_line_width


def test_line_width_of_a_bar_and_of_nothing() -> None:
    bar = np.zeros((200, 60), np.uint8)
    bar[10:190, 20:32] = 1
    assert measure_line_width(bar) == pytest.approx(12, rel=0.12)
    assert measure_line_width(np.zeros((5, 5), np.uint8)) == 0.0


@given(
    height=st.integers(3, 200),
    width=st.integers(3, 200),
    size=st.sampled_from([(28, 28), (32, 32), (64, 48)]),
)
def test_a_block_fills_twenty_of_twenty_eight(
    height: int, width: int, size: tuple[int, int]
) -> None:
    pixels = frame(np.ones((height, width), np.uint8), size)
    rows, columns = np.nonzero(pixels > 127)
    assert pixels.shape == size
    if rows.size:
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert longer <= 20 / 28 * min(size) + 2


@pytest.mark.parametrize("pen", [2, 10, 60])
def test_lines_come_into_mnists_range(pen: int) -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[:, 150 - pen // 2 : 150 + pen - pen // 2] = 1
    framed = (frame(mask, (280, 280)) > 127).astype(np.uint8)
    assert 1.9 < measure_line_width(framed) / 10 < 4.1


def test_what_counts_as_framed() -> None:
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    assert is_framed(digit, (28, 28)) and is_framed(digit, (28, 28), strict=True)
    assert not is_framed(digit, (32, 32))
    assert not is_framed(255 - digit, (28, 28))
    assert not is_framed(np.roll(digit, 8, axis=1), (28, 28))
    assert not is_framed(np.zeros((28, 28), np.uint8), (28, 28))
    assert not is_framed(np.random.default_rng(0).integers(0, 255, (28, 28)), (28, 28))


def test_many_are_judged_as_one_by_one() -> None:
    generator = np.random.default_rng(0)
    pictures = np.zeros((200, 28, 28), np.uint8)
    for picture in pictures:
        top, left = generator.integers(0, 12, 2)
        height, width = generator.integers(1, 28, 2)
        picture[top : top + height, left : left + width] = generator.integers(30, 256)
        picture[:, :] = np.maximum(picture, generator.integers(0, 25))
    for strict in (False, True):
        found = are_framed(pictures, strict=strict)
        assert found.tolist() == [is_framed(p, (28, 28), strict=strict) for p in pictures]
        assert found.tolist() == [framed_by_hand(p, strict) for p in pictures]
        assert 0 < found.sum() < 200 or strict


def framed_by_hand(grey: np.ndarray, strict: bool) -> bool:
    ring = [*grey[0], *grey[-1], *grey[:, 0], *grey[:, -1]]
    faint = 0.3 * int(grey.max())
    if np.quantile(ring, 0.8) > max(16, faint) or np.quantile(grey, 0.25) > 16:
        return False
    least = int(max(40, faint))
    ink = [(row, column) for row in range(28) for column in range(28) if grey[row, column] > least]
    if not ink:
        return False
    weights = [int(grey[place]) for place in ink]
    spans, by_mass, by_box = [], [], []
    for axis in (0, 1):
        places = [place[axis] for place in ink]
        spans.append(max(places) - min(places) + 1)
        mean = sum(p * w for p, w in zip(places, weights, strict=True)) / sum(weights)
        by_mass.append(abs(mean - 13.5))
        by_box.append(abs((max(places) + min(places)) / 2 - 13.5))
    least, most, away = (17, 21, 1.5) if strict else (13, 26, 4)
    off = max(by_mass) if strict else min(max(by_mass), max(by_box))
    return least <= max(spans) <= most and off <= away


def test_smudges_and_a_line_across_leave_a_framed_digit_framed() -> None:
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 12:16] = 255
    digit[0:7, 20:28] = digit[22:28, 0:8] = 60
    assert is_framed(digit, (28, 28))
    digit[24, 3:25] = 255  # moves the centre of mass, not the middle of what there is
    digit[25, 3:25] = 255
    assert is_framed(digit, (28, 28)) and not is_framed(digit, (28, 28), strict=True)
