"""Whitening: what varies within classes counts less, as far as classes left out gain by it."""

from __future__ import annotations

import numpy as np
import pytest

from siam.siamese.whitening import (
    SHARES,
    Whitening,
    choose_whitening,
    join_whitened,
    score_unseen,
    unit_rows,
    within_class_axes,
)

LABELS = np.repeat(np.arange(12), 10)


def drawn(between: float, *, seed: int = 0) -> np.ndarray:
    """Rows of twelve classes: in six directions they vary within a class, in six between them."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(120, 12)) * np.repeat([6.0, 1.0], 6)
    noise[:, 6:] += between * rng.normal(size=(12, 6))[LABELS]
    return unit_rows(noise.astype(np.float32))


def test_without_shrinkage_every_direction_varies_alike_within_classes() -> None:
    rows = drawn(4.0)
    whitened = within_class_axes(rows, LABELS).whiten(1e-6).apply(rows)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-3)
    inside = whitened - np.stack([whitened[one == LABELS].mean(axis=0) for one in LABELS])
    np.testing.assert_allclose(inside.T @ inside / len(rows), np.eye(12), atol=0.02)


def test_much_shrinkage_leaves_distances_as_they_are() -> None:
    rows = drawn(4.0)
    moved = within_class_axes(rows, LABELS).whiten(1e6).apply(rows)
    centred = rows - rows.mean(axis=0)
    np.testing.assert_allclose(
        unit_rows(moved) @ unit_rows(moved).T, unit_rows(centred) @ unit_rows(centred).T, atol=1e-3
    )


def test_what_tells_other_classes_apart_is_kept() -> None:
    rows = drawn(4.0)
    chosen = choose_whitening(rows, LABELS)
    assert chosen is not None and chosen.share == max(SHARES)
    others = drawn(4.0, seed=1)  # classes of another draw, that vary alike
    out = np.ones(120, bool)
    better = score_unseen(join_whitened(others, chosen), LABELS, out)
    assert better > score_unseen(others, LABELS, out) + 0.1
    lengths = np.linalg.norm(join_whitened(others, chosen), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_none_where_it_gains_nothing_or_cannot_be_judged() -> None:
    apart = np.eye(4, dtype=np.float32)[np.arange(12) % 4]  # every picture of a class is the same
    assert choose_whitening(apart, np.arange(12) % 4) is None
    rows = drawn(4.0)
    few = LABELS < 3
    assert choose_whitening(rows[few], LABELS[few]) is None
    assert choose_whitening(rows[:6], np.arange(6)) is None  # a picture of each


def test_a_blank_picture_is_left_out_of_the_judgement() -> None:
    rows = drawn(4.0)
    rows[::10] = 0
    chosen = choose_whitening(rows, LABELS)
    assert chosen is not None and np.isfinite(chosen.components.kernel).all()


def test_a_direction_that_never_varied_is_left_out() -> None:
    rows = drawn(4.0)
    rows[:, 0] = 0.1
    axes = within_class_axes(rows, LABELS)
    assert axes.directions.shape == (12, 11)
    away = rows + np.eye(1, 12, dtype=np.float32)
    whitening = Whitening(axes.whiten(0.3), share=1.0)
    np.testing.assert_allclose(whitening.apply(away), whitening.apply(rows), atol=1e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_chooses_alike(seed: int) -> None:
    rows = drawn(1.0)
    one, other = (choose_whitening(rows, LABELS, seed=seed) for _ in range(2))
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.components.kernel, other.components.kernel)


def test_a_picture_is_not_its_own_neighbour() -> None:
    rows = unit_rows(np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], np.float32))
    everything = np.ones(4, bool)
    assert score_unseen(rows, np.array([0, 0, 1, 1]), everything) == pytest.approx(1.0)
    assert score_unseen(rows, np.array([0, 1, 0, 1]), everything) < 0
