"""What `siam train` says of a folder before it learns from it, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from siam.datasets.layout import Entry, Layout, split_of
from siam.datasets.preparation_choice import PreparationChoice
from siam.pictures.folder_walk import FolderListing
from siam.pictures.names import to_text
from siam.pictures.reading import Skipped

__all__ = ["find_copies", "list_names", "say_what_is_left_out", "say_what_is_there"]

NAMED, FEW = 10, 3
ORDER = {"train": 0, "validation": 1, "test": 2}
Copies = list[tuple[Entry, Entry]]  # an earlier picture, and one of the same content
MEANING = {
    "digit": "one mark of ink in MNIST's form",
    "glyph": "drawings, each framed by its ink",
    "photo": "whole pictures with their aspect",
    "none": "resized and no more",
}
# Left by programs beside the pictures that they belong to.
THUMBNAILS = frozenset(["thumb", "thumbs", "thumbnail", "thumbnails", "preview", "previews"])


def say_what_is_there(
    entries: Sequence[Entry], layout: Layout, choice: PreparationChoice, *, seed: int
) -> list[str]:
    """Return lines about the classes, the splits and the preparation.

    Args:
        entries: the files in classes, each with its split.
        layout: how they were found to lie.
        choice: how they will be prepared.
        seed: what splits were drawn by that the folders do not make.
    """
    sizes = Counter(entry.class_name for entry in entries)
    names = sorted(sizes)
    least, most = min(names, key=sizes.__getitem__), max(names, key=sizes.__getitem__)
    span = f"{sizes[least]:,} ({least}) to {sizes[most]:,} ({most})"
    span = f"{sizes[most]:,}" if sizes[least] == sizes[most] else span
    parts = Counter(entry.part for entry in entries)
    drawn = {entry.part for entry in entries} - {entry.part for entry in layout.entries}
    high, wide = choice.size
    other = "" if choice.chain == "photo" else " photo"
    how = f"; {' and '.join(sorted(drawn))} drawn by seed {seed}" if drawn else ""
    lines = [
        f"{len(names):,} classes ({list_names(names, NAMED)}), {len(entries):,} pictures: "
        f"{span} of each.",
        f"Splits: {parts['train']:,} train, {parts['validation']:,} validation, "
        f"{parts['test']:,} test{how}.",
        f"Prepared as {choice.chain} ({MEANING[choice.chain]}), {wide} x {high}: "
        f"{choice.reason}. Otherwise:  --prepare{other}, --size",
    ]
    if layout.depth > 1:
        lines.append(
            "Each innermost folder is a class. To take the outermost: --classes-from folder"
        )
    if layout.unlabelled:
        lines.append(
            f"In {list_names(layout.unlabelled, FEW)} no folder names a class: without labels, "
            "its pictures are left out."
        )
    if odd := sorted({name for name in names if _looks_odd(name)}):
        lines.append(
            f"Taken for classes, though their names are those of splits or thumbnails: "
            f"{list_names(odd, FEW)}. If they are none, move them away."
        )
    return lines


def say_what_is_left_out(
    listing: FolderListing,
    layout: Layout,
    unread: Sequence[Skipped],
    across_classes: Copies,
    across_splits: Copies,
) -> list[str]:
    """Return lines about what is not learned from and why, and about pictures that come twice.

    Args:
        listing: what the walk left out.
        layout: the files in classes and outside of any.
        unread: pictures that could not be read.
        across_classes: see `find_copies`, as for `across_splits`.
        across_splits: of the same content in two splits.
    """
    bad = {skip.path for skip in unread}
    broken = sorted(
        {entry.class_name for entry in layout.entries}
        - {entry.class_name for entry in layout.entries if entry.path not in bad}
    )
    counts = [
        _count(listing.empty, "folder without a picture", "folders without a picture"),
        _count(broken, "class without a whole picture", "classes without a whole picture"),
        _count([skip.path for skip in unread], "unreadable picture", "unreadable pictures"),
        _count([s.path for s in listing.skipped], "closed place", "closed places"),
        _count(layout.outside, "picture in no class", "pictures in no class"),
        f"{listing.others:,} other files" if listing.others else "",
        f"{listing.hidden:,} hidden or system files" if listing.hidden else "",
    ]
    lines = []
    if any(counts):
        lines.append(f"Left out: {', '.join(filter(None, counts))}.")
    for pairs, where, then in (
        (across_classes, "in two classes", "one label of each is wrong"),
        (
            across_splits,
            "in two splits",
            "left out of the later one, where it would test nothing",
        ),
    ):
        if pairs:
            first, copy = (to_text(entry.path) for entry in pairs[0])
            are = "pictures are" if len(pairs) > 1 else "picture is"
            lines.append(f"{len(pairs):,} {are} there twice, {where} ({copy} is {first}): {then}.")
    return lines


def find_copies(hashes: Mapping[Entry, str]) -> tuple[Copies, Copies]:
    """Return pictures whose content is that of an earlier one, train before validation before test.

    Args:
        hashes: SHA-256 of each file's content.

    Returns:
        Those that are labelled otherwise than the earlier one, and those in another split.

    Example:
        >>> first, second = Entry("a/1", "train", "a", None), Entry("a/2", "test", "a", None)
        >>> [copy.path for _, copy in find_copies({first: "e3b0", second: "e3b0"})[1]]
        ['a/2']
    """
    seen: dict[str, Entry] = {}
    pairs = [
        (seen.setdefault(hashes[entry], entry), entry)
        for entry in sorted(hashes, key=lambda entry: ORDER[entry.part])
    ]
    return (
        [(first, copy) for first, copy in pairs if first.class_name != copy.class_name],
        [(first, copy) for first, copy in pairs if first.part != copy.part],
    )


def list_names(names: Collection[str], most: int) -> str:
    """Return names as a list that ends in how many more there are.

    Example:
        >>> list_names(["a", "b", "c"], 2)
        'a, b and 1 more'
    """
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _count(names: Iterable[str], one: str, several: str) -> str:
    listed = [to_text(name) for name in names]
    if not listed:
        return ""
    return f"{len(listed):,} {one if len(listed) == 1 else several} ({list_names(listed, FEW)})"


def _looks_odd(name: str) -> bool:
    return any(split_of(part) or part.lower() in THUMBNAILS for part in name.split("/"))
