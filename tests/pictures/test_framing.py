"""MNIST's layout: size, line width, centre of mass; and the steps before it, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.pictures.framing import are_framed, frame, is_framed, line_width
from siam.pictures.ink.connected_components import pieces_of
from siam.pictures.ink.grouping import edges_of, group, rules_of
from siam.pictures.ink.illumination import BLACK, GROUND, darkness, ground_of, steepness
from siam.pictures.ink.polarity import border_lightness, is_sheet, plausibility
from siam.pictures.ink.ruled_lines import ruled_lines
from siam.pictures.ink.thresholds import above, noise_floor, thresholds


def test_line_width_of_a_bar_and_of_nothing() -> None:
    bar = np.zeros((200, 60), np.uint8)
    bar[10:190, 20:32] = 1
    assert line_width(bar) == pytest.approx(12, rel=0.12)
    assert line_width(np.zeros((5, 5), np.uint8)) == 0.0


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
    assert 1.9 < line_width(framed) / 10 < 4.1


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


def test_darkness_takes_out_the_light() -> None:
    light = np.linspace(170, 240, 300)[None, :] * np.ones((200, 1))
    paper = light.copy()
    paper[90:100, 50:250] *= 0.3
    grey = paper.astype(np.uint8)
    dark = darkness(grey, ground_of(grey))
    ground = np.delete(dark, np.s_[80:110], axis=0)
    assert abs(ground.astype(int) - GROUND).max() < 25
    ink = dark[92:98, 60:240].astype(float)
    assert ink.mean() == pytest.approx(GROUND + 0.7 * (BLACK - GROUND), abs=12)


def test_thresholds_lie_between_lines_and_ink() -> None:
    dark = np.full((100, 100), GROUND, np.uint8)
    dark[20] = 100
    dark[40:60, 40:60] = 230
    floor = noise_floor(dark)
    high, low = thresholds(dark, floor)
    assert GROUND < floor < 100 <= high < 230 and floor <= low <= high
    assert above(dark, high).sum() == 400 * 255
    assert thresholds(np.full((9, 9), GROUND, np.uint8), floor) == (BLACK, BLACK)


def test_faint_ink_of_one_shade_lies_above_the_threshold() -> None:
    dark = np.full((100, 100), GROUND, np.uint8)
    dark[40:60, 40:60] = 113
    floor = noise_floor(dark)
    high, low = thresholds(dark, floor)
    assert floor <= low <= high < 113


def test_one_line_may_be_ink_and_two_are_ruling() -> None:
    dark = np.full((200, 200), GROUND, np.uint8)
    dark[50:52] = 150
    assert not ruled_lines(dark, 80).any()
    dark[120:122] = 150
    dark[30:160, 100:106] = 230  # a stroke across both
    lines = ruled_lines(dark, 80)
    assert lines[50, 20] and lines[121, 180]
    assert not lines[60:110].any() and not lines[50:52, 100:106].any()


def test_a_margin_is_ruling_where_lines_run_across_it() -> None:
    dark = np.full((200, 200), GROUND, np.uint8)
    dark[:, 60:62] = 150
    assert not ruled_lines(dark, 80).any()
    dark[50:52] = dark[120:122] = 150
    lines = ruled_lines(dark, 80)
    assert lines[20, 60] and lines[180, 61] and lines[50, 20]
    dark[:30, 60:62] = dark[170:, 60:62] = GROUND  # a 1, which ends within the picture
    assert not ruled_lines(dark, 80)[80, 60]


def test_strokes_join_and_edges_do_not() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[60:64, 60:100] = mask[70:140, 60:64] = 255
    mask[:, :15] = 255
    dark = np.where(mask > 0, BLACK, GROUND).astype(np.uint8)
    pieces = pieces_of(mask, dark)
    edges = edges_of(pieces)
    assert len(edges) == 1
    marks, dropped = group(pieces, reach=0.2, without=edges)
    assert [mark.box for mark in marks] == [(60, 60, 100, 140)] and dropped == 0
    apart, _ = group(pieces, reach=0.05, without=edges)
    assert len(apart) == 2


def test_polarity_by_border_and_by_edges() -> None:
    grey = np.full((60, 60), 220, np.uint8)
    grey[10:50, 28:32] = 20
    assert border_lightness(grey) == 1.0 and border_lightness(255 - grey) == 0.0
    line = (grey < 100).astype(np.uint8)
    sharp = np.where(line > 0, BLACK, GROUND).astype(np.uint8)
    soft = np.full_like(sharp, GROUND)
    soft[:] = np.linspace(GROUND, BLACK, 60)[:, None]
    blurred = (soft > 150).astype(np.uint8)
    flat = np.full_like(grey, 255)
    wrong = plausibility(blurred, soft, steepness(255 - soft, flat))
    assert plausibility(line, sharp, steepness(grey, flat)) > 5 * wrong


def test_ground_of_a_table_is_no_lighter_beside_a_sheet() -> None:
    grey = np.full((200, 300), 60, np.uint8)
    grey[:, :150] = 230
    dark = darkness(grey, ground_of(grey))
    assert dark.max() < GROUND + 30


def test_steps_of_the_ground_alone_are_not_steep() -> None:
    ground = np.full((40, 60), 100, np.uint8)
    ground[:, 30:] = 200
    flat = np.full_like(ground, 100)
    assert steepness(flat, ground).max() == 0
    line = flat.copy()
    line[:, 20:24] = 50
    # 50 of 100 grey levels are half of the way from ground to black.
    assert steepness(line, flat).max() == (BLACK - GROUND) // 2


def test_noise_is_measured_beside_glare() -> None:
    dark = np.full((100, 100), GROUND, np.uint8)
    dark[:10] = 0  # a tenth is far lighter than its ground
    assert noise_floor(dark) < GROUND + 20


def test_sides_of_a_forms_boxes_go_and_a_single_1_stays() -> None:
    mask, lines = np.zeros((200, 300), np.uint8), np.zeros((200, 300), np.uint8)
    lines[20:22] = lines[178:180] = 255
    mask[24:176, 60:62] = mask[24:176, 240:242] = 255
    mask[60:140, 140:160] = 255
    pieces = pieces_of(mask, np.where(mask > 0, BLACK, GROUND).astype(np.uint8))
    assert len(rules_of(pieces, lines)) == 2
    alone = mask.copy()
    alone[:, 240:242] = 0
    pieces = pieces_of(alone, np.where(alone > 0, BLACK, GROUND).astype(np.uint8))
    assert rules_of(pieces, lines) == []
    assert rules_of(pieces, np.zeros_like(lines)) == []


def test_what_the_border_cuts_does_not_join_a_whole_mark() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[60:140, 100:110] = 255
    mask[80:120, 190:200] = 255
    dark = np.where(mask > 0, BLACK, GROUND).astype(np.uint8)
    marks, _ = group(pieces_of(mask, dark), reach=1.1, without=[])
    assert len(marks) == 2
    mask[80:120, 195:200] = 0
    dark = np.where(mask > 0, BLACK, GROUND).astype(np.uint8)
    marks, _ = group(pieces_of(mask, dark), reach=1.1, without=[])
    assert len(marks) == 1


def test_a_sheet_is_broad_and_has_corners() -> None:
    rows, columns = np.mgrid[-50:50, -50:50]
    assert is_sheet(((abs(rows) < 30) & (abs(columns) < 40)).astype(np.uint8))
    assert not is_sheet((np.hypot(rows, columns) < 40).astype(np.uint8))
    assert not is_sheet(((abs(rows) < 40) & (abs(columns) < 5)).astype(np.uint8))


def test_a_row_of_print_is_left_out() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[80:180, 100:112] = 255
    for left in range(20, 280, 26):
        mask[40:56, left : left + 10] = 255
    dark = np.where(mask > 0, BLACK, GROUND).astype(np.uint8)
    marks, _ = group(pieces_of(mask, dark), reach=0.3, without=[])
    assert [mark.box for mark in marks] == [(100, 80, 112, 180)]
    mask[40:56, 60:] = 0  # two dots are no print
    dark = np.where(mask > 0, BLACK, GROUND).astype(np.uint8)
    marks, _ = group(pieces_of(mask, dark), reach=0.3, without=[])
    assert len(marks) > 1
