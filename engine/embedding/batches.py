"""Pictures on their way to an encoder: some in a row, and what reads them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from siam.array_types import Pictures
from siam.engine.reading import PreparedPicture, join_portions, part_unreadable, read_ahead
from siam.pictures.preparation import Preparation
from siam.pictures.reading import Skipped, Source

__all__ = ["Batch", "Input", "Portion", "read_batches"]

FILES = 512  # pictures handed on at once: files trickle in


@dataclass(frozen=True)
class Batch:
    """Some pictures in a row, ready for the network.

    Attributes:
        keys: n names.
        labels: n class names, None where one is not known.
        pictures: uint8 (n, height, width, channels).
        skipped: pictures that could not be read and are not among them.
    """

    keys: list[str]
    labels: Sequence[str | None]
    pictures: Pictures
    skipped: Sequence[Skipped] = ()


# Reads some pictures, in order.
Portion = Callable[[], Iterator[Batch]]


@dataclass(frozen=True)
class Input:
    """What one argument of `siam embed` means.

    Attributes:
        keys: the names of all pictures, the unreadable ones included.
        portion: what reads the pictures at these places of the list; it holds no others, so that
            it can be sent to another machine.
    """

    keys: Sequence[str]
    portion: Callable[[range], Portion]

    def batches(self, block: range) -> Iterator[Batch]:
        """Yield the pictures at these places of the list, in order."""
        return self.portion(block)()


def read_batches(
    sources: Iterable[tuple[str, Source]], labels: Iterable[str | None], preparation: Preparation
) -> Iterator[Batch]:
    """Yield pictures in their order, some hundreds at a time, while the next ones are being read.

    Args:
        sources: (key, source) of each picture.
        labels: of each; None where it is not known.
        preparation: what they go through.
    """
    shape = (*preparation.size, preparation.channels)
    rest = iter(labels)
    for batch in join_portions(read_ahead(sources, preparation), FILES):
        told = itertools.islice(rest, len(batch))
        known = [
            label
            for one, label in zip(batch, told, strict=True)
            if isinstance(one, PreparedPicture)
        ]
        good, skipped = part_unreadable(batch)
        pictures = np.empty((len(good), *shape), np.uint8)
        for row, picture in enumerate(good):
            pictures[row] = picture.prepared.pixels
        yield Batch([picture.name for picture in good], known, pictures, skipped)
