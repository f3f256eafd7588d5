"""Which pictures are paired: those of two folders, or those that a table names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path, PurePosixPath

from siam.datasets.tables import text_rows
from siam.engine.reading import Source
from siam.errors import DataError, UsageError
from siam.pictures.folder_walk import walk_folder
from siam.pictures.names import to_text

__all__ = ["Pairs", "folder_pairs", "table_pairs"]

MOST_PAIRS = 1_000_000
LEFT = ("left", "a", "first", "path1", "file1", "image1", "img1", "path_a", "file_a")
RIGHT = ("right", "b", "second", "path2", "file2", "image2", "img2", "path_b", "file_b")
TRUTH = ("same", "label", "match", "is_same", "target")
WORDS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "same"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "different"), False),
}
CURE = "Give it the columns left,right and perhaps same (1 = one class, 0 = different)."


@dataclass(frozen=True)
class Pairs:
    """What is to be compared.

    Attributes:
        pictures: (name, source) of each picture, once.
        left, right: of each pair, places in `pictures`.
        same: of each pair, whether both are of one class; None where that is not known.
    """

    pictures: Sequence[tuple[str, Source]]
    left: Sequence[int]
    right: Sequence[int]
    same: Sequence[bool | None]


def folder_pairs(left: Path, right: Path, *, by_name: bool = False) -> Pairs:
    """Return the pairs of two folders' pictures.

    Args:
        left, right: the folders; of one and the same, each picture is paired with each other.
        by_name: pair what has one name in both, its ending aside; else each with each.

    Raises:
        DataError: no folder, no picture in one, or no name that is in both.
        UsageError: more than a million pairs.
    """
    folders = [left] if left.resolve() == right.resolve() else [left, right]
    listings = [walk_folder(folder) for folder in folders]
    pictures: list[tuple[str, Source]] = []
    places: list[dict[str, int]] = []  # by a picture's path in its folder
    for folder, listing in zip(folders, listings, strict=True):
        places.append({})
        for path in listing.pictures:
            places[-1][path] = len(pictures)
            pictures.append((to_text(str(folder / path)), folder / path))
    if by_name and len(folders) == 2:
        named, other = (
            {str(PurePosixPath(path).with_suffix("")): at for path, at in found.items()}
            for found in places
        )
        chosen = [(at, other[name]) for name, at in named.items() if name in other]
        if not chosen:
            raise DataError(
                f"No picture has the same name in {left} and {right}.", "Leave --by name out."
            )
    else:
        count = len(places[0]) * len(places[-1])
        if count > MOST_PAIRS:
            raise UsageError(
                f"{left} and {right} make {count:,} pairs, {MOST_PAIRS:,} at most.",
                "Pair them by name:  --by name   or by a table of left,right.",
            )
        first, second = list(places[0].values()), list(places[-1].values())
        chosen = list(product(first, second) if len(folders) == 2 else combinations(first, 2))
    if not chosen:
        raise DataError(f"{left} holds one picture alone.", "Name another folder beside it.")
    lefts, rights = zip(*chosen, strict=True)
    return Pairs(pictures, lefts, rights, [None] * len(chosen))


def table_pairs(table: Path) -> Pairs:
    """Read a table of left, right and perhaps same; paths count from the table's folder.

    Raises:
        DataError: it cannot be read, or has no such columns.
    """
    rows = text_rows(table)
    names = [name.strip().lower() for name in next(rows, [])]
    columns = [
        next((names.index(word) for word in words if word in names), len(names))
        for words in (LEFT, RIGHT, TRUTH)
    ]
    if len(names) in columns[:2]:
        raise DataError(f"{table} does not say which of its columns are left and right.", CURE)
    places: dict[str, int] = {}
    left: list[int] = []
    right: list[int] = []
    same: list[bool | None] = []
    for number, row in enumerate(rows, start=2):
        one, other, truth = (row[at].strip() if at < len(row) else "" for at in columns)
        known = WORDS.get(truth.lower())
        if not one or not other or "\0" in one + other or (truth and known is None):
            raise DataError(f"Line {number} of {table} is no pair: {','.join(row)[:200]}.", CURE)
        for ends, path in ((left, one), (right, other)):
            ends.append(places.setdefault(path.replace("\\", "/"), len(places)))
        same.append(known)
    if not left:
        raise DataError(f"{table} names no pair.", CURE)
    return Pairs([(to_text(path), table.parent / path) for path in places], left, right, same)
