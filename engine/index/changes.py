"""Which picture files an index should hold, compared with what it knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.atomic import sha256
from siam.datasets.tables import is_table, read_table
from siam.engine.labels import label_files
from siam.errors import DataError
from siam.index.files import KnownFile
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
    """

    path: Path
    label: str | None
    split: str | None = None

    @property
    def origin(self) -> str:
        """The path as the index keeps it, "/" between its parts on every system."""
        return to_text(self.path.as_posix())


@dataclass(frozen=True)
class Changes:
    """What there is to do for a list of files.

    Attributes:
        known: the indexed files by path.
        to_embed: new files and changed ones, in order.
        new_stats: of files whose content is as it was, by id.
        unchanged: how many are as they were, those with a new stat included.
    """

    known: Mapping[str, KnownFile]
    to_embed: tuple[Candidate, ...]
    new_stats: Mapping[int, str]
    unchanged: int

    def new_among(self, skipped: Sequence[Skipped]) -> int:
        """Count the new files, less those that could not be read."""
        return self._count(skipped, new=True)

    def changed_among(self, skipped: Sequence[Skipped]) -> int:
        """Count the changed files, less those that could not be read."""
        return self._count(skipped, new=False)

    def key_of(self, candidate: Candidate) -> str:
        """Return the key the item has, or its path where it is new."""
        known = self.known.get(candidate.origin)
        return known.key if known else candidate.origin

    def label_of(self, candidate: Candidate) -> str | None:
        """Return the label that was told, else the one the item has."""
        known = self.known.get(candidate.origin)
        return candidate.label or (known.label if known else None)

    def split_of(self, candidate: Candidate) -> str | None:
        """Return the split that the item has: training fixed it; else the folder's."""
        known = self.known.get(candidate.origin)
        return known.split if known and known.split else candidate.split

    def meta_of(self, candidate: Candidate, meta: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the item's values with the new ones over them."""
        known = self.known.get(candidate.origin)
        return {**_meta(known), **(meta or {})}

    def _count(self, skipped: Sequence[Skipped], *, new: bool) -> int:
        unread = {entry.path for entry in skipped}
        return sum(
            (candidate.origin not in self.known) == new and candidate.origin not in unread
            for candidate in self.to_embed
        )


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
        if item is None or not _says_the_same(item, candidate, meta):
            to_embed.append(candidate)
            continue
        stat = stat_of(candidate.path)
        if stat != item.stat:
            # An item from training has the hash of its pixels and no stat: embed it once more.
            if not item.stat or content_hash(candidate.path) != item.hash:
                to_embed.append(candidate)
                continue
            new_stats[item.id] = stat
        unchanged += 1
    return Changes(known, tuple(to_embed), new_stats, unchanged)


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


def _says_the_same(item: KnownFile, candidate: Candidate, meta: Mapping[str, Any] | None) -> bool:
    label_kept = candidate.label is None or candidate.label == item.label
    return label_kept and {**_meta(item), **(meta or {})} == _meta(item)


def _meta(item: KnownFile | None) -> dict[str, Any]:
    return dict(item.meta) if item else {}
