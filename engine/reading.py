"""Read and prepare pictures in threads, ahead of whoever embeds them."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from siam.datasets.picture import read_picture
from siam.datasets.prepare import Box, Preparation, Prepared, prepare_picture
from siam.errors import MissingExtraError, PictureError

__all__ = ["NOTHING_SAID", "PictureOptions", "Read", "Source", "gathered", "read_ahead"]

Source = Path | bytes
# Pictures that one task reads: enough that handing it to a thread costs nothing beside it.
CHUNK = 64
# Tasks begun for each core before their results are asked for; what bounds the memory.
AHEAD = 8


@dataclass(frozen=True)
class PictureOptions:
    """What the user says of the pictures; see `siam.datasets.prepare.prepare_picture`."""

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
        sources: (name, path or content) of each picture.
        preparation: what the run's pictures go through.
        options: what the user says of the pictures.
        keep_steps: keep the pictures of every step of the preparation, for people to look at.

    Raises:
        UsageError: options that make no sense.
    """
    rest = iter(sources)

    def read(chunk: list[tuple[str, Source]]) -> list[Read]:
        return [read_among_many(entry, preparation, options, keep_steps) for entry in chunk]

    first = list(itertools.islice(rest, CHUNK))
    if len(first) == 1:
        yield [read_one(first[0], preparation, options, keep_steps)]
        return
    workers = len(os.sched_getaffinity(0))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="reading")
    try:
        begun: deque[Future[list[Read]]] = deque()
        chunk = first
        while chunk or begun:
            while chunk and len(begun) < AHEAD * workers:
                begun.append(pool.submit(read, chunk))
                chunk = list(itertools.islice(rest, CHUNK))
            yield begun.popleft().result()
    finally:
        # After Ctrl-C, what has not begun is not waited for.
        pool.shutdown(cancel_futures=True)


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


def read_one(
    entry: tuple[str, Source], preparation: Preparation, options: PictureOptions, keep_steps: bool
) -> Read:
    """Read and prepare one picture; say in words what went wrong where it cannot be done."""
    name, source = entry
    # Ink is looked for at full size; a photo is shrunk in any case, partly by its decoder.
    enough = None if preparation.chain == "digit" else 2 * max(preparation.size)
    try:
        image = read_picture(source, name=name, enough=enough)
        prepared = prepare_picture(
            image, preparation, invert=options.invert, rotate=options.rotate, box=options.box
        )
    except PictureError as error:
        return Read(name, error=error.problem)
    return Read(name, prepared if keep_steps else dataclasses.replace(prepared, steps=()))


def read_among_many(
    entry: tuple[str, Source], preparation: Preparation, options: PictureOptions, keep_steps: bool
) -> Read:
    """Read one of many pictures: one that needs a missing extra does not end the others."""
    try:
        return read_one(entry, preparation, options, keep_steps)
    except MissingExtraError as error:
        return Read(entry[0], error=f"{error.problem} {error.cure}")
