"""Ask a run what pictures are: prepared, embedded, searched and decided in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from siam.array_types import Vectors
from siam.datasets.arrays import read_arrays
from siam.engine.answers.answer import Answer, Result, Unreadable
from siam.engine.answers.decision import DEFAULTS, QueryOptions, decide_each
from siam.engine.open_run import OpenRun
from siam.engine.reading import (
    NO_OPTIONS,
    PictureOptions,
    PreparedPicture,
    Source,
    read_one,
    read_portion,
)
from siam.faiss_library import one_thread
from siam.parallel import cores, parallel_map, portions
from siam.pictures.preparation import Prepared

__all__ = [
    "PictureOptions",
    "QueryOptions",
    "answer_batch",
    "answer_embedded",
    "encode_batch",
    "query_arrays",
    "query_indexed",
    "query_pictures",
]

# Enough for the network and the search to work at full speed, small enough to stay in memory.
BATCH = 512
# The steps of a picture's preparation are megabytes; they are kept of a few at most.
STEPS_UP_TO = 20
# Batches that each core begins before their answers are asked for.
AHEAD = 2


def query_pictures(
    run: OpenRun,
    sources: Sequence[tuple[str, Source]],
    *,
    options: QueryOptions = DEFAULTS,
    picture: PictureOptions = NO_OPTIONS,
) -> Iterator[Result]:
    """Answer for each picture in order; one that cannot be read is an `Unreadable`.

    Of a few pictures every step of the preparation is kept.

    Args:
        run: an opened run.
        sources: (name, path or bytes) of each picture.
        options: how neighbours are found and decided upon.
        picture: what the user says of the pictures.

    Raises:
        UsageError: options that make no sense.
    """
    preparation = run.config.preparation
    picture = msgspec.structs.replace(picture, keep_steps=len(sources) <= STEPS_UP_TO)

    def answer_portion(portion: list[tuple[str, Source]]) -> list[Result]:
        with one_thread():
            return answer_batch(run, read_portion(portion, preparation, picture), options)

    if len(sources) == 1:
        yield from answer_batch(run, [read_one(sources[0], preparation, picture)], options)
        return
    # Of a few pictures, which may be large photos, every core takes its share.
    size = min(BATCH, -(-len(sources) // (AHEAD * cores())))
    for answers in parallel_map(answer_portion, portions(sources, size), ahead=AHEAD):
        yield from answers


def query_arrays(run: OpenRun, path: Path, *, options: QueryOptions = DEFAULTS) -> Iterator[Result]:
    """Answer for the pictures of an .npz file, which are taken to be prepared already.

    Args:
        run: an opened run.
        path: holds `x`, uint8 (n, height, width[, channels]) as the network takes it.
        options: how neighbours are found and decided upon.

    Raises:
        DataError: the file holds no such pictures.
    """
    pictures, _ = read_arrays(path)
    for start in range(0, len(pictures), BATCH):
        batch = [
            PreparedPicture(f"{path}#{start + place}", Prepared(picture, (), {}, ()))
            for place, picture in enumerate(pictures[start : start + BATCH])
        ]
        yield from answer_batch(run, batch, options)


def query_indexed(
    run: OpenRun, ids: Sequence[int], *, options: QueryOptions = DEFAULTS
) -> Iterator[Answer]:
    """Answer for pictures that are indexed already; none is its own neighbour.

    Args:
        run: an opened run.
        ids: of items in its index.
        options: how neighbours are found and decided upon.

    Raises:
        UsageError: an id that the index does not hold.
    """
    k = max(options.k, run.calibration.neighbours)
    matches = run.gallery.search_like(ids, k, where=options.where or None)
    named = [(f"id {number}", None, None) for number in ids]
    yield from decide_each(run, named, matches, options)


def answer_batch(
    run: OpenRun, batch: Sequence[PreparedPicture | Unreadable], options: QueryOptions
) -> list[Result]:
    """Embed, search and decide for pictures; what could not be read stays as it is."""
    return answer_embedded(run, batch, encode_batch(run, batch), options)


def encode_batch(run: OpenRun, batch: Sequence[PreparedPicture | Unreadable]) -> Vectors:
    """Embed those pictures that could be read: float32 (n, dim), unit rows, in their order."""
    pixels = [one.prepared.pixels for one in batch if isinstance(one, PreparedPicture)]
    return run.encoder.encode(np.stack(pixels)) if pixels else np.empty((0, 0), np.float32)


def answer_embedded(
    run: OpenRun,
    batch: Sequence[PreparedPicture | Unreadable],
    vectors: Vectors,
    options: QueryOptions,
) -> list[Result]:
    """Search and decide for pictures whose embeddings are there, as `encode_batch` gives them."""
    seen = [one for one in batch if isinstance(one, PreparedPicture)]
    answers: Iterator[Answer] = iter(())
    if seen:
        k = max(options.k, run.calibration.neighbours)
        matches = run.gallery.search(vectors, k, where=options.where or None)
        named = [(one.name, one.prepared, own) for one, own in zip(seen, vectors, strict=True)]
        answers = iter(decide_each(run, named, matches, options))
    return [next(answers) if isinstance(one, PreparedPicture) else one for one in batch]
