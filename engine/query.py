"""Ask a run what pictures are: prepared, embedded, searched and decided in batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from siam.array_types import Floats, Pictures, Vectors
from siam.datasets.arrays import read_arrays
from siam.engine.answers.answer import (
    NOTHING_LIKE_IT,
    Answer,
    Neighbour,
    Result,
    Unreadable,
    explain,
)
from siam.engine.index.indexed_copies import find_indexed_copies
from siam.engine.open_run import OpenRun
from siam.engine.reading import (
    NO_OPTIONS,
    PictureOptions,
    PreparedPicture,
    Source,
    read_one,
    read_portion,
)
from siam.evaluation.verdict import Verdict, cap_probability, decide
from siam.faiss_library import one_thread
from siam.index.matches import Item, Matches
from siam.parallel import cores, parallel_map, portions
from siam.pictures.preparation import Prepared

__all__ = [
    "PictureOptions",
    "QueryOptions",
    "answer_batch",
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
        thumbnails: show them too.
    """

    k: int = 10
    false_accept_rate: float | None = None
    threshold: float | None = None
    where: tuple[str, ...] = ()
    within: float | None = None
    neighbours: bool = True
    thumbnails: bool = False


def query_pictures(
    run: OpenRun,
    sources: Sequence[tuple[str, Source]],
    *,
    options: QueryOptions = QueryOptions(),
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


def query_arrays(
    run: OpenRun, path: Path, *, options: QueryOptions = QueryOptions()
) -> Iterator[Result]:
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
    named = [(f"id {number}", None, None) for number in ids]
    yield from decide_each(run, named, matches, options)


def answer_batch(
    run: OpenRun, batch: Sequence[PreparedPicture | Unreadable], options: QueryOptions
) -> list[Result]:
    """Embed, search and decide for pictures; what could not be read stays as it is."""
    seen = [one for one in batch if isinstance(one, PreparedPicture)]
    answers: Iterator[Answer] = iter(())
    if seen:
        k = max(options.k, run.calibration.neighbours)
        vectors = run.encoder.encode(np.stack([one.prepared.pixels for one in seen]))
        matches = run.gallery.search(vectors, k, where=options.where or None)
        named = [(one.name, one.prepared, own) for one, own in zip(seen, vectors, strict=True)]
        answers = iter(decide_each(run, named, matches, options))
    return [next(answers) if isinstance(one, PreparedPicture) else one for one in batch]


def decide_each(
    run: OpenRun,
    pictures: Sequence[tuple[str, Prepared | None, Vectors | None]],
    matches: Matches,
    options: QueryOptions,
) -> list[Answer]:
    """Decide about each (name, preparation, embedding) from what the index holds near it."""
    voters = run.calibration.neighbours
    labels = run.gallery.labels_of(matches.ids)
    votes = np.array([label or "" for label in labels.ravel().tolist()], dtype=object)
    classes, numbers = np.unique(votes, return_inverse=True)
    # A picture without a label has no vote.
    has_vote = (votes != "").reshape(labels.shape)[:, :voters]
    pixels = [None if prepared is None else prepared.pixels for _, prepared, _ in pictures]
    copies = find_indexed_copies(run.gallery, pixels, matches)
    verdicts = decide(
        np.where(has_vote, matches.distances[:, :voters], np.inf),
        np.where(has_vote, numbers.reshape(labels.shape)[:, :voters], -1),
        run.calibration,
        unlikeness=measure_unlikeness(run, pixels, copies),
        false_accept_rate=options.false_accept_rate,
        threshold=options.threshold,
    )
    names = [
        (str(classes[verdict.label]) or None) if verdict.label >= 0 else None
        for verdict in verdicts
    ]
    near = neighbours_of(run, matches, options)
    answers = list(map(answer_of, pictures, verdicts, names, copies, near))
    blank = np.array([prepared is not None and prepared.blank for _, prepared, _ in pictures])
    for place in np.flatnonzero(~has_vote.any(axis=1) & (matches.counts > 0) & ~blank):
        # Near what nobody has named: that is no answer, and it is worth knowing.
        nearest, distance = (
            run.gallery.items(matches.ids[place, :1])[0],
            matches.distances[place, 0],
        )
        reason = f"nearest {nearest.key} at {distance:.3f}; no label known"
        answers[place] = dataclasses.replace(answers[place], reason=reason)
    return answers


def measure_unlikeness(
    run: OpenRun, pixels: Sequence[Pictures | None], copies: Sequence[Sequence[Item]]
) -> Floats | None:
    """Return how far pictures are from the run's kind; what is in the index itself is of it.

    None where the run does not ask: its embeddings alone keep other pictures out.
    """
    if run.calibration.appearance is None:
        return None
    from siam.pictures.appearance import describe_pictures

    unlike = np.zeros(len(pixels))
    for place, (picture, indexed) in enumerate(zip(pixels, copies, strict=True)):
        if picture is not None and not indexed:
            described = describe_pictures(picture[None])
            unlike[place] = run.calibration.appearance.unlikeness(described)[0]
    return unlike


def answer_of(
    picture: tuple[str, Prepared | None, Vectors | None],
    verdict: Verdict,
    label: str | None,
    copies: Sequence[Item],
    neighbours: tuple[Neighbour, ...],
) -> Answer:
    """Put an answer together; never a sure one where the network may have seen what was not meant.

    A picture without a mark has no label, however near what the network saw lies to one; one that
    is in the index itself has the label that it has there.
    """
    name, prepared, embedding = picture
    probability, word, reason = verdict.probability, verdict.verdict, explain(verdict, label)
    there = f"it is in the index, as {copies[0].key}" if copies else ""
    own = list(dict.fromkeys(item.label for item in copies if item.label))
    if len(own) > 1:
        word, reason = "unsure", f"it is in the index with {len(own)} labels: {', '.join(own)}"
    elif own == [label]:
        if verdict.finding == "unfamiliar":  # to all others; it has been labelled all the same
            word, reason = "unsure", reason.removeprefix(NOTHING_LIKE_IT)
        reason = f"{there}; {reason}"
    elif own:
        reason = f"it is in the index, labelled {own[0]}; its neighbours say {label}"
        label, probability, word = own[0], 1 - probability, "unsure"
    if prepared is not None and prepared.blank:
        label, probability, word, reason = None, 0.0, "no match", "the picture is blank"
    elif prepared is not None and prepared.doubtful and word == "match":
        doubts = [finding.sentence for finding in prepared.findings if finding.doubtful]
        word, reason = "unsure", "; ".join([*doubts, there] if there else doubts)
    probability = cap_probability(probability, word)
    return Answer(name, word, label, probability, reason, neighbours, prepared, embedding)


def neighbours_of(
    run: OpenRun, matches: Matches, options: QueryOptions
) -> Sequence[tuple[Neighbour, ...]]:
    """Return who each query's neighbours are; nobody where that is not asked for."""
    if not options.neighbours:
        return [()] * len(matches)
    shown = matches if options.within is None else matches.within(options.within)
    ids, distances = shown.ids[:, : options.k], shown.distances[:, : options.k]
    # One that was removed since the search, by another process, is nobody's neighbour any more.
    items = {item.id: item for item in run.gallery.items_there(sorted(set(ids[ids >= 0].tolist())))}
    known = np.array(sorted(items), np.int64)
    pictures: dict[int, bytes | None] = {}
    if options.thumbnails:
        pictures = dict(zip(known.tolist(), run.gallery.thumbnails(known.tolist()), strict=True))

    def neighbour(number: int, distance: float) -> Neighbour:
        item = items[number]
        return Neighbour(number, item.label, distance, item.key, item.origin, pictures.get(number))

    return [
        tuple(
            neighbour(number, distance)
            for number, distance in zip(near, how_far, strict=True)
            if number in items
        )
        for near, how_far in zip(ids.tolist(), distances.tolist(), strict=True)
    ]
