"""Labelled picture files to a data set: read in parallel, one size, every bad file reported."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.atomic import sha256
from siam.datasets.assemble import assemble, need_two_classes
from siam.datasets.dataset import Dataset, Split
from siam.datasets.layout import Entry, Fetch, PictureSet, arrange
from siam.datasets.overview import find_copies, say_what_is_left_out, say_what_is_there
from siam.datasets.preparation_choice import choose_preparation
from siam.datasets.splits import three_way
from siam.errors import DataError, MissingExtraError, PictureError
from siam.parallel import parallel_map
from siam.pictures.names import to_text
from siam.pictures.preparation import Preparation, prepare_picture
from siam.pictures.reading import Skipped, read_picture
from siam.progress import Progress, silent

__all__ = ["read_dataset"]

AHEAD = 64  # pictures that each core begins before they are asked for
SHARES = {"validation": 0.1, "test": 0.2}  # of a class, where the folders make no such split


def read_dataset(
    files: PictureSet,
    *,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    classes_from: str | None = None,
    prepare: str | None = None,
    whole: bool = True,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> Dataset:
    """Read labelled picture files and make a data set of them.

    Args:
        files: CLASS/PICTURE, or train/CLASS/PICTURE and test/CLASS/PICTURE.
        seed: fixes the splits.
        size: (height, width) of the pictures in pixels; None follows the data, see
            `choose_preparation`.
        classes_from: which folders are the class, see `siam.datasets.layout.class_depth`.
        prepare: the chain all pictures go through; None follows the data.
        whole: as for `assemble`.
        progress: told the pictures read and in all.
        notice: told what there is, what is left out, and what was decided without being asked.

    Returns:
        Pictures of that size, of one channel where every one is grey, else of three. One whose
        content is that of a picture of an earlier split is in the earlier one alone.

    Raises:
        DataError: no files, no class folders, no readable picture, or what `assemble` refuses.
    """
    source, paths = files.source, files.listing.pictures
    if not paths:
        raise DataError(
            f"{source} holds no picture: it must have one sub-folder of pictures per class.",
            "Put the pictures in it as CLASS/PICTURE.",
        )
    layout = files.layout or arrange(paths, classes_from=classes_from)
    if not layout.entries:
        raise DataError(
            f"{source} has no sub-folder per class: its {len(paths)} pictures are in none.",
            "Move each picture into a folder named after its class: CLASS/PICTURE. Or give a "
            "table of path,label: siam train labels.csv",
        )
    if whole:
        need_two_classes(to_text(source), sorted({entry.class_name for entry in layout.entries}))
    entries = _divide(layout.entries, seed)
    # The test pictures have no say in how all are prepared.
    trained = [entry for entry in entries if entry.part == "train"]
    choice = choose_preparation(trained, files.fetch, prepare=prepare, size=size)
    for line in say_what_is_there(entries, layout, choice, seed=seed):
        notice(line)
    preparation = Preparation(choice.chain, choice.size, channels=3)
    read, hashes, unreadable = _read_all(entries, files.fetch, preparation, progress)
    if not read:
        raise DataError(
            f"{source} has no picture that can be read; of {len(unreadable)} files skipped the "
            f"first is {unreadable[0].path}: {unreadable[0].reason}",
            "Check that this is the folder that you mean.",
        )
    relabelled, repeated = find_copies(hashes)
    for line in say_what_is_left_out(files.listing, layout, unreadable, relabelled, repeated):
        notice(line)
    classes = tuple(sorted({entry.class_name for entry in read}))
    group_of = {entry.class_name: entry.group for entry in read if entry.group is not None}
    for _, copy in repeated:
        del read[copy]
    return assemble(
        name=to_text(files.name),
        source=to_text(source),
        classes=classes,
        **_by_part(read, classes, to_text(files.name)),
        prepare=choice.chain,
        seed=seed,
        groups=tuple(group_of[name] for name in classes) if group_of else (),
        depth=layout.depth,
        whole=whole,
        skipped=tuple(
            Skipped(to_text(skip.path), skip.reason)
            for skip in (
                *files.listing.skipped,
                *(Skipped(path, "lies outside of the class folders") for path in layout.outside),
                *unreadable,
            )
        ),
    )


def _divide(entries: Sequence[Entry], seed: int) -> list[Entry]:
    """Return the entries with validation and test drawn from train where they are missing."""
    missing = {
        part: share
        for part, share in SHARES.items()
        if all(entry.part != part for entry in entries)
    }
    trained = [entry for entry in entries if entry.part == "train"]
    names = np.unique([entry.class_name for entry in trained], return_inverse=True)[1]
    shares = {part: missing.get(part, 0.0) for part in SHARES}
    _, *drawn = three_way(names.astype(np.int64), **shares, seed=seed)
    parts = {
        trained[place]: part
        for part, places in zip(SHARES, drawn, strict=True)
        for place in places
        if part in missing
    }
    return [dataclasses.replace(entry, part=parts.get(entry, entry.part)) for entry in entries]


def _read_all(
    entries: Sequence[Entry], fetch: Fetch, preparation: Preparation, progress: Progress
) -> tuple[dict[Entry, Pictures], dict[Entry, str], list[Skipped]]:
    """Return the prepared pictures, one channel where they are grey, the SHA-256 of their files,
    and what was skipped.
    """

    def read(entry: Entry) -> tuple[Pictures, str] | Skipped:
        try:
            source = fetch(entry.path)
            image = read_picture(source, name=entry.path, enough=preparation.enough)
            pixels = prepare_picture(image, preparation).pixels
        except (PictureError, MissingExtraError) as error:
            return Skipped(entry.path, error.problem.removeprefix(entry.path).lstrip(": "))
        grey = bool((pixels == pixels[..., :1]).all())
        pixels = pixels[..., :1].copy() if grey else pixels
        own = sha256(source) if isinstance(source, Path) else hashlib.sha256(source).hexdigest()
        return pixels, own

    pictures, hashes, unreadable = {}, {}, []
    progress("Reading pictures", 0, len(entries))
    results = parallel_map(read, entries, ahead=AHEAD)
    for done, (entry, result) in enumerate(zip(entries, results, strict=True), start=1):
        if isinstance(result, Skipped):
            unreadable.append(result)
        else:
            pictures[entry], hashes[entry] = result
        progress("Reading pictures", done, len(entries))
    return pictures, hashes, unreadable


def _by_part(
    read: Mapping[Entry, Pictures], classes: tuple[str, ...], name: str
) -> dict[str, Split]:
    channels = max(pixels.shape[2] for pixels in read.values())
    height, width = next(iter(read.values())).shape[:2]
    label_of = {class_name: label for label, class_name in enumerate(classes)}
    splits = {}
    for part in ("train", *SHARES):
        entries = [entry for entry in read if entry.part == part]
        pictures = np.empty((len(entries), height, width, channels), dtype=np.uint8)
        for position, entry in enumerate(entries):
            pictures[position] = read[entry]
        labels = np.array([label_of[entry.class_name] for entry in entries], dtype=np.int64)
        origins = tuple(f"{name}/{to_text(entry.path)}" for entry in entries)
        splits[part] = Split(pictures, labels, origins)
    return splits
