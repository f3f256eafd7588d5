"""Parts of a batch: together they are the batch, in its order."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from siam.datasets.dataset import Split
from siam.errors import UsageError
from siam.training import process_shard as module
from siam.training.feed import BatchFeed, PairFeed
from siam.training.process_shard import ProcessShard, shard_feed


def split() -> Split:
    pictures = np.random.default_rng(0).integers(0, 256, (24, 4, 4, 1), dtype=np.uint8)
    return Split(pictures, np.repeat([0, 1, 2], 8), tuple(str(i) for i in range(24)))


@pytest.mark.parametrize(
    "feed",
    [
        BatchFeed(split(), classes=3, pictures=4, seed=0, policy=None),
        PairFeed(split(), batch=12, seed=0, policy=None),
    ],
)
def test_the_parts_are_the_whole(feed: Any) -> None:
    parts = [ProcessShard(feed, number=number, count=3) for number in range(3)]
    parts[0].set_epoch(1)
    assert {len(part) for part in parts} == {len(feed)}
    cut = [keras.tree.flatten(part[1]) for part in parts]
    for whole, *pieces in zip(keras.tree.flatten(feed[1]), *cut, strict=True):
        assert {len(piece) for piece in pieces} == {4}
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_a_batch_that_cannot_be_cut_is_refused() -> None:
    feed = BatchFeed(split(), classes=3, pictures=4, seed=0, policy=None)
    with pytest.raises(UsageError, match="multiple of the 5 processes, received 12"):
        ProcessShard(feed, number=0, count=5)[0]


def test_a_lone_process_sees_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = BatchFeed(split(), classes=3, pictures=4, seed=0, policy=None)
    assert shard_feed(feed) is feed
    monkeypatch.setattr(module, "process", lambda: (1, 2))
    np.testing.assert_array_equal(shard_feed(feed)[0][1], feed[0][1][6:])
