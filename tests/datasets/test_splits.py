from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.datasets.splits import split_off, three_way

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@given(SIZES, st.floats(0, 1), st.integers(0, 99))
def test_split_off_is_exact_disjoint_and_in_proportion(
    sizes: list[int], share: float, seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    count = round(share * len(labels))
    rest, taken = split_off(labels, count, seed=seed)
    assert len(taken) == count
    np.testing.assert_array_equal(np.sort(np.concatenate([rest, taken])), np.arange(len(labels)))
    per_class = np.bincount(labels[taken], minlength=len(sizes))
    assert (np.abs(per_class - np.array(sizes) * count / len(labels)) < 1).all()


def test_split_off_refuses_more_than_there_is() -> None:
    with pytest.raises(ValueError, match="count must be 0 to 3, received 4"):
        split_off(np.zeros(3, dtype=np.int64), 4, seed=0)


@given(SIZES, st.integers(0, 99))
def test_three_way_is_disjoint_and_leaves_no_class_a_single_picture(
    sizes: list[int], seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = three_way(labels, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    counts = np.array([np.bincount(labels[part], minlength=len(sizes)) for part in parts])
    several = np.array(sizes) >= 2
    assert (counts[0, several] >= 2).all()
    assert not (counts[1:] == 1).any()


def test_three_way_by_hand() -> None:
    labels = np.repeat([0, 1, 2, 3], [100, 10, 6, 3])
    counts = [np.bincount(labels[part], minlength=4).tolist() for part in three_way(labels, seed=1)]
    assert counts == [[70, 6, 2, 3], [10, 2, 2, 0], [20, 2, 2, 0]]


def test_small_classes_take_turns_at_testing_and_validating() -> None:
    labels = np.repeat(np.arange(6), 4)
    train, validation, test = three_way(labels, seed=0)
    assert (len(train), len(validation), len(test)) == (12, 6, 6)
    assert not set(labels[validation]) & set(labels[test])


def test_a_share_of_zero_stays_empty() -> None:
    labels = np.repeat([0, 1], [20, 4])
    train, validation, test = three_way(labels, validation=0.1, test=0, seed=0)
    assert len(test) == 0
    assert np.bincount(labels[validation]).tolist() == [2, 2]
    assert len(train) == 20


def test_seed_fixes_and_changes_the_split() -> None:
    labels = np.repeat([0, 1], 50)
    first, again, other = (three_way(labels, seed=seed)[2] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
