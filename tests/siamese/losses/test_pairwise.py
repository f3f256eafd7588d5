"""The parts that all batch losses share, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from keras import ops

from siam.siamese.losses.pairwise import cosines, distances, pair_masks, validate_batch


def on_circle(*degrees: float) -> np.ndarray:
    """Unit embeddings of dimension 2 at these angles."""
    radians = np.deg2rad(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_distances_of_embeddings_on_a_circle_are_chords() -> None:
    found = ops.convert_to_numpy(distances(on_circle(0, 60, 180)))
    assert found[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert found[0, 2] == pytest.approx(2.0, abs=1e-5)
    assert found[1, 2] == pytest.approx(math.sqrt(3), abs=1e-5)
    assert np.all(np.diag(found) < 1e-3)


def test_cosines_of_embeddings_on_a_circle() -> None:
    found = ops.convert_to_numpy(cosines(on_circle(0, 60, 90)))
    np.testing.assert_allclose(found[0], [1.0, 0.5, 0.0], atol=1e-6)


def test_masks_split_all_pairs_but_those_of_a_picture_with_itself() -> None:
    same, different = (ops.convert_to_numpy(mask) for mask in pair_masks(np.array([0, 0, 1])))
    np.testing.assert_array_equal(same, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(different, [[0, 0, 1], [0, 0, 1], [1, 1, 0]])


def test_outliers_differ_from_every_class_and_are_left_alone_among_themselves() -> None:
    same, different = (ops.convert_to_numpy(mask) for mask in pair_masks(np.array([0, 0, -1, -7])))
    np.testing.assert_array_equal(same, [[0, 1, 0, 0], [1, 0, 0, 0], [0] * 4, [0] * 4])
    np.testing.assert_array_equal(
        different, [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]
    )


@pytest.mark.parametrize(
    ("labels", "embeddings", "words"),
    [
        ((4, 1), (4, 2), r"labels \(4, 1\) and embeddings \(4, 2\)"),
        ((4,), (4,), r"labels \(4,\) and embeddings \(4,\)"),
        ((3,), (4, 2), "3 labels and 4 embeddings"),
    ],
)
def test_shapes_that_do_not_belong_together_are_refused(
    labels: tuple[int, ...], embeddings: tuple[int, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        validate_batch(np.zeros(labels, np.int64), np.zeros(embeddings, np.float32))
