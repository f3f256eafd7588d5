"""Which picture files an index should hold, compared with what it knows of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siam.atomic import sha256
from siam.datasets.tables import is_table, read_table
from siam.engine.labels import label_files
from siam.errors import DataError
from siam.index.contents import KnownFile
from siam.pictures.folder_walk import is_hidden, walk_folder
from siam.pictures.names import path_of, to_text
from siam.pictures.reading import Skipped
from siam.runs.config import RunConfig

__all__ = [
    "Candidate",
    "Changes",
    "compare",
    "content_hash",
    "list_candidates",
    "may_be_there",
    "stat_of",
]


@dataclass(frozen=True)
class Candidate:
    """A picture file that the index should hold.

    Attributes:
        path: absolute.
        label: its class name, or None where nothing says it.
        split: "validation" or "test" where its folder says so, else None.
        key: that the item has in the index; "" where it is new.
        meta: further values, for filters.
    """

    path: Path
    label: str | None
    split: str | None = None
    key: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The path as the index keeps it, "/" between its parts on every system."""
        return to_text(self.path.as_posix())


@dataclass(frozen=True)
class Changes:
    """What there is to do for a list of files.

    Attributes:
        to_embed: new files and changed ones, in order, with all that the index should say of them.
        new_stats: of files whose content is as it was, by id.
        unchanged: how many are as they were, those with a new stat included.
    """

    to_embed: tuple[Candidate, ...]
    new_stats: Mapping[int, str]
    unchanged: int

    def count(self, skipped: Sequence[Skipped]) -> tuple[int, int]:
        """Count the new and the changed files, less those that could not be read."""
        unread = {entry.path for entry in skipped}
        keys = [file.key for file in self.to_embed if file.origin not in unread]
        return keys.count(""), len(keys) - keys.count("")


def list_candidates(
    path: Path, label: str | None, *, config: RunConfig, may_be_empty: bool = False
) -> tuple[list[Candidate], list[Skipped]]:
    """Return the picture files that `path` means, each with its label, and what was skipped.

    Args:
        path: a picture, a folder, or a table of path, label and perhaps split.
        label: of all of them; None to label each as `config`'s training would, or the table does.
        config: of the run whose index it is.
        may_be_empty: False to raise where a folder holds no picture.

    Raises:
        DataError: nothing is there, no plain file, or a folder without pictures.
    """
    if path.is_dir():
        listing, root = walk_folder(path, may_be_empty=may_be_empty), path.resolve()
        names, places = listing.pictures, listing.skipped
        entries = label_files(root, names, config)
    else:
        if not path.exists():
            raise DataError(f"There is no picture, folder or .npz file {path}.")
        if not path.is_file():
            raise DataError(f"{path} is not a plain file.", "Save the picture to one.")
        file, places = path.resolve(), ()
        root, names = file.parent, (file.name,)
        entries = label_files(root, names, config)
        if is_table(path):
            entries = {entry.path: entry for entry in read_table(path)}
            odd = [
                name for name in entries if (root / name).exists() and not (root / name).is_file()
            ]
            places = tuple(Skipped(name, "is not a plain file") for name in odd)
            names = tuple(name for name in entries if name not in odd)
    files = []
    for name in names:
        entry = entries.get(name)
        class_name = (entry.class_name or None) if entry else None
        split = entry.part if entry and entry.part != "train" else None
        files.append(Candidate(root / name, label or class_name, split))
    unseen = [
        Skipped(to_text(str(root / skip.path)), to_text(f"{path / skip.path} {skip.reason}."))
        for skip in places
    ]
    return files, unseen


def may_be_there(origin: Path, root: Path, unseen: set[str]) -> bool:
    """Return whether a picture that a walk of `root` did not find may be there all the same.

    It lies at a place, or below one, that could not be looked at; or it was indexed by its own
    name although a walk leaves such names out.
    """
    if any(str(place) in unseen for place in (origin, *origin.parents)):
        return True
    inside = origin.relative_to(root).parts
    return any(map(is_hidden, inside)) and path_of(str(origin)).exists()


def compare(
    files: Sequence[Candidate],
    known: Mapping[str, KnownFile],
    *,
    meta: Mapping[str, Any] | None = None,
) -> Changes:
    """Tell which files are new or changed, reading only those whose stat differs.

    Args:
        files: what the index should hold; a file named twice counts once.
        known: what it holds, by absolute path.
        meta: values that each file should have.
    """
    to_embed = []
    new_stats = {}
    unchanged = 0
    for candidate in {file.origin: file for file in files}.values():
        item = known.get(candidate.origin)
        wanted = _complete(candidate, item, meta or {})
        if item is None or (wanted.label, wanted.meta) != (item.label, dict(item.meta)):
            to_embed.append(wanted)
            continue
        stat = stat_of(candidate.path)
        if stat != item.stat:
            # An item from training has the hash of its pixels and no stat: embed it once more.
            if not item.stat or content_hash(candidate.path) != item.hash:
                to_embed.append(wanted)
                continue
            new_stats[item.id] = stat
        unchanged += 1
    return Changes(tuple(to_embed), new_stats, unchanged)


def stat_of(path: Path) -> str:
    """Return what changes whenever a file does: size, both times in nanoseconds, inode.

    The time of the last status change is among them, because `touch` can set back the other.
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_ino}"


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal, "" where it cannot be read."""
    try:
        return sha256(path)
    except OSError:
        return ""


def _complete(candidate: Candidate, item: KnownFile | None, meta: Mapping[str, Any]) -> Candidate:
    """Return a file with what the index says of it where nothing else is told."""
    if item is None:
        return dataclasses.replace(candidate, meta=dict(meta))
    return dataclasses.replace(
        candidate,
        key=item.key,
        label=candidate.label or item.label,
        split=item.split or candidate.split,  # training fixed it
        meta={**item.meta, **meta},
    )
