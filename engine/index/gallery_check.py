"""Whether test pictures may be judged by an index as it is now, and what must be said beforehand.

An index lives on after training: pictures are added, removed, synced. Test pictures that came in
would find themselves, and a class that went out would not be asked for. Neither may make a figure
look better than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from siam.array_types import Booleans, Integers, Pictures
from siam.engine.index.digest import digest
from siam.errors import StoreError
from siam.index.files import hashes_of
from siam.index.gallery import Gallery
from siam.pictures.thumbnail import LONGEST_SIDE, decode_thumbnail, encode_thumbnail
from siam.run_files import METRICS_FILE
from siam.untrusted import read_json

__all__ = ["are_copies", "gallery_warnings"]

MOST_BYTES = 1 << 26  # of metrics.json, which has a few lines for each class
NAMED = 5


def are_copies(gallery: Gallery, ids: Integers, test: Pictures) -> Booleans:
    """Return which items hold the content of a test picture, as the network sees it: bool (n,).

    Args:
        gallery: the index.
        ids: int64 (n,), of its items.
        test: uint8 (m, height, width, channels).
    """
    contents = {digest(picture) for picture in test}
    kept = hashes_of(gallery, ids.tolist())
    hashes = [kept.get(number, ("", 0)) for number in ids.tolist()]
    copies = [content in contents for content, _ in hashes]
    # Of a picture that was indexed since training, the hash is of its file.
    filed = [row for row, (_, of_file) in enumerate(hashes) if of_file]
    if filed:
        if max(test.shape[1:3]) > LONGEST_SIDE:
            contents = {digest(decode_thumbnail(encode_thumbnail(picture))) for picture in test}
        for row, png in zip(filed, gallery.thumbnails(ids[filed]), strict=True):
            copies[row] = png is not None and digest(decode_thumbnail(png)) in contents
    return np.array(copies, bool)


class Retrieved(msgspec.Struct):
    """What the test pictures were searched in when the run was trained."""

    gallery: str = ""


class Metrics(msgspec.Struct):
    """What is asked of `metrics.json`."""

    retrieval: Retrieved = msgspec.field(default_factory=Retrieved)


def gallery_warnings(
    run: Path, labels: Integers, indexed: Integers, *, copies: int, classes: Sequence[str]
) -> tuple[str, ...]:
    """Return what must be said before any figure of the test pictures, in sentences.

    Args:
        run: the run's folder.
        labels: int64 (n,), classes of the test pictures.
        indexed: int64 (m,), classes of the indexed pictures that the run was trained on.
        copies: indexed pictures left out, because they have the content of test pictures.
        classes: names.

    Raises:
        StoreError: what is left of the index is nothing that test pictures can be searched in.
    """
    missing = ~np.isin(labels, indexed)
    if not len(indexed) or (missing.mean() > 0.5 and trained_gallery(run) == "train"):
        raise StoreError(
            f"The index of {run} holds {len(indexed):,} of the pictures that were trained on, "
            f"and none of the class of {int(missing.sum()):,} of {len(labels):,} test pictures.",
            "Bring them back with `siam index sync FOLDER`, or from a copy of the run.",
        )
    sentences = []
    if copies:
        sentences.append(
            f"{copies:,} indexed pictures have the very content of test pictures; they are left "
            "out here."
        )
    if missing.any() and missing.mean() <= 0.5:
        names = [classes[label] for label in np.unique(labels[missing])]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        sentences.append(
            f"Not judged: {', '.join(names[:NAMED])}{more} ({int(missing.sum()):,} test pictures), "
            "of which the index holds no picture."
        )
    return tuple(sentences)


def trained_gallery(run: Path) -> str:
    """Return what the test pictures were searched in at the end of training; "" before that."""
    try:
        return read_json(run / METRICS_FILE, Metrics, most=MOST_BYTES).retrieval.gallery
    except (FileNotFoundError, ValueError):
        return ""
