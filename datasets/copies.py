"""Pictures of the same content: in two classes, or in training and in what judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siam.datasets.layout import Entry

__all__ = ["Copies", "find_copies"]

ORDER = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True)
class Copies:
    """Pictures whose content is that of an earlier one, train before validation before test.

    Attributes:
        across_classes: (earlier, copy) of each that is labelled otherwise.
        across_splits: (earlier, copy) of each that is in another split.
    """

    across_classes: tuple[tuple[Entry, Entry], ...]
    across_splits: tuple[tuple[Entry, Entry], ...]


def find_copies(hashes: Mapping[Entry, str]) -> Copies:
    """Compare files by their content.

    Args:
        hashes: SHA-256 of each file's content.

    Example:
        >>> first, second = Entry("a/1", "train", "a", None), Entry("a/2", "test", "a", None)
        >>> [copy.path for _, copy in find_copies({first: "e3b0", second: "e3b0"}).across_splits]
        ['a/2']
    """
    seen: dict[str, Entry] = {}
    classes, splits = [], []
    for entry in sorted(hashes, key=lambda entry: ORDER[entry.part]):
        first = seen.setdefault(hashes[entry], entry)
        if first.class_name != entry.class_name:
            classes.append((first, entry))
        if first.part != entry.part:
            splits.append((first, entry))
    return Copies(tuple(classes), tuple(splits))
