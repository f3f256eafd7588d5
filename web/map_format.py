"""A map as the API sends it: a header in JSON, then arrays that a browser takes as they are."""

from __future__ import annotations

import msgspec
import numpy as np

from siam.array_types import Labels
from siam.engine.projection.gallery_map import GalleryMap

__all__ = ["encode_map"]

# The arrays' numbers begin at multiples of their size, as JavaScript's views of them must.
ALIGNED = 8
LARGEST = 65_535


def encode_map(known: GalleryMap, labels: Labels) -> bytes:
    """Return a map's bytes, all numbers little-endian.

    uint32: the header's length; the header, padded with blanks; float64 ids (n,), whole numbers;
    int32 (n,) places in the header's labels, -1 for none; uint16 (n, 2) x and y, 65535 = 1.

    Args:
        known: the map.
        labels: (n,), of its items.

    Example:
        >>> known = GalleryMap(
        ...     "e1", np.array([7]), np.array([0]), np.ones((1, 2), np.float32), np.array([True]), 1
        ... )
        >>> content = encode_map(known, np.array(["cat"], object))
        >>> content[4:].split(b" ")[0]
        b'{"schema":1,"count":1,"labels":[{"label":"cat","count":1}]}'
        >>> np.frombuffer(content[-4:], "<u2").tolist()
        [65535, 65535]
    """
    texts = np.array([label or "" for label in labels.tolist()], object)
    names, numbers, counts = np.unique(texts, return_inverse=True, return_counts=True)
    numbers = numbers.astype("<i4")
    if len(names) and names[0] == "":
        names, counts, numbers = names[1:], counts[1:], numbers - 1
    header = {
        "schema": 1,
        "count": len(known.ids),
        "labels": [
            {"label": name, "count": count}
            for name, count in zip(names.tolist(), counts.tolist(), strict=True)
        ],
    }
    told = msgspec.json.encode(header)
    told += b" " * (-(4 + len(told)) % ALIGNED)
    places = np.rint(known.places * LARGEST).astype("<u2")
    arrays = (known.ids.astype("<f8"), numbers.astype("<i4"), places)
    return b"".join([len(told).to_bytes(4, "little"), told, *(array.tobytes() for array in arrays)])
