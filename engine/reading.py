"""Read and prepare pictures in threads, ahead of whoever embeds them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from siam.engine.answers.answer import Unreadable
from siam.errors import MissingExtraError, PictureError
from siam.parallel import parallel_map
from siam.pictures.fast_path import fast_path_applies, prepare_fast
from siam.pictures.in_memory import check_picture, picture_from_array
from siam.pictures.preparation import Box, Preparation, Prepared, prepare_picture
from siam.pictures.reading import Skipped, read_picture
from siam.pictures.reading import Source as FileSource

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "NO_OPTIONS",
    "PictureOptions",
    "PreparedPicture",
    "Source",
    "cut_portions",
    "decode",
    "join_portions",
    "part_unreadable",
    "read_ahead",
    "read_one",
    "read_portion",
]

# A file, or a picture in memory: uint8 (height, width[, channels]).
Source: TypeAlias = "FileSource | Image.Image | NDArray[Any]"
# Pictures that one task reads: enough that handing it to a thread costs nothing beside it.
CHUNK = 64
# Bytes of pictures in memory that end a task: they are held until it is done.
HELD = 1 << 20
# Tasks begun for each core before their results are asked for; what bounds the memory.
AHEAD = 8


class PictureOptions(msgspec.Struct, frozen=True):
    """What the user says of the pictures; see `siam.pictures.preparation.prepare_picture`.

    With `keep_steps`, the pictures of every step of it are kept, for people to look at.
    """

    invert: bool | None = None
    rotate: int = 0
    box: Box | None = None
    keep_steps: bool = False


NO_OPTIONS = PictureOptions()


class PreparedPicture(msgspec.Struct, frozen=True):
    """One picture that could be read; in place of one that could not stands an `Unreadable`.

    Attributes:
        name: what it was called when it was asked for.
        prepared: the network's input, and how it came about.
    """

    name: str
    prepared: Prepared


def read_ahead(
    sources: Iterable[tuple[str, Source]], preparation: Preparation
) -> Iterator[list[PreparedPicture | Unreadable]]:
    """Yield pictures in their order, some dozens at a time, while the next ones are being read.

    No more than a few hundred pictures are held at once, however many there are, and no more than
    a few MB of their files for each core where these are in memory.

    Args:
        sources: (name, source) of each picture.
        preparation: what the run's pictures go through.
    """
    read = partial(read_portion, preparation=preparation)
    rest = cut_portions(sources)
    begun = list(itertools.islice(rest, 2))
    if [len(portion) for portion in begun] == [1]:
        yield [read_one(begun[0][0], preparation)]
    elif begun:
        yield from parallel_map(read, itertools.chain(begun, rest), ahead=AHEAD)


def cut_portions(
    sources: Iterable[tuple[str, Source]],
) -> Iterator[list[tuple[str, Source]]]:
    """Yield sources in lists of what one task reads: few where they are large and in memory."""
    portion: list[tuple[str, Source]] = []
    held = 0
    for entry in sources:
        portion.append(entry)
        held += len(entry[1]) if isinstance(entry[1], bytes) else 0
        if len(portion) == CHUNK or held >= HELD:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


def join_portions(
    chunks: Iterable[list[PreparedPicture | Unreadable]], size: int
) -> Iterator[list[PreparedPicture | Unreadable]]:
    """Join chunks to lists of about `size`: few pictures at a time go slowly."""
    batch: list[PreparedPicture | Unreadable] = []
    for chunk in chunks:
        batch += chunk
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def part_unreadable(
    batch: Sequence[PreparedPicture | Unreadable],
) -> tuple[list[PreparedPicture], list[Skipped]]:
    """Return the pictures that were read, and what is to be said of the others."""
    good = [one for one in batch if isinstance(one, PreparedPicture)]
    return good, [Skipped(one.input, one.error) for one in batch if isinstance(one, Unreadable)]


def read_portion(
    portion: Sequence[tuple[str, Source]],
    preparation: Preparation,
    options: PictureOptions = NO_OPTIONS,
) -> list[PreparedPicture | Unreadable]:
    """Read some of many pictures: one that needs a missing extra does not end the others.

    Args:
        portion: (name, source) of each picture.
        preparation: what the run's pictures go through.
        options: what the user says of the pictures.

    Raises:
        UsageError: options that make no sense.
    """
    pictures: list[PreparedPicture | Unreadable | None] = []
    # Small ones of the right form are looked at together; no other picture is held on to.
    held: dict[int, Image.Image] = {}
    for place, entry in enumerate(portion):
        try:
            image = _decode_entry(entry, preparation, options)
        except (PictureError, MissingExtraError) as error:
            # Where an extra is missing, how to install it is told as well.
            told = str(error) if isinstance(error, MissingExtraError) else error.problem
            pictures.append(Unreadable(entry[0], told.replace("\n", " ")))
            continue
        if options == NO_OPTIONS and fast_path_applies(image, preparation):
            held[place] = image
            pictures.append(None)
        else:
            pictures.append(_prepare_entry(entry[0], image, preparation, options))
    for (place, image), ready in zip(
        held.items(), prepare_fast(list(held.values()), preparation), strict=True
    ):
        name = portion[place][0]
        pictures[place] = (
            PreparedPicture(name, ready)
            if ready
            else _prepare_entry(name, image, preparation, options)
        )
    return [picture for picture in pictures if picture]


def read_one(
    entry: tuple[str, Source],
    preparation: Preparation,
    options: PictureOptions = NO_OPTIONS,
) -> PreparedPicture | Unreadable:
    """Read and prepare one picture; say in words what went wrong where it cannot be done.

    Raises:
        UsageError: options that make no sense.
        MissingExtraError: a kind of file that an extra reads, which is not installed.
    """
    try:
        image = _decode_entry(entry, preparation, options)
    except PictureError as error:
        return Unreadable(entry[0], error.problem)
    return _prepare_entry(entry[0], image, preparation, options)


def _decode_entry(
    entry: tuple[str, Source], preparation: Preparation, options: PictureOptions
) -> Image.Image:
    """Decode a picture, or the part that is asked for, as large as its preparation has use for."""
    name, source = entry
    return decode(source, preparation, options, name=name)


def decode(
    source: Source, preparation: Preparation, options: PictureOptions, *, name: str, enough: int = 0
) -> Image.Image:
    """Return the picture that a file, its content or the memory holds; see `read_picture`.

    Args:
        source: the picture.
        preparation: says how large it has use for a picture.
        options: say which part is asked for.
        name: what error lines call it.
        enough: pixels on the shorter side that are wanted of it even so.
    """
    if isinstance(source, np.ndarray):
        return picture_from_array(source, name=name)
    if isinstance(source, Path | bytes | Skipped):
        part = preparation.part(options.box, options.rotate) if options.box else None
        enough = max(enough, preparation.enough)
        return read_picture(source, name=name, enough=enough, part=part)
    return check_picture(source, name=name)


def _prepare_entry(
    name: str, image: Image.Image, preparation: Preparation, options: PictureOptions
) -> PreparedPicture | Unreadable:
    """Prepare a decoded picture."""
    try:
        prepared = prepare_picture(
            image, preparation, invert=options.invert, rotate=options.rotate, box=options.box
        )
    except PictureError as error:
        return Unreadable(name, error.problem)
    kept = prepared if options.keep_steps else dataclasses.replace(prepared, steps=())
    return PreparedPicture(name, kept)
