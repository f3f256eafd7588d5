"""Averaging the embeddings of moved copies: against one pass per copy by hand."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from siam.siamese.test_time_augmentation import MOVES, average_test_time_views
from siam.siamese.towers import small_tower


def embedded(tower: keras.Model, shown: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tower(shown)))


def moved(pictures: np.ndarray, down: int, right: int) -> np.ndarray:
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = pictures.shape[1:3]
    return framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def test_the_embedding_is_the_mean_over_moved_copies(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 1)).astype(np.float32)
    tower = small_tower((12, 10, 1), 8)
    mean = sum(embedded(tower, moved(pictures, *move)) for move in MOVES)
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    averaged = average_test_time_views(tower, views=5)
    assert averaged.name == tower.name
    np.testing.assert_allclose(embedded(averaged, pictures), expected, atol=1e-5)
    averaged.save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras", safe_mode=True)
    np.testing.assert_array_equal(embedded(averaged, pictures), embedded(again, pictures))


def test_one_view_is_the_tower_itself() -> None:
    tower = small_tower((12, 12, 1), 8)
    assert average_test_time_views(tower, views=1) is tower


def test_another_number_of_views_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or 5, received 3"):
        average_test_time_views(small_tower((12, 12, 1), 8), views=3)
