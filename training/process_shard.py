"""A process's own part of every batch, where one training runs on several machines.

Every process draws the same batch from (seed, epoch, step) and hands its backend one part of it;
`keras.distribution.DataParallel` joins the parts of all processes to the whole batch again.
"""

from __future__ import annotations

from typing import Any

import keras
from numpy.typing import NDArray

from siam.errors import UsageError
from siam.training.processes import process

__all__ = ["ProcessShard", "refuse_uneven", "shard_feed"]


def shard_feed(feed: Any) -> Any:
    """Return a feed of what this process is to see: the feed itself where it is the only one."""
    number, count = process()
    return feed if count == 1 else ProcessShard(feed, number=number, count=count)


def refuse_uneven(pictures: int) -> None:
    """Refuse a batch that the devices of several processes cannot share out evenly.

    Args:
        pictures: in the batch.

    Raises:
        UsageError: it is no multiple of all their devices together.
    """
    devices = len(keras.distribution.list_devices()) if process()[1] > 1 else 1
    if pictures % devices:
        raise UsageError(
            f"A batch must be a multiple of the {devices} devices of all processes, received "
            f"{pictures} pictures.",
            "Change  --set pictures_per_class=N  or  --set classes_per_batch=N",
        )


class ProcessShard(keras.utils.PyDataset):
    """One of several equal parts of each batch of a feed.

    Args:
        feed: batches of arrays, in tuples and dictionaries, that share their first axis.
        number: which part, from 0.
        count: how many parts.

    Raises:
        UsageError: a batch that cannot be cut into equal parts.
    """

    def __init__(self, feed: Any, *, number: int, count: int) -> None:
        super().__init__(workers=feed.workers, max_queue_size=feed.max_queue_size)
        self.feed = feed
        self.number = number
        self.count = count

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        self.feed.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.feed)

    def __getitem__(self, step: int) -> Any:
        return keras.tree.map_structure(self._cut, self.feed[step])

    def _cut(self, values: NDArray[Any]) -> NDArray[Any]:
        if len(values) % self.count:
            raise UsageError(
                f"A batch must be a multiple of the {self.count} processes, received "
                f"{len(values)} pictures.",
                "Change  --set pictures_per_class=N  or  --set classes_per_batch=N",
            )
        size = len(values) // self.count
        return values[self.number * size : (self.number + 1) * size]
