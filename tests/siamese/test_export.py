"""Exports are loaded again and compared, and refused where they answer differently."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.siamese.encoder import LiteEncoder
from siam.siamese.export import compare_embeddings, export_litert

PICTURES = np.random.default_rng(1).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def tower() -> Any:
    import keras

    from siam.siamese.towers import small_tower

    keras.utils.set_random_seed(1)
    return small_tower((28, 28, 1), 8, widths=(4, 4, 8, 8))


def test_equal_embeddings_agree() -> None:
    rows = np.eye(4, dtype=np.float32)
    parity = compare_embeddings(rows, rows.copy())
    assert (parity.max_difference, parity.neighbour_agreement, parity.pictures) == (0.0, 1.0, 4)
    assert parity.holds


def test_the_difference_is_the_largest_and_neighbours_are_counted() -> None:
    angles = np.radians([0.0, 20.0, 50.0])
    before = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moved = np.radians([0.0, 28.0, 50.0])
    after = np.stack([np.cos(moved), np.sin(moved)], axis=1)
    parity = compare_embeddings(before, after)
    # At 20 degrees the middle one is nearer to 0, at 28 to 50; the others keep their neighbour.
    assert parity.neighbour_agreement == pytest.approx(2 / 3)
    largest = math.sin(math.radians(28)) - math.sin(math.radians(20))
    assert parity.max_difference == pytest.approx(largest)
    assert not parity.holds


def test_not_a_number_never_agrees() -> None:
    rows = np.eye(3, dtype=np.float32)
    assert not compare_embeddings(rows, rows * np.nan).holds


def test_a_single_picture_has_no_neighbours_to_lose() -> None:
    row = np.ones((1, 1), np.float32)
    assert compare_embeddings(row, row).neighbour_agreement == 1.0


def test_a_litert_export_takes_any_batch(tower: Any, tmp_path: Path) -> None:
    path = tmp_path / "encoder.tflite"
    assert export_litert(tower, path, PICTURES).holds
    encoder = LiteEncoder(path)
    assert [len(encoder.encode(PICTURES[:n])) for n in (1, 64, 3)] == [1, 64, 3]


def test_an_export_that_answers_differently_is_taken_away(
    tower: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiteEncoder, "encode", lambda self, x: np.ones((len(x), 8)) / 8**0.5)
    path = tmp_path / "encoder.tflite"
    parity = export_litert(tower, path, PICTURES)
    assert not parity.holds
    assert not path.exists()
