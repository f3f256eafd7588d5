from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.datasets.holdout import hold_out
from siam.errors import UsageError


def split(name: str, labels: list[int]) -> Split:
    """Each picture is one pixel of ten times its label, so it can be told whatever its number."""
    pictures = 10 * np.array(labels, dtype=np.uint8).reshape(-1, 1, 1, 1)
    origins = tuple(f"{name}/{i}" for i in range(len(labels)))
    return Split(pictures, np.array(labels), origins)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        name="letters",
        source="here",
        classes=("Greek/a", "Greek/b", "Latin/a", "Latin/b", "Runes/f"),
        train=split("train", [0, 1, 2, 3, 4, 4, 3]),
        validation=split("validation", [4, 3, 2]),
        test=split("test", [0, 2, 1]),
        prepare="photo",
        groups=("Greek", "Greek", "Latin", "Latin", "Runes"),
    )


def test_classes_move_from_all_splits_and_the_rest_is_renumbered(dataset: Dataset) -> None:
    held = hold_out(dataset, ["Latin/a"])
    assert held.classes == ("Greek/a", "Greek/b", "Latin/b", "Runes/f")
    assert held.unseen_classes == ("Latin/a",)
    assert held.groups == ("Greek", "Greek", "Latin", "Runes", "Latin")
    assert held.train.labels.tolist() == [0, 1, 2, 3, 3, 2]
    assert held.validation.labels.tolist() == [3, 2]
    assert held.test.labels.tolist() == [0, 1]
    assert held.unseen is not None
    assert held.unseen.origins == ("train/2", "validation/2", "test/1")
    assert held.unseen.labels.tolist() == [4, 4, 4]


def test_a_group_stands_for_its_classes(dataset: Dataset) -> None:
    held = hold_out(dataset, ["Greek", "Runes/f"])
    assert held.classes == ("Latin/a", "Latin/b")
    assert held.unseen_classes == ("Greek/a", "Greek/b", "Runes/f")


def test_every_picture_keeps_its_class(dataset: Dataset) -> None:
    held = hold_out(dataset, ["Greek/b", "Latin"])
    names = held.classes + held.unseen_classes
    assert held.unseen is not None
    for part in (held.train, held.validation, held.test, held.unseen):
        for pixels, label in zip(part.pictures, part.labels, strict=True):
            assert names[label] == dataset.classes[int(pixels.item()) // 10]


@pytest.mark.parametrize("name", ["Grek", "", "7"])
def test_unknown_class_is_refused_with_what_there_is(dataset: Dataset, name: str) -> None:
    with pytest.raises(UsageError, match=f"classes of letters, received '{name}'; .*Greek"):
        hold_out(dataset, [name])


def test_two_classes_must_stay(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="leaves 1 of 5"):
        hold_out(dataset, ["Greek", "Latin"])
