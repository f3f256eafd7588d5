"""Labelled picture files to a data set: read in parallel, one size, every bad file reported."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures
from siam.datasets.assemble import assemble
from siam.datasets.dataset import Dataset, Split
from siam.datasets.layout import Entry, arrange
from siam.errors import DataError, MissingExtraError, PictureError
from siam.parallel import parallel_map
from siam.pictures.conversion import convert_to_grey_or_rgb, reduce_to
from siam.pictures.digit_chain import WORK
from siam.pictures.glyph_chain import is_drawing
from siam.pictures.grey import convert_to_ink_grey
from siam.pictures.preparation import MIN_SIDE, Preparation, prepare_picture
from siam.pictures.reading import Skipped, original_size, read_picture
from siam.progress import Progress, silent

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Fetch", "PictureSet", "fitting_chain", "fitting_size", "read_dataset"]

# From a path below the root to what `read_picture` takes; PictureError where it cannot.
Fetch = Callable[[str], Path | bytes]

LARGEST, STEP = 64, 4  # of a side that was not asked for
PROBES = 64
DRAWN = 0.9  # share of the probes
AHEAD = 64  # pictures that each core begins before they are asked for


@dataclass(frozen=True)
class PictureSet:
    """Labelled picture files, not read yet.

    Attributes:
        name: of the data set.
        source: where it is, for people.
        paths: of all pictures, relative to the root, with "/" between the parts.
        fetch: gives the file or its content; called from several threads.
        skipped: what was passed over already.
    """

    name: str
    source: str
    paths: Sequence[str]
    fetch: Fetch
    skipped: Sequence[Skipped] = ()


def read_dataset(
    files: PictureSet,
    *,
    seed: int = 0,
    size: int | None = None,
    classes_from: str | None = None,
    prepare: str | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] | None = None,
) -> Dataset:
    """Read labelled picture files and make a data set of them.

    Args:
        files: CLASS/PICTURE, or train/CLASS/PICTURE and test/CLASS/PICTURE.
        seed: fixes the splits.
        size: side of the pictures in pixels; None follows the data, see `fitting_size`.
        classes_from: which folders are the class, see `siam.datasets.layout.class_depth`.
        prepare: the chain all pictures go through; None follows the data, see `fitting_chain`.
        progress: told the pictures read and in all.
        notice: told of what was decided without being asked.

    Returns:
        Pictures of size x size x 1 where every one is grey, else x 3.

    Raises:
        DataError: no files, no class folders, no readable picture, or what `assemble` refuses.
    """
    source = files.source
    if not files.paths:
        raise DataError(
            f"{source} holds no picture: it must have one sub-folder of pictures per class.",
            "Put the pictures in it as CLASS/PICTURE.",
        )
    layout = arrange(files.paths, classes_from=classes_from)
    if not layout.entries:
        raise DataError(
            f"{source} has no sub-folder per class: its {len(files.paths)} pictures are in none.",
            "Move each picture into a folder named after its class: CLASS/PICTURE.",
        )
    if layout.depth > 1 and classes_from is None and notice is not None:
        notice("Each innermost folder is a class. To take the outermost: --classes-from folder.")
    chain = prepare or fitting_chain(layout.entries, files.fetch)
    if chain == "glyph" and prepare is None and notice is not None:
        notice(
            "These are drawings on an even ground, so each is framed by its ink. Where their size "
            "or place tells classes apart: --prepare photo."
        )
    side = size or fitting_size(layout.entries, files.fetch)
    read, unreadable = _read_all(
        layout.entries, files.fetch, Preparation(chain, (side, side), channels=3), progress
    )
    if not read:
        raise DataError(
            f"{source} has no picture that can be read; of {len(unreadable)} files skipped the "
            f"first is {unreadable[0].path}: {unreadable[0].reason}",
            "Check that this is the folder that you mean.",
        )
    classes = tuple(sorted({entry.class_name for entry in read}))
    group_of = {entry.class_name: entry.group for entry in read if entry.group is not None}
    splits = _by_part(read, classes, files.name)
    return assemble(
        name=files.name,
        source=source,
        classes=classes,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        prepare=chain,
        seed=seed,
        groups=tuple(group_of[name] for name in classes) if group_of else (),
        skipped=(
            *files.skipped,
            *(Skipped(path, "lies outside of the class folders") for path in layout.outside),
            *unreadable,
        ),
    )


def fitting_size(entries: Sequence[Entry], fetch: Fetch) -> int:
    """Return the side that suits the pictures: their median longer side, 16 to 64, in fours.

    Args:
        entries: of which up to 64, evenly spread, are looked at.
        fetch: as in `PictureSet`.
    """
    sides = [max(original_size(image)) for image in _probes(entries, fetch, MIN_SIDE)]
    median = float(np.median(sides)) if sides else LARGEST
    return int(np.clip(STEP * round(median / STEP), MIN_SIDE, LARGEST))


def fitting_chain(entries: Sequence[Entry], fetch: Fetch) -> str:
    """Return the chain that suits the pictures: "glyph" for drawings in lines, else "photo".

    Args:
        entries: of which up to 64, evenly spread, are looked at; nine in ten have to be drawings.
        fetch: as in `PictureSet`.
    """
    # One picture at a time: a large PNG is decoded in full.
    drawn = [
        is_drawing(convert_to_ink_grey(reduce_to(convert_to_grey_or_rgb(image), WORK)))
        for image in _probes(entries, fetch, WORK)
    ]
    return "glyph" if drawn and sum(drawn) >= DRAWN * len(drawn) else "photo"


def _probes(entries: Sequence[Entry], fetch: Fetch, enough: int) -> Iterator[Image.Image]:
    """Yield up to 64 of the pictures, evenly spread; what cannot be read is passed over."""
    for entry in entries[:: max(1, len(entries) // PROBES)]:
        with contextlib.suppress(PictureError, MissingExtraError):
            yield read_picture(fetch(entry.path), name=entry.path, enough=enough)


def _read_all(
    entries: Sequence[Entry], fetch: Fetch, preparation: Preparation, progress: Progress
) -> tuple[dict[Entry, Pictures], list[Skipped]]:
    """Return the prepared pictures, one channel where they are grey, and what was skipped."""

    def read(entry: Entry) -> Pictures | Skipped:
        try:
            image = read_picture(fetch(entry.path), name=entry.path, enough=preparation.enough)
            pixels = prepare_picture(image, preparation).pixels
        except (PictureError, MissingExtraError) as error:
            return Skipped(entry.path, error.problem.removeprefix(entry.path).lstrip(": "))
        grey = bool((pixels == pixels[..., :1]).all())
        return pixels[..., :1].copy() if grey else pixels

    pictures, unreadable = {}, []
    progress("Reading pictures", 0, len(entries))
    results = parallel_map(read, entries, ahead=AHEAD)
    for done, (entry, result) in enumerate(zip(entries, results, strict=True), start=1):
        if isinstance(result, Skipped):
            unreadable.append(result)
        else:
            pictures[entry] = result
        progress("Reading pictures", done, len(entries))
    return pictures, unreadable


def _by_part(read: dict[Entry, Pictures], classes: tuple[str, ...], name: str) -> dict[str, Split]:
    channels = max(pixels.shape[2] for pixels in read.values())
    label_of = {class_name: label for label, class_name in enumerate(classes)}
    splits = {}
    for part in ("train", *sorted({entry.part for entry in read} - {"train"})):
        entries = [entry for entry in read if entry.part == part]
        side = next(iter(read.values())).shape[0]
        pictures = np.empty((len(entries), side, side, channels), dtype=np.uint8)
        for position, entry in enumerate(entries):
            pictures[position] = read[entry]
        labels = np.array([label_of[entry.class_name] for entry in entries], dtype=np.int64)
        splits[part] = Split(pictures, labels, tuple(f"{name}/{e.path}" for e in entries))
    return splits
