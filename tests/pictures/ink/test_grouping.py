"""Strokes of one digit join; edges, form rules and print stay out."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.connected_components import label_components
from siam.pictures.ink.grouping import find_edges, find_form_rules, group_components
from siam.pictures.ink.illumination import BACKGROUND, BLACK


def test_strokes_join_and_edges_do_not() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[60:64, 60:100] = mask[70:140, 60:64] = 255
    mask[:, :15] = 255
    darkness = np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8)
    components = label_components(mask, darkness)
    edges = find_edges(components)
    assert len(edges) == 1
    marks, dropped = group_components(components, reach=0.2, exclude=edges)
    assert [mark.box for mark in marks] == [(60, 60, 100, 140)] and dropped == 0
    apart, _ = group_components(components, reach=0.05, exclude=edges)
    assert len(apart) == 2


def test_sides_of_a_forms_boxes_go_and_a_single_1_stays() -> None:
    mask, lines = np.zeros((200, 300), np.uint8), np.zeros((200, 300), np.uint8)
    lines[20:22] = lines[178:180] = 255
    mask[24:176, 60:62] = mask[24:176, 240:242] = 255
    mask[60:140, 140:160] = 255
    components = label_components(mask, np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8))
    assert len(find_form_rules(components, lines)) == 2
    alone = mask.copy()
    alone[:, 240:242] = 0
    components = label_components(alone, np.where(alone > 0, BLACK, BACKGROUND).astype(np.uint8))
    assert find_form_rules(components, lines) == []
    assert find_form_rules(components, np.zeros_like(lines)) == []


def test_what_the_border_cuts_does_not_join_a_whole_mark() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[60:140, 100:110] = 255
    mask[80:120, 190:200] = 255
    darkness = np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8)
    marks, _ = group_components(label_components(mask, darkness), reach=1.1, exclude=[])
    assert len(marks) == 2
    mask[80:120, 195:200] = 0
    darkness = np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8)
    marks, _ = group_components(label_components(mask, darkness), reach=1.1, exclude=[])
    assert len(marks) == 1


def test_a_row_of_print_is_left_out() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[80:180, 100:112] = 255
    for left in range(20, 280, 26):
        mask[40:56, left : left + 10] = 255
    darkness = np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8)
    marks, _ = group_components(label_components(mask, darkness), reach=0.3, exclude=[])
    assert [mark.box for mark in marks] == [(100, 80, 112, 180)]
    mask[40:56, 60:] = 0  # two dots are no print
    darkness = np.where(mask > 0, BLACK, BACKGROUND).astype(np.uint8)
    marks, _ = group_components(label_components(mask, darkness), reach=0.3, exclude=[])
    assert len(marks) > 1
