"""What a tree of picture files means: which folder is the class, the group, the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from siam.errors import UsageError

__all__ = ["Entry", "Layout", "arrange", "class_depth"]

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Entry:
    """One file: its path below the root, its split ("train" if untold), its class and its group."""

    path: str
    part: str
    class_name: str
    group: str | None


@dataclass(frozen=True)
class Layout:
    """The files in class folders, those outside of any, and how deep the class folders lie."""

    entries: tuple[Entry, ...]
    outside: tuple[str, ...]
    depth: int

    def by_path(self) -> dict[str, Entry]:
        """Return the entry of each file in a class folder; any other file has no label."""
        return {entry.path: entry for entry in self.entries}


def arrange(paths: Sequence[str], *, classes_from: str | None = None) -> Layout:
    """Tell classes, groups and splits from file paths alone, the same for every command.

    A folder that only wraps all the others is looked through. Folders `train`, `test` (and
    `validation`) at the top are splits. Where every picture lies equally deep, the innermost
    folder is its class and the outermost its group (Omniglot's character and alphabet);
    otherwise the outermost folder is its class.

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
    above = list(folders.values())
    top = _wrappers(above, least=fixed or 1)
    tops = {below[top].lower() for below in above if len(below) > top}
    split = len(tops) > 1 and tops <= PARTS.keys() and "train" in {PARTS[name] for name in tops}
    start = top + split
    depths = {len(below) - start for below in above}
    depth = fixed or (max(depths.pop(), 1) if len(depths) == 1 else 1)

    entries, outside = [], []
    for path, below in folders.items():
        chosen = below[start : start + depth]
        if len(chosen) < depth:
            outside.append(path)
            continue
        part = PARTS.get(below[top].lower(), "train") if split else "train"
        group = chosen[0] if depth > 1 else None
        entries.append(Entry(path, part, "/".join(chosen), group))
    return Layout(tuple(entries), tuple(outside), depth)


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


def _wrappers(folders: Sequence[tuple[str, ...]], *, least: int) -> int:
    """Return how many outermost folders are common to all and leave `least` below them."""
    top = 0
    while (
        all(len(below) > top + least for below in folders)
        and len({below[top] for below in folders}) == 1
    ):
        top += 1
    return top if folders else 0
