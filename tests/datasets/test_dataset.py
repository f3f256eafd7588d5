from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split


@pytest.fixture
def dataset() -> Dataset:
    splits = [
        Split(
            np.full((2, 3, 4, 1), value, dtype=np.uint8),
            np.array([0, 1]),
            (f"{value}/0", f"{value}/1"),
        )
        for value in (1, 2, 3)
    ]
    return Dataset("set", "here", ("a", "b"), *splits, prepare="photo")


def test_take_keeps_pictures_labels_and_origins_together(dataset: Dataset) -> None:
    taken = dataset.train.take(np.array([1, 1, 0]))
    assert len(taken) == 3
    assert taken.labels.tolist() == [1, 1, 0]
    assert taken.origins == ("1/1", "1/1", "1/0")


def test_picture_shape(dataset: Dataset) -> None:
    assert dataset.picture_shape == (3, 4, 1)


def test_fingerprint_follows_content_alone(dataset: Dataset) -> None:
    renamed = dataclasses.replace(dataset, name="other", source="there")
    assert renamed.fingerprint == dataset.fingerprint
    assert len(dataset.fingerprint) == 64


@pytest.mark.parametrize("change", ["pictures", "labels", "order of splits", "classes", "unseen"])
def test_fingerprint_changes_with_content(dataset: Dataset, change: str) -> None:
    train = dataset.train
    changed = {
        "pictures": {"train": dataclasses.replace(train, pictures=train.pictures + 1)},
        "labels": {"train": dataclasses.replace(train, labels=train.labels[::-1])},
        "order of splits": {"train": dataset.test, "test": dataset.train},
        "classes": {"classes": ("a", "c")},
        "unseen": {"unseen": train},
    }[change]
    assert dataclasses.replace(dataset, **changed).fingerprint != dataset.fingerprint  # type: ignore[arg-type]
