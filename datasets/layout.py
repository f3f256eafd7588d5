"""What a tree of picture files means: which folder is the class, the group, the split."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from siam.errors import UsageError
from siam.pictures.folder_walk import FolderListing
from siam.pictures.names import to_label

__all__ = ["Entry", "Fetch", "Layout", "PictureSet", "arrange", "class_depth", "split_of"]

PARTS = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
# What a folder of a split is called that holds pictures of any class.
NO_CLASS = frozenset(["images", "imgs", "pictures", "unknown", "unlabeled", "unlabelled"])
Folders = tuple[str, ...]  # above a file, outermost first
# From a path below the root to what `read_picture` takes; PictureError where it cannot.
Fetch = Callable[[str], Path | bytes]


@dataclass(frozen=True)
class Entry:
    """One file: its path below the root, its split ("train" if untold), its class and its group."""

    path: str
    part: str
    class_name: str
    group: str | None


@dataclass(frozen=True)
class Layout:
    """What a tree of picture files was found to be.

    Attributes:
        entries: the files in class folders.
        outside: those in none.
        depth: how many folders name a class.
        unlabelled: folders at the place of a split that hold pictures and no class folders.
    """

    entries: tuple[Entry, ...]
    outside: tuple[str, ...]
    depth: int
    unlabelled: tuple[str, ...] = ()

    def by_path(self) -> dict[str, Entry]:
        """Return the entry of each file in a class folder; any other file has no label."""
        return {entry.path: entry for entry in self.entries}


@dataclass(frozen=True)
class PictureSet:
    """Labelled picture files, not read yet.

    Attributes:
        name: of the data set.
        source: where it is, for people.
        listing: the pictures, relative to the root with "/" between the parts, and what was left
            out.
        fetch: gives the file or its content; called from several threads.
        layout: what a table says of the pictures; None where their folders say it.
    """

    name: str
    source: str
    listing: FolderListing
    fetch: Fetch
    layout: Layout | None = None


def arrange(paths: Sequence[str], *, classes_from: str | None = None) -> Layout:
    """Tell classes, groups and splits from file paths alone, the same for every command.

    A folder that only wraps all the others is looked through. Folders such as `train`, `test` and
    `validation` (`seg_train`, `Testing`) at the top are splits, if all that hold class folders
    are; one that holds a single folder is looked through. Where every picture lies equally deep,
    the innermost folder is its class and the outermost its group (Omniglot's character and
    alphabet); otherwise the outermost folder is its class.

    Args:
        paths: of pictures, relative to the root, with "/" between the parts.
        classes_from: see `class_depth`; None goes by the depth of the files. Of files that a run
            is asked about, the run's own `RunConfig.data.classes_from`.

    Example:
        >>> layout = arrange(["set/Greek/alpha/1.png", "set/Latin/b/1.png"])
        >>> [(entry.class_name, entry.group) for entry in layout.entries]
        [('Greek/alpha', 'Greek'), ('Latin/b', 'Latin')]
    """
    fixed = None if classes_from is None else class_depth(classes_from)
    folders = {path: PurePosixPath(path).parts[:-1] for path in paths}
    top = _wrappers(list(folders.values()), least=fixed or 1)
    inner = {path: below[top:] for path, below in folders.items()}
    parts, unlabelled = _splits(set(inner.values()), least=fixed or 1)
    starts = {name: 1 + (count > 0) for name, (_, count) in parts.items()}
    depths = {
        len(below) - starts.get(below[0] if below else "", 0)
        for below in inner.values()
        if not below or below[0] not in unlabelled
    }
    depth = fixed or (max(depths.pop(), 1) if len(depths) == 1 else 1)

    entries, outside = [], []
    for path, below in inner.items():
        first = below[0] if below else ""
        start = starts.get(first, 0)
        chosen = tuple(map(to_label, below[start : start + depth]))
        if len(chosen) < depth or first in unlabelled:
            outside.append(path)
            continue
        group = chosen[0] if depth > 1 else None
        entries.append(Entry(path, parts.get(first, ("train", 0))[0], "/".join(chosen), group))
    return Layout(tuple(entries), tuple(outside), depth, tuple(sorted(unlabelled)))


def split_of(folder: str) -> str | None:
    """Return the split that a folder's name means, None where it means none.

    Example:
        >>> split_of("seg_train"), split_of("Validation"), split_of("contest")
        ('train', 'validation', None)
    """
    meant = {PARTS[word] for word in re.split(r"[^a-z]+", folder.lower()) if word in PARTS}
    return meant.pop() if len(meant) == 1 else None


def class_depth(classes_from: str) -> int:
    """Return how many folders name the class.

    Args:
        classes_from: "folder" (the outermost alone), names with "/" between them such as
            "alphabet/character" (as many folders as names), or the number itself.

    Raises:
        UsageError: anything else.

    Example:
        >>> class_depth("folder"), class_depth("alphabet/character"), class_depth("3")
        (1, 2, 3)
    """
    depth = int(classes_from) if classes_from.isdecimal() else classes_from.count("/") + 1
    if depth < 1 or not all(name.strip() for name in classes_from.split("/")):
        raise UsageError(
            f"--classes-from must name folders, outermost first, received {classes_from!r}.",
            "Such as: folder, alphabet/character, or their number: 2.",
        )
    return depth


def _splits(
    folders: set[Folders], *, least: int
) -> tuple[dict[str, tuple[str, int]], frozenset[str]]:
    """Tell which outermost folders are splits, and which of those have no class folders.

    Returns:
        For each split its name and how many folders inside are looked through, 0 or 1; nothing
        where the outermost folders are classes. Then the folders without classes.
    """
    inside: dict[str, set[str]] = {}
    for below in folders:
        if below:
            inside.setdefault(below[0], set()).update(below[1:2])
    deep = {below[0] for below in folders if len(below) > 2}

    def alone(name: str) -> bool:  # what is in it is in no other one
        return not any(inside[name] & inside[other] for other in inside.keys() - {name})

    # Pictures without class folders beside splits have no labels; beside classes they are one.
    bare = {
        name
        for name in inside.keys() - deep
        if inside[name] <= {name, *NO_CLASS} and alone(name) and split_of(name) != "train"
    }
    parts = {name: split_of(name) for name in inside.keys() - bare}
    trained = any(part == "train" and inside[name] for name, part in parts.items())
    if not trained or not all(parts.values()) or len(inside) < 2:
        return {}, frozenset()
    wraps = {
        name
        for name in parts
        if len(inside[name]) == 1
        and all(len(below) > 1 + least for below in folders if below[:1] == (name,))
    }
    if wraps != parts.keys():
        wraps = {name for name in wraps if alone(name)}
    return {name: (str(part), int(name in wraps)) for name, part in parts.items()}, frozenset(bare)


def _wrappers(folders: Sequence[Folders], *, least: int) -> int:
    """Return how many outermost folders are common to all and leave `least` below them."""
    top = 0
    while (
        all(len(below) > top + least for below in folders)
        and len({below[top] for below in folders}) == 1
    ):
        top += 1
    return top if folders else 0
