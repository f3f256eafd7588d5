"""Ask a run what pictures are: prepared, embedded, searched and decided in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from siam.datasets.picture import read_picture
from siam.datasets.prepare import Box, Preparation, Prepared, prepare_picture
from siam.engine.run import OpenRun
from siam.errors import PictureError
from siam.evaluation.verdict import decide

__all__ = ["Answer", "Neighbour", "PictureOptions", "QueryOptions", "query_pictures"]

# Enough for the network and the search to work at full speed, small enough to stay in memory.
BATCH = 512

Source = Path | bytes


@dataclass(frozen=True)
class PictureOptions:
    """What the user says of the pictures; see `siam.datasets.prepare.prepare_picture`."""

    invert: bool | None = None
    rotate: int = 0
    box: Box | None = None


@dataclass(frozen=True)
class QueryOptions:
    """How neighbours are found and decided upon.

    Attributes:
        k: neighbours to return, 1 or more.
        far: false-accept rate to keep, instead of the most accurate threshold.
        threshold: distance to keep, 0 to 2, instead of both.
        where: filters on the index; several must all hold.
        within: return only neighbours at this distance or nearer, 0 to 2.
    """

    k: int = 10
    far: float | None = None
    threshold: float | None = None
    where: tuple[str, ...] = ()
    within: float | None = None


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
        verdict: "match", "unsure" or "no match"; empty where the picture could not be read.
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
    picture: PictureOptions = PictureOptions(),
) -> Iterator[Answer]:
    """Answer for each picture in order; one that cannot be read has an `error` instead.

    Args:
        run: an opened run.
        sources: (name, path or bytes) of each picture.
        options: how neighbours are found and decided upon.
        picture: what the user says of the pictures.

    Raises:
        UsageError: options that make no sense.
    """
    preparation = run.config.preparation
    with ThreadPoolExecutor(os.cpu_count()) as readers:
        for batch in batches(sources, BATCH):
            prepared = list(
                readers.map(lambda entry: read_and_prepare(entry, preparation, picture), batch)
            )
            yield from answer_prepared(run, prepared, options)


def batches(sources: Sequence[tuple[str, Source]], size: int) -> Iterator[list[tuple[str, Source]]]:
    """Cut a sequence into lists of `size`."""
    rest = iter(sources)
    while batch := list(islice(rest, size)):
        yield batch


def read_and_prepare(
    entry: tuple[str, Source], preparation: Preparation, options: PictureOptions
) -> tuple[str, Prepared | str]:
    """Read and prepare one picture; return what went wrong in words where it cannot be done."""
    name, source = entry
    try:
        image = read_picture(source, name=name)
        return name, prepare_picture(
            image, preparation, invert=options.invert, rotate=options.rotate, box=options.box
        )
    except PictureError as error:
        return name, error.problem


def answer_prepared(
    run: OpenRun, prepared: Sequence[tuple[str, Prepared | str]], options: QueryOptions
) -> Iterator[Answer]:
    """Embed, search and decide for pictures that are prepared already."""
    readable = [entry for _, entry in prepared if not isinstance(entry, str)]
    found: Iterator[Answer] = iter(())
    if readable:
        pictures = np.stack([entry.pixels for entry in readable])
        found = decided(run, run.encoder.encode(pictures), options)
    for name, entry in prepared:
        if isinstance(entry, str):
            yield Answer(name, error=entry)
        else:
            answer = next(found)
            yield Answer(
                name,
                answer.verdict,
                answer.label,
                answer.probability,
                answer.neighbours,
                entry,
            )


def decided(run: OpenRun, embeddings: np.ndarray, options: QueryOptions) -> Iterator[Answer]:
    """Search the index for embeddings and decide about each."""
    voters = run.calibration.neighbours
    matches = run.gallery.search(embeddings, max(options.k, voters), where=options.where or None)
    labels = run.gallery.labels_of(matches.ids)
    classes, numbers = np.unique(labels, return_inverse=True)
    numbers = np.where(matches.ids < 0, -1, numbers.reshape(labels.shape))
    verdicts = decide(
        matches.distances[:, :voters],
        numbers[:, :voters],
        run.calibration,
        far=options.far,
        threshold=options.threshold,
    )
    shown = matches if options.within is None else matches.within(options.within)
    ids = shown.ids[:, : options.k]
    items = {item.id: item for item in run.gallery.items(np.unique(ids[ids >= 0]))}
    for row, verdict in enumerate(verdicts):
        neighbours = tuple(
            Neighbour(
                number,
                items[number].label,
                float(distance),
                items[number].key,
                items[number].origin,
            )
            for number, distance in zip(
                ids[row].tolist(), shown.distances[row, : options.k].tolist(), strict=True
            )
            if number >= 0
        )
        label = str(classes[verdict.label]) if verdict.label >= 0 else ""
        yield Answer("", verdict.verdict, label, verdict.probability, neighbours)
