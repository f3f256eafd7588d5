"""Pictures that are asked about and are in the index themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siam.array_types import Pictures
from siam.index.matches import Item, Matches
from siam.index.reader import Reader
from siam.pictures.thumbnail import decode_thumbnail, encode_thumbnail

__all__ = ["find_indexed_copies"]

# Rounding alone may lie between two embeddings of one picture, in batches of other sizes.
AT_MOST = 0.01


def find_indexed_copies(
    index: Reader, pictures: Sequence[Pictures | None], matches: Matches
) -> list[tuple[Item, ...]]:
    """Return for each picture the indexed ones of the same content, as the network sees it.

    Args:
        index: an open one.
        pictures: uint8 (height, width, channels) of each query; None where it is not known.
        matches: what was found near them.
    """
    near = matches.distances <= AT_MOST
    if not near.any():
        return [()] * len(pictures)
    ids = sorted(set(matches.ids[near].tolist()))
    items = {item.id: item for item in index.items_there(ids)}  # another may remove some meanwhile
    shown = {
        number: decode_thumbnail(png)
        for number, png in zip(ids, index.thumbnails(ids), strict=True)
        if png
    }

    def copies(picture: Pictures | None, numbers: list[int]) -> tuple[Item, ...]:
        there = [number for number in numbers if number in shown and number in items]
        if picture is None or not there:
            return ()
        own = decode_thumbnail(encode_thumbnail(picture))
        return tuple(items[number] for number in there if np.array_equal(own, shown[number]))

    return [
        copies(picture, row[close].tolist())
        for picture, row, close in zip(pictures, matches.ids, near, strict=True)
    ]
