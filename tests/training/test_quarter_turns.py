"""Quarter turns as classes: which picture, which way, which label."""

from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.errors import UsageError
from siam.training.feed import BatchFeed, PairFeed
from siam.training.quarter_turns import gather_turned, turn_labels


def corner_split() -> Split:
    """Six pictures of three classes, each with a mark of its own value at the top left."""
    pictures = np.zeros((6, 4, 4, 1), np.uint8)
    pictures[:, 0, 0, 0] = np.arange(1, 7)
    return Split(pictures, np.array([0, 0, 1, 1, 2, 2]), tuple("abcdef"))


def where_marked(picture: np.ndarray) -> tuple[int, int, int]:
    row, column = np.argwhere(picture[..., 0])[0]
    return int(picture[row, column, 0]), int(row), int(column)


def test_every_turn_has_labels_of_its_own() -> None:
    labels = turn_labels(np.array([2, 0, 1]))
    assert labels.tolist() == [2, 0, 1, 5, 3, 4, 8, 6, 7, 11, 9, 10]


def test_no_labels_stay_none() -> None:
    assert turn_labels(np.array([], np.int64)).tolist() == []


def test_positions_name_picture_and_turn() -> None:
    pictures = corner_split().pictures
    taken = gather_turned(pictures, np.array([5, 6 + 0, 12 + 1, 18 + 2]))
    # Anticlockwise from the top left: bottom left, bottom right, top right.
    assert [where_marked(picture) for picture in taken] == [
        (6, 0, 0),
        (1, 3, 0),
        (2, 3, 3),
        (3, 0, 3),
    ]
    assert pictures[0, 0, 0, 0] == 1, "the pictures themselves stay as they are"


def test_pictures_that_are_not_square_are_refused() -> None:
    with pytest.raises(UsageError, match="square pictures, received 4 x 5"):
        gather_turned(np.zeros((1, 4, 5, 1), np.uint8), np.array([0]))


CORNERS = {(0, 0): 0, (3, 0): 1, (3, 3): 2, (0, 3): 3}


def label_seen(picture: np.ndarray) -> int:
    value, row, column = where_marked(picture)
    return (value - 1) // 2 + 3 * CORNERS[row, column]


def test_batches_draw_turned_pictures_with_their_labels() -> None:
    feed = BatchFeed(
        corner_split(), classes=12, pictures=2, seed=0, policy=None, quarter_turns=True
    )
    pictures, labels = feed[0]
    assert len(feed) == 1
    assert sorted(labels.tolist()) == sorted([*range(12)] * 2)
    assert [label_seen(picture) for picture in pictures] == labels.tolist()


def test_pairs_draw_turned_pictures_too() -> None:
    feed = PairFeed(corner_split(), batch=24, seed=0, policy=None, quarter_turns=True)
    (left, right), same = feed[0]
    seen = [label_seen(a) == label_seen(b) for a, b in zip(left, right, strict=True)]
    assert seen == same[:, 0].astype(bool).tolist()
    assert len({label_seen(picture) for picture in left}) > 3
