"""What the user writes about items: which to remove, and values to keep with new ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from siam.errors import UsageError
from siam.index.filters import FIELDS
from siam.pictures.names import to_text

if TYPE_CHECKING:
    from siam.index.gallery import Gallery

__all__ = ["check_meta_name", "items_to_remove", "parse_meta"]


def items_to_remove(
    gallery: Gallery, items: Sequence[str], *, label: str | None, where: Sequence[str]
) -> list[int]:
    """Return the ids that `items` (ids or keys) name, and those that pass label and filters.

    Raises:
        UsageError: nothing is named, an id, key or label is not in the index, or a filter cannot
            be read.
    """
    if not items and label is None and not where:
        raise UsageError(
            "Nothing says what to remove.", "Name ids or keys, or give --label or --where."
        )
    ids: list[int] = []
    names = [to_text(name) for name in items]  # as the index keeps them
    keys = gallery.ids_of(names)
    for name in names:
        if name not in keys and not (name.isdecimal() and len(name) < 20):
            raise UsageError(f"The index holds no item with the key '{name}'.")
        ids.append(keys[name] if name in keys else int(name))
    gallery.items(ids)  # tells of an id that is not there
    if label is not None or where:
        quoted = [] if label is None else [f"label='{label.replace(chr(39), chr(39) * 2)}'"]
        if quoted and not len(gallery.select(quoted)):
            raise UsageError(
                f"The index holds no item with the label '{label}'.", "See:  siam index info"
            )
        ids += gallery.select([*quoted, *where]).tolist()
    return sorted(set(ids))


def parse_meta(pairs: Sequence[str]) -> dict[str, str | int | float]:
    """Read "name=value" pairs; a value that spells a number becomes one.

    Raises:
        UsageError: no "=", a name that a filter could not write, or one that means a column.

    Example:
        >>> parse_meta(["camera=left", "lux=40", "batch=007"])
        {'camera': 'left', 'lux': 40, 'batch': '007'}
    """
    meta: dict[str, str | int | float] = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark:
            raise UsageError(
                f"--meta takes name=value, received '{pair}'.", "Such as:  --meta lux=40"
            )
        check_meta_name(name)
        meta[name] = _number_or_text(value)
    return meta


def check_meta_name(name: str) -> None:
    """Refuse a name for a value that no filter would find.

    Raises:
        UsageError: a filter could not write it, or it means a column.

    Example:
        >>> check_meta_name("shutter-speed")
    """
    if not name.replace(".", "_").replace("-", "_").isidentifier():
        raise UsageError(
            f"A value kept with a picture has a name of letters and digits, received '{name}'.",
            "Such as:  --meta lux=40",
        )
    if name in FIELDS:
        raise UsageError(
            f"Every item has its own {name}, so no filter would find a further value of that name.",
            "Call the value something else; a label is given by --label.",
        )


def _number_or_text(value: str) -> str | int | float:
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        # "007" and "nan" stay as they were written.
        if str(number) == value and math.isfinite(number):
            return number
    return value
