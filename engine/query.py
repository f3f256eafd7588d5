"""Ask a run what pictures are: prepared, embedded, searched and decided in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.arrays import read_arrays
from siam.engine.open_run import OpenRun
from siam.engine.reading import (
    NOTHING_SAID,
    PictureOptions,
    Read,
    Source,
    read_one,
    read_portion,
)
from siam.evaluation.verdict import Verdict, decide
from siam.index.matches import Matches
from siam.index.threads import one_thread
from siam.parallel import cores, parallel_map, portions
from siam.pictures.preparation import Prepared

__all__ = [
    "Answer",
    "Neighbour",
    "PictureOptions",
    "QueryOptions",
    "answer_batch",
    "query_arrays",
    "query_indexed",
    "query_pictures",
]

# Enough for the network and the search to work at full speed, small enough to stay in memory.
BATCH = 512
# Batches that each core begins before their answers are asked for.
AHEAD = 2


@dataclass(frozen=True)
class QueryOptions:
    """How neighbours are found and decided upon.

    Attributes:
        k: neighbours to return, 1 or more.
        false_accept_rate: false-accept rate to keep, instead of the most accurate threshold.
        threshold: distance to keep, 0 to 2, instead of both.
        where: filters on the index; several must all hold.
        within: return only neighbours at this distance or nearer, 0 to 2.
        neighbours: say who they are; for verdicts alone, looking them up costs as much as reading
            the pictures.
    """

    k: int = 10
    false_accept_rate: float | None = None
    threshold: float | None = None
    where: tuple[str, ...] = ()
    within: float | None = None
    neighbours: bool = True


@dataclass(frozen=True)
class Neighbour:
    """An indexed picture near the query; `distance` 0 to 2, smaller = closer."""

    id: int
    label: str
    distance: float
    key: str
    origin: str


@dataclass(frozen=True)
class Answer:
    """What a run says of one picture.

    Attributes:
        input: the path as it was given, or "-".
        verdict: "match", "unsure" or "no match"; empty where the picture could not be read. What
            would be a match is unsure where a note says that something else may be meant.
        label: the label by the neighbours' vote; empty where there is none.
        probability: calibrated probability that the label is right, 0 to 1.
        neighbours: nearest first.
        prepared: what the network saw and how it came about; None with `error`.
        error: why the picture could not be read.
    """

    input: str
    verdict: str = ""
    label: str = ""
    probability: float = 0.0
    neighbours: tuple[Neighbour, ...] = ()
    prepared: Prepared | None = field(default=None, repr=False)
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `siam query --json` documents it."""
        if self.error:
            return {"input": self.input, "error": self.error}
        return {
            "input": self.input,
            "verdict": self.verdict,
            "label": self.label or None,
            "probability": round(self.probability, 6),
            "neighbours": [
                {
                    "id": neighbour.id,
                    "label": neighbour.label,
                    "distance": round(neighbour.distance, 6),
                    "key": neighbour.key,
                    "origin": neighbour.origin,
                }
                for neighbour in self.neighbours
            ],
            "choices": self.prepared.choices if self.prepared else {},
            "notes": list(self.prepared.notes) if self.prepared else [],
        }


def query_pictures(
    run: OpenRun,
    sources: Sequence[tuple[str, Source]],
    *,
    options: QueryOptions = QueryOptions(),
    picture: PictureOptions = NOTHING_SAID,
    keep_steps: bool = True,
) -> Iterator[Answer]:
    """Answer for each picture in order; one that cannot be read has an `error` instead.

    Args:
        run: an opened run.
        sources: (name, path or bytes) of each picture.
        options: how neighbours are found and decided upon.
        picture: what the user says of the pictures.
        keep_steps: keep the pictures of every step of the preparation; with many, large ones
            that takes memory.

    Raises:
        UsageError: options that make no sense.
    """
    preparation = run.config.preparation

    def answered(portion: list[tuple[str, Source]]) -> list[Answer]:
        with one_thread():
            reads = read_portion(portion, preparation, options=picture, keep_steps=keep_steps)
            return answer_batch(run, reads, options)

    if len(sources) == 1:
        read = read_one(sources[0], preparation, options=picture, keep_steps=keep_steps)
        yield from answer_batch(run, [read], options)
        return
    # Of a few pictures, which may be large photos, every core takes its share.
    size = min(BATCH, -(-len(sources) // (AHEAD * cores())))
    for answers in parallel_map(answered, portions(sources, size), ahead=AHEAD):
        yield from answers


def query_arrays(
    run: OpenRun, path: Path, *, options: QueryOptions = QueryOptions()
) -> Iterator[Answer]:
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
            Read(f"{path}#{start + place}", Prepared(picture, (), {}, ()))
            for place, picture in enumerate(pictures[start : start + BATCH])
        ]
        yield from answer_batch(run, batch, options)


def query_indexed(
    run: OpenRun, ids: Sequence[int], *, options: QueryOptions = QueryOptions()
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
    yield from decided(run, [Read(f"id {number}") for number in ids], matches, options)


def answer_batch(run: OpenRun, batch: Sequence[Read], options: QueryOptions) -> list[Answer]:
    """Embed, search and decide for pictures that were read."""
    good = [read for read in batch if read.prepared]
    found: Iterator[Answer] = iter(())
    if good:
        k = max(options.k, run.calibration.neighbours)
        pictures = np.stack([read.prepared.pixels for read in good if read.prepared])
        matches = run.gallery.search(run.encoder.encode(pictures), k, where=options.where or None)
        found = iter(decided(run, good, matches, options))
    return [next(found) if read.prepared else Answer(read.name, error=read.error) for read in batch]


def decided(
    run: OpenRun, asked: Sequence[Read], matches: Matches, options: QueryOptions
) -> list[Answer]:
    """Decide about each picture that was asked about from what the index found for it."""
    voters = run.calibration.neighbours
    labels = run.gallery.labels_of(matches.ids)
    classes, numbers = np.unique(labels, return_inverse=True)
    numbers = np.where(matches.ids < 0, -1, numbers.reshape(labels.shape))
    verdicts = decide(
        matches.distances[:, :voters],
        numbers[:, :voters],
        run.calibration,
        false_accept_rate=options.false_accept_rate,
        threshold=options.threshold,
    )
    return [
        answer_of(read, verdict, str(classes[verdict.label]) if verdict.label >= 0 else "", near)
        for read, verdict, near in zip(
            asked, verdicts, neighbours_of(run, matches, options), strict=True
        )
    ]


def answer_of(
    read: Read, verdict: Verdict, label: str, neighbours: tuple[Neighbour, ...]
) -> Answer:
    """Put an answer together; never a sure one where the network may have seen what was not meant.

    A picture without a mark has no label, however near what the network saw lies to one.
    """
    prepared = read.prepared
    if prepared is not None and prepared.blank:
        return Answer(read.name, "no match", "", 0.0, neighbours, prepared)
    doubtful = prepared is not None and prepared.doubtful
    said = "unsure" if verdict.verdict == "match" and doubtful else verdict.verdict
    return Answer(read.name, said, label, verdict.probability, neighbours, prepared)


def neighbours_of(
    run: OpenRun, matches: Matches, options: QueryOptions
) -> Sequence[tuple[Neighbour, ...]]:
    """Return who each query's neighbours are; nobody where that is not asked for."""
    if not options.neighbours:
        return [()] * len(matches)
    shown = matches if options.within is None else matches.within(options.within)
    ids, distances = shown.ids[:, : options.k], shown.distances[:, : options.k]
    items = {item.id: item for item in run.gallery.items(np.unique(ids[ids >= 0]))}
    return [
        tuple(
            Neighbour(
                number,
                items[number].label,
                distance,
                items[number].key,
                items[number].origin,
            )
            for number, distance in zip(near, how_far, strict=True)
            if number >= 0
        )
        for near, how_far in zip(ids.tolist(), distances.tolist(), strict=True)
    ]
