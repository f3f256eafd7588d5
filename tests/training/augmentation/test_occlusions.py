"""Lines, bands and outlines: against loops, in their share of the pictures, in their place."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from siam.recipe import AugmentPolicy
from siam.training.augmentation.cpu import augment_batch
from siam.training.augmentation.occlusions import draw_bands, draw_lines, invert_bands, put_lines


def test_a_line_lies_where_its_segments_do() -> None:
    """Against each pixel's distance to each segment, one at a time."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 12, (2, 4, 2)).astype(np.float32)
    line = np.array([[1.0, 0.7], [0.6, 1.0]], np.float32)
    found = put_lines(np.zeros((2, 12, 10, 1), np.float32), corners, line)
    for number in range(2):
        bright, half = line[number]
        for row in range(12):
            for column in range(10):
                gaps = []
                for start, end in zip(corners[number], corners[number, 1:], strict=False):
                    points = start + np.linspace(0, 1, 400)[:, np.newaxis] * (end - start)
                    gaps.append(np.hypot(*(points - (row, column)).T).min())
                ink = 255 * bright * min(max(half + 0.5 - min(gaps), 0), 1)
                assert found[number, row, column, 0] == pytest.approx(ink, abs=2.5)


def test_a_line_hides_nothing_that_is_brighter() -> None:
    pictures = np.full((3, 8, 8, 1), 200, np.float32)
    drawn = draw_lines(3, 8, 8, 1.0, np.random.default_rng(0))
    dim = drawn["line"] * np.array([0.5, 1], np.float32)
    np.testing.assert_array_equal(put_lines(pictures, drawn["corners"], dim), pictures)


def test_lines_and_bands_come_in_their_share_and_bands_from_side_to_side() -> None:
    black = np.zeros((500, 28, 28, 1), np.uint8)
    rng = np.random.default_rng(0)
    lined = augment_batch(black, rng=rng, policy=AugmentPolicy(lines=0.3))
    assert 0.22 < lined.any(axis=(1, 2, 3)).mean() < 0.38
    banded = augment_batch(black, rng=rng, policy=AugmentPolicy(bands=0.3))[..., 0] > 0
    chosen = banded[banded.any(axis=(1, 2))]
    assert 0.24 < len(chosen) / 500 < 0.36
    for band in chosen:
        rows, columns = band.all(axis=1), band.all(axis=0)
        # A whole band, or all but one: every pixel follows its row, or its column.
        assert (band == rows[:, None]).all() or (band == columns[None]).all()
        thick = min(max(rows.sum(), columns.sum()) % 28, 28 - max(rows.sum(), columns.sum()) % 28)
        assert 4 <= thick <= 12


def test_a_band_is_inverted_and_the_rest_left_alone() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 6, 5, 1)).astype(np.float32)
    bands = np.array([[0, 6, 1, 3, 0], [2, 4, 0, 5, 1]], np.float32)
    expected = pictures.copy()
    expected[0, :, 1:3] = 255 - pictures[0, :, 1:3]
    expected[1, :2], expected[1, 4:] = 255 - pictures[1, :2], 255 - pictures[1, 4:]
    np.testing.assert_array_equal(invert_bands(pictures, bands), expected)
    found = invert_bands(ops.convert_to_tensor(pictures), ops.convert_to_tensor(bands), ops)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), expected)


def test_bands_of_a_picture_that_is_not_square_end_at_its_edges() -> None:
    bands = draw_bands(200, 10, 30, 1.0, np.random.default_rng(0))
    assert bands[:, :4].min() == 0
    assert bands[:, 1].max() == 10
    assert bands[:, 3].max() == 30
    assert (bands[:, 1] > bands[:, 0]).all()
    assert (bands[:, 3] > bands[:, 2]).all()


def test_an_outline_is_hollow() -> None:
    y, x = np.mgrid[:28, :28] - 13.5
    disc = np.where(x**2 + y**2 < 64, 255, 0).astype(np.uint8)[None, :, :, None]
    found = augment_batch(disc, rng=np.random.default_rng(0), policy=AugmentPolicy(outline=1.0))
    rim = np.abs(np.hypot(x, y) - 8) < 1
    assert (found[0, rim, 0] == 255).mean() > 0.9
    assert not found[0, np.hypot(x, y) < 6, 0].any()
    assert not found[0, np.hypot(x, y) > 10, 0].any()
