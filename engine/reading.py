"""Read and prepare pictures in threads, ahead of whoever embeds them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from siam.errors import MissingExtraError, PictureError, SiamError
from siam.parallel import parallel_map, portions
from siam.pictures.fast_path import fast_path_applies, prepare_fast
from siam.pictures.in_memory import check_picture, picture_from_array
from siam.pictures.preparation import Box, Preparation, Prepared, prepare_picture
from siam.pictures.reading import Skipped, read_picture
from siam.pictures.reading import Source as FileSource

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "NOTHING_SAID",
    "PictureOptions",
    "Read",
    "Source",
    "decode",
    "gathered",
    "read_ahead",
    "read_one",
    "read_portion",
]

# A file, or a picture in memory: uint8 (height, width[, channels]).
Source: TypeAlias = "FileSource | Image.Image | NDArray[Any]"
# Pictures that one task reads: enough that handing it to a thread costs nothing beside it.
CHUNK = 64
# Tasks begun for each core before their results are asked for; what bounds the memory.
AHEAD = 8


@dataclass(frozen=True)
class PictureOptions:
    """What the user says of the pictures; see `siam.pictures.preparation.prepare_picture`."""

    invert: bool | None = None
    rotate: int = 0
    box: Box | None = None


NOTHING_SAID = PictureOptions()


@dataclass(frozen=True)
class Read:
    """One picture, ready for the network, or the reason why not.

    Attributes:
        name: what it was called when it was asked for.
        prepared: the network's input; None with `error`.
        error: what is wrong with it, in a line; empty where it could be read.
    """

    name: str
    prepared: Prepared | None = None
    error: str = ""


def read_ahead(
    sources: Iterable[tuple[str, Source]],
    preparation: Preparation,
    *,
    options: PictureOptions = NOTHING_SAID,
    keep_steps: bool = False,
) -> Iterator[list[Read]]:
    """Yield pictures in their order, some dozens at a time, while the next ones are being read.

    No more than a few hundred pictures are held at once, however many there are.

    Args:
        sources: (name, source) of each picture.
        preparation: what the run's pictures go through.
        options: what the user says of the pictures.
        keep_steps: keep the pictures of every step of the preparation, for people to look at.

    Raises:
        UsageError: options that make no sense.
    """

    def read(portion: list[tuple[str, Source]]) -> list[Read]:
        return read_portion(portion, preparation, options=options, keep_steps=keep_steps)

    rest = portions(sources, CHUNK)
    first = next(rest, [])
    if len(first) == 1:
        yield [read_one(first[0], preparation, options=options, keep_steps=keep_steps)]
    elif first:
        yield from parallel_map(read, itertools.chain([first], rest), ahead=AHEAD)


def gathered(chunks: Iterable[list[Read]], size: int) -> Iterator[list[Read]]:
    """Join chunks to lists of about `size`: few pictures at a time go slowly."""
    batch: list[Read] = []
    for chunk in chunks:
        batch += chunk
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def read_portion(
    portion: Sequence[tuple[str, Source]],
    preparation: Preparation,
    *,
    options: PictureOptions = NOTHING_SAID,
    keep_steps: bool = False,
) -> list[Read]:
    """Read some of many pictures: one that needs a missing extra does not end the others.

    Args:
        portion: (name, source) of each picture.
        preparation, options, keep_steps: as for `read_ahead`.

    Raises:
        UsageError: options that make no sense.
    """
    reads: list[Read | None] = []
    # Small ones of the right form are looked at together; no other picture is held on to.
    held: dict[int, Image.Image] = {}
    for place, entry in enumerate(portion):
        try:
            image = opened(entry, preparation, options)
        except (PictureError, MissingExtraError) as error:
            reads.append(Read(entry[0], error=in_a_line(error)))
            continue
        if options == NOTHING_SAID and not keep_steps and fast_path_applies(image, preparation):
            held[place] = image
            reads.append(None)
        else:
            reads.append(prepared_read(entry[0], image, preparation, options, keep_steps))
    for (place, image), ready in zip(
        held.items(), prepare_fast(list(held.values()), preparation), strict=True
    ):
        name = portion[place][0]
        reads[place] = (
            Read(name, ready)
            if ready
            else prepared_read(name, image, preparation, options, keep_steps)
        )
    return [read for read in reads if read]


def read_one(
    entry: tuple[str, Source],
    preparation: Preparation,
    *,
    options: PictureOptions = NOTHING_SAID,
    keep_steps: bool = False,
) -> Read:
    """Read and prepare one picture; say in words what went wrong where it cannot be done.

    Raises:
        UsageError: options that make no sense.
        MissingExtraError: a kind of file that an extra reads, which is not installed.
    """
    try:
        image = opened(entry, preparation, options)
    except PictureError as error:
        return Read(entry[0], error=error.problem)
    return prepared_read(entry[0], image, preparation, options, keep_steps)


def opened(
    entry: tuple[str, Source], preparation: Preparation, options: PictureOptions
) -> Image.Image:
    """Decode a picture, as large as its preparation has use for; in full if a part is asked for."""
    name, source = entry
    return decode(source, name=name, enough=None if options.box else preparation.enough)


def decode(source: Source, *, name: str, enough: int | None) -> Image.Image:
    """Return the picture that a file, its content or the memory holds; see `read_picture`."""
    if isinstance(source, np.ndarray):
        return picture_from_array(source, name=name)
    if isinstance(source, Path | bytes | Skipped):
        return read_picture(source, name=name, enough=enough)
    return check_picture(source, name=name)


def prepared_read(
    name: str,
    image: Image.Image,
    preparation: Preparation,
    options: PictureOptions,
    keep_steps: bool,
) -> Read:
    """Prepare a decoded picture."""
    try:
        prepared = prepare_picture(
            image, preparation, invert=options.invert, rotate=options.rotate, box=options.box
        )
    except PictureError as error:
        return Read(name, error=error.problem)
    return Read(name, prepared if keep_steps else dataclasses.replace(prepared, steps=()))


def in_a_line(error: SiamError) -> str:
    """Say what is wrong; where an extra is missing, how to install it as well."""
    return (
        f"{error.problem} {error.cure}" if isinstance(error, MissingExtraError) else error.problem
    )
