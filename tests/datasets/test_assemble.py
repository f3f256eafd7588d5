from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from siam.datasets.assemble import assemble
from siam.datasets.dataset import Dataset, Split
from siam.errors import DataError


def split(*sizes: int, name: str = "train") -> Split:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    pictures = np.zeros((len(labels), 4, 4, 1), dtype=np.uint8)
    return Split(pictures, labels, tuple(f"{name}/{i}" for i in range(len(labels))))


def make(train: Split, classes: str = "ab", **parts: Split) -> Dataset:
    return assemble(
        name="letters",
        source="here",
        classes=tuple(classes),
        train=train,
        prepare="photo",
        seed=0,
        **parts,
    )


def test_missing_splits_are_taken_from_train(assert_disjoint: Callable[[Dataset], None]) -> None:
    dataset = make(split(20, 10))
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [20, 4, 6]
    assert_disjoint(dataset)


def test_given_splits_stay_as_they_are() -> None:
    test = split(3, 2, name="test")
    dataset = make(split(20, 10), test=test)
    assert dataset.test is test
    assert len(dataset.validation) == 4
    assert not any(origin.startswith("test") for origin in dataset.train.origins)
    validation = split(2, 2, name="validation")
    dataset = make(split(2, 2), test=test, validation=validation)
    assert dataset.validation is validation
    assert len(dataset.train) == 4


@pytest.mark.parametrize(
    ("train", "classes", "words"),
    [
        (split(9), "a", r"here has 1 class \(a\); telling same from different needs two"),
        (split(), "", "here has 0 classes;"),
        (split(9, 1), "ab", "one picture only of 'b'; every class needs two or more"),
        (split(9, 1, 1, 1, 1), "abcde", "one picture only of 'b', 'c', 'd' and 1 more"),
        (split(9, 0, 9), "abc", "nothing to train 'b' with, only to test"),
        (split(3, 3), "ab", "too few pictures: 0 for validation, .* the classes have 3 to 3"),
        (split(30, 2), "ab", "too few pictures: 3 for validation"),
    ],
)
def test_what_cannot_be_trained_is_refused(train: Split, classes: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        make(train, classes)
    assert caught.value.cure


def test_a_test_part_without_pairs_is_refused() -> None:
    with pytest.raises(DataError, match="2 for test, which needs two of one class"):
        make(split(9, 9), test=split(1, 1))
