"""Old and new pictures in one data set: each in the split that it was in, none twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine.fine_tuning.base import Base
from siam.engine.fine_tuning.old_pictures import (
    SPLITS,
    OldPictures,
    join_pictures,
    with_channels,
)
from siam.engine.index.gallery_check import digest
from siam.errors import DataError
from siam.pictures.preparation import Preparation
from siam.recipe import Recipe
from siam.runs.config import BaseTable, DataChoice, RunConfig, TrainChoice

OLD = ("cat", "dog")
CONFIG = RunConfig(
    data=DataChoice(dataset="/old/pets"),
    train=TrainChoice(preset="quick"),
    recipe=Recipe(),
    name="pets",
    source="/old/pets",
    fingerprint="ebfd",
    classes=OLD,
    groups=(),
    preparation=Preparation("photo", (4, 4), 1),
)
BASE = Base(Path("/runs/pets-1"), CONFIG, BaseTable(run="pets-1", sha256="ab"))


def split(first: int, labels: list[int], folder: str = "pets") -> Split:
    """Pictures that differ: the n-th of all is grey n."""
    numbers = np.arange(first, first + len(labels))
    pictures = np.broadcast_to(numbers[:, None, None, None], (len(labels), 4, 4, 1))
    origins = tuple(f"{folder}/{number}.png" for number in numbers)
    return Split(pictures.astype(np.uint8), np.array(labels, np.int64), origins)


def old_pictures(since: Split | None = None, classes: tuple[str, ...] = OLD) -> OldPictures:
    """Six training pictures, four to validate and four to test with; the seventh is lost."""
    splits = {
        "train": split(0, [0, 0, 0, 1, 1, 1]),
        "validation": split(10, [0, 0, 1, 1]),
        "test": split(20, [0, 0, 1, 1]),
    }
    of = {digest(one): name for name, part in splits.items() for one in part.pictures}
    of[digest(split(6, [1]).pictures[0])] = "train"
    return OldPictures(classes, splits, split(0, []) if since is None else since, of, missing=1)


def new_pictures(train: Split, classes: tuple[str, ...], source: str = "/new/birds") -> Dataset:
    """A data set of training pictures alone."""
    none = split(0, [])
    return Dataset("birds", source, classes, train, none, none, "photo")


def numbers(part: Split) -> list[int]:
    return sorted(int(picture.flat[0]) for picture in part.pictures)


def test_one_new_class_stands_beside_the_old_ones(
    assert_disjoint: Callable[[Dataset], None],
) -> None:
    joined = join_pictures(
        new_pictures(split(30, [0, 0], "birds"), ("owl",)), old_pictures(), BASE, seed=0
    )
    assert joined.classes == ("cat", "dog", "owl")
    assert numbers(joined.train) == [0, 1, 2, 3, 4, 5, 30, 31]
    assert [joined.classes[label] for label in joined.train.labels[:2]] == ["owl", "owl"]
    assert (numbers(joined.validation), numbers(joined.test)) == (
        [10, 11, 12, 13],
        [20, 21, 22, 23],
    )
    assert (joined.name, joined.source) == ("birds", "/new/birds")
    assert_disjoint(joined)


def test_what_was_tested_is_never_trained_on_nor_the_other_way_round(
    assert_disjoint: Callable[[Dataset], None],
) -> None:
    # Of the old ones: 5 and 6 (lost) were trained on, 10 validated, 20 and 21 tested.
    train = Split(
        np.concatenate([split(at, [0]).pictures for at in (5, 6, 10, 20, 21, 40)]),
        np.array([1, 1, 0, 0, 0, 0], np.int64),
        tuple(f"again/{n}" for n in range(6)),
    )
    drawn = Split(split(4, [1, 1, 0]).pictures, np.array([1, 1, 1]), ("a/0", "a/1", "a/2"))
    new = Dataset(
        "birds", "/new", OLD, train.take(np.arange(2, 6)), drawn, train.take(np.arange(2)), "photo"
    )
    joined = join_pictures(new, old_pictures(), BASE, seed=0)
    assert numbers(joined.train) == [0, 1, 2, 3, 4, 5, 5, 6, 6, 40]
    assert numbers(joined.validation) == [10, 11, 12, 13]
    assert numbers(joined.test) == [20, 21, 22, 23]
    assert_disjoint(joined)


def test_the_new_label_of_a_picture_counts() -> None:
    again = split(0, [0, 0, 0])  # the cats 0, 1 and 2, as owls
    others = (split(70, [0, 0], "owls"), split(80, [0, 0], "owls"))
    new = Dataset("birds", "/new", ("owl",), again, *others, "photo")
    joined = join_pictures(new, old_pictures(), BASE, seed=0)
    assert joined.classes == ("dog", "owl")
    assert len(joined.train) == 6
    assert numbers(joined.test) == [22, 23, 80, 81]  # of cats there is nothing left to find


def test_a_picture_that_its_own_data_set_no_longer_holds_is_gone() -> None:
    left = split(0, [0, 0, 0, 1, 1]), split(10, [0, 0, 1, 1]), split(20, [0, 0, 1, 1])
    joined = join_pictures(
        Dataset("pets", "/old/pets", OLD, *left, "photo"), old_pictures(), BASE, seed=0
    )
    assert numbers(joined.train) == [0, 1, 2, 3, 4]


def test_the_same_name_for_two_pictures_becomes_two_names(
    assert_disjoint: Callable[[Dataset], None],
) -> None:
    other = split(0, [0, 0], "pets")
    moved = Split(other.pictures + np.uint8(50), other.labels, other.origins)
    joined = join_pictures(new_pictures(moved, ("owl",)), old_pictures(), BASE, seed=0)
    assert numbers(joined.train) == [0, 1, 2, 3, 4, 5, 50, 51]
    assert "pets-1/pets/0.png" in joined.train.origins
    assert_disjoint(joined)


def test_what_was_labelled_since_is_divided_as_a_data_set_is(
    assert_disjoint: Callable[[Dataset], None],
) -> None:
    since = split(60, [2] * 20, "more")
    joined = join_pictures(None, old_pictures(since, ("cat", "dog", "owl")), BASE, seed=0)
    assert joined.classes == ("cat", "dog", "owl")
    assert [sum(n >= 60 for n in numbers(getattr(joined, part))) for part in SPLITS] == [14, 2, 4]
    assert joined.source == "/old/pets"
    assert_disjoint(joined)


def test_one_picture_of_a_new_class_is_too_few() -> None:
    with pytest.raises(DataError, match="one picture only of 'owl'"):
        join_pictures(new_pictures(split(30, [0]), ("owl",)), old_pictures(), BASE, seed=0)


def test_pictures_are_given_the_channels_that_the_network_takes() -> None:
    grey = new_pictures(split(30, [0, 0]), ("owl",))
    colour = with_channels(grey, 3)
    assert colour.train.pictures.shape == (2, 4, 4, 3)
    assert np.array_equal(with_channels(colour, 1).train.pictures, grey.train.pictures)
