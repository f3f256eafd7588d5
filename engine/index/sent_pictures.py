"""Index pictures that were sent, and have no file here: each is known by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siam.array_types import Vectors
from siam.engine.answers.answer import Unreadable
from siam.engine.index.item_options import check_meta_name
from siam.engine.open_run import OpenRun
from siam.engine.reading import PreparedPicture
from siam.errors import UsageError
from siam.pictures.names import to_label
from siam.pictures.thumbnail import encode_thumbnail
from siam.printable import CONTROLS, printable

__all__ = ["Sent", "add_sent", "as_label", "check_meta"]

KEY = "sent/{}"
# Letters of a label, values beside a picture, and letters of one.
MOST_LETTERS, MOST_VALUES, MOST_TEXT = 200, 50, 1000


@dataclass(frozen=True)
class Sent:
    """What adding sent pictures did.

    Attributes:
        added: pictures that are new in the index.
        updated: pictures that were there, and have this label and these values now.
        ids: of each picture in order; None for one that could not be read.
    """

    added: int
    updated: int
    ids: tuple[int | None, ...]


def add_sent(
    run: OpenRun,
    pictures: Sequence[PreparedPicture | Unreadable],
    contents: Sequence[bytes],
    vectors: Vectors,
    *,
    label: str | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Sent:
    """Index pictures that were read from these contents and embedded.

    Args:
        run: opened for writing.
        pictures: as they were read; those that could not be are passed over.
        contents: of their files, in the same order.
        vectors: float32 (n, dim), unit rows, of those that could be read.
        label: of all of them; None for none.
        meta: further values kept with each, for filters.

    Raises:
        UsageError: `label` or `meta` as `as_label` and `check_meta` say.
        StoreError: the index cannot be written.
    """
    label, meta = as_label(label), check_meta(meta or {})
    rows: dict[str, tuple[int, PreparedPicture, int]] = {}
    keys: list[str | None] = []
    row = 0
    for place, one in enumerate(pictures):
        if isinstance(one, Unreadable):
            keys.append(None)
            continue
        content = hashlib.sha256(contents[place]).hexdigest()
        keys.append(KEY.format(content))
        rows.setdefault(content, (row, one, place))  # one that is sent twice is one picture
        row += 1
    named = [KEY.format(content) for content in rows]
    known = run.gallery.ids_of(named)
    if rows:
        run.gallery.add(
            vectors[[row for row, _, _ in rows.values()]],
            keys=named,
            labels=[label] * len(rows),
            origins=[one.name for _, one, _ in rows.values()],
            hashes=list(rows),
            metas=[meta] * len(rows),
            thumbnails=[encode_thumbnail(one.prepared.pixels) for _, one, _ in rows.values()],
        )
    ids = run.gallery.ids_of(named)
    return Sent(
        added=len(rows) - len(known),
        updated=len(known),
        ids=tuple(None if key is None else ids.get(key) for key in keys),
    )


def as_label(label: str | None) -> str | None:
    """Return a label as the index keeps it.

    Raises:
        UsageError: it is empty, longer than any name, or holds a control character.

    Example:
        >>> as_label(" cat "), as_label(None)
        ('cat', None)
    """
    if label is None:
        return None
    label = to_label(label.strip())
    if not 0 < len(label) <= MOST_LETTERS:
        raise UsageError(
            f"A label has 1 to {MOST_LETTERS} letters, received {len(label)}.", "Leave it out."
        )
    if CONTROLS.search(label):
        raise UsageError(f"A label has no control characters, received {printable(label)!r}.")
    return label


def check_meta(meta: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return values that filters can ask for.

    Raises:
        UsageError: a name that no filter finds, too many values, or one of another kind.

    Example:
        >>> check_meta({"lux": 40, "camera": "left"})
        {'lux': 40, 'camera': 'left'}
    """
    if len(meta) > MOST_VALUES:
        raise UsageError(f"A picture has {MOST_VALUES} further values at most.")
    for name, value in meta.items():
        check_meta_name(name)
        if not isinstance(value, str | int | float) or len(str(value)) > MOST_TEXT:
            raise UsageError(f"The value of '{name}' is to be a short text, a number or a boolean.")
    return dict(meta)
