from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.datasets.sampling import epoch_batches, sample_pairs
from siam.errors import DataError

SIZES = st.lists(st.integers(1, 20), min_size=2, max_size=8).filter(lambda sizes: max(sizes) > 1)


def shuffled(sizes: list[int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))


@given(SIZES, st.integers(0, 200), st.integers(0, 99))
def test_pairs_are_balanced_true_and_never_of_a_picture_with_itself(
    sizes: list[int], count: int, seed: int
) -> None:
    labels = shuffled(sizes, seed)
    left, right, same = sample_pairs(labels, count, seed=seed)
    assert (left.dtype, right.dtype, same.dtype) == (np.int64, np.int64, np.int8)
    assert left.shape == right.shape == same.shape == (count,)
    assert same.sum() == count // 2
    assert (left != right).all()
    np.testing.assert_array_equal(labels[left] == labels[right], same == 1)


def test_every_pair_can_be_drawn_equally_often() -> None:
    labels = np.array([0, 1, 0, 1, 0])
    left, right, same = sample_pairs(labels, 60_000, seed=0)
    other = np.bincount(left[same == 0] * 5 + right[same == 0], minlength=25).reshape(5, 5)
    # Left any of 5, right any of the 2 or 3 of the other class.
    for i in range(5):
        for j in range(5):
            fits = labels[i] != labels[j]
            expected = 30_000 / 5 / (labels != labels[i]).sum() if fits else 0
            assert abs(other[i, j] - expected) <= 5 * expected**0.5


def test_pairs_depend_on_the_seed_alone() -> None:
    labels = np.repeat([4, 7], 30)
    first, again, other = (np.stack(sample_pairs(labels, 50, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 0, 0], "3 pictures of 1 classes, at most 3 in one"),
        ([0, 1, 2], "3 pictures of 3 classes, at most 1 in one"),
        ([], "0 pictures of 0 classes, at most 0 in one"),
    ],
)
def test_pairs_that_cannot_be_made_are_refused(labels: list[int], words: str) -> None:
    with pytest.raises(DataError, match=words):
        sample_pairs(np.array(labels, dtype=np.int64), 10, seed=0)


@given(SIZES, st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_batches_hold_p_classes_of_k_pictures(
    sizes: list[int], classes: int, pictures: int, seed: int
) -> None:
    labels = shuffled(sizes, seed)
    batches = epoch_batches(labels, classes=classes, pictures=pictures, seed=seed, epoch=0)
    classes = min(classes, len(sizes))
    assert batches.dtype == np.int64
    assert batches.shape == (max(1, len(labels) // (classes * pictures)), classes * pictures)
    turns = np.zeros(len(sizes), dtype=int)
    for batch in batches:
        rows = batch.reshape(classes, pictures)
        assert (labels[rows] == labels[rows[:, :1]]).all()
        present = labels[rows[:, 0]]
        assert len(set(present)) == classes
        turns[present] += 1
        for row, label in zip(rows, present, strict=True):
            assert len(set(row)) == min(pictures, sizes[label])
    assert turns.max() - turns.min() <= 1


@given(SIZES, st.integers(1, 5), st.integers(0, 99))
def test_a_class_goes_through_all_its_pictures_before_any_comes_again(
    sizes: list[int], pictures: int, seed: int
) -> None:
    labels = shuffled(sizes, seed)
    batches = epoch_batches(labels, classes=2, pictures=pictures, seed=seed, epoch=1)
    drawn = np.bincount(batches.ravel(), minlength=len(labels))
    for label in range(len(sizes)):
        own = drawn[labels == label]
        assert own.max() - own.min() <= 1


def test_equal_classes_are_seen_once_each_in_an_epoch() -> None:
    labels = np.tile(np.arange(4), 12)
    batches = epoch_batches(labels, classes=4, pictures=3, seed=5, epoch=2)
    np.testing.assert_array_equal(np.sort(batches.ravel()), np.arange(48))


def test_epochs_differ_and_each_can_be_drawn_again_by_itself() -> None:
    labels = np.repeat(np.arange(3), 10)

    def draw(seed: int, epoch: int) -> np.ndarray:
        return epoch_batches(labels, classes=3, pictures=2, seed=seed, epoch=epoch)

    np.testing.assert_array_equal(draw(0, 4), draw(0, 4))
    assert not np.array_equal(draw(0, 4), draw(0, 5))
    assert not np.array_equal(draw(0, 4), draw(1, 4))


def test_batches_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="must be 1 or more, received 0, 2"):
        epoch_batches(np.zeros(4, dtype=np.int64), classes=0, pictures=2, seed=0, epoch=0)
