"""Decide about pictures from what the index holds near them: verdict, label, reason, neighbours."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

import msgspec
import numpy as np

from siam.array_types import Floats, Pictures, Vectors
from siam.engine.answers.answer import NOTHING_LIKE_IT, Answer, Neighbour, explain
from siam.engine.index.indexed_copies import find_indexed_copies
from siam.engine.open_run import OpenRun
from siam.evaluation.verdict import Verdict, cap_probability, decide
from siam.index.matches import Item, Matches
from siam.pictures.preparation import Prepared

__all__ = ["DEFAULTS", "QueryOptions", "decide_each", "without_folders"]


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
        local: name them by where they lie on this machine; False for an answer that leaves it,
            which has the last parts of their names alone.
    """

    k: int = 10
    false_accept_rate: float | None = None
    threshold: float | None = None
    where: tuple[str, ...] = ()
    within: float | None = None
    neighbours: bool = True
    thumbnails: bool = False
    local: bool = True


DEFAULTS = QueryOptions()


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
    if not options.local:
        copies = [tuple(map(without_folders, items)) for items in copies]
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
        key = nearest.key if options.local else without_folders(nearest).key
        reason = f"nearest {key} at {distance:.3f}; no label known"
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
    there = run.gallery.items_there(sorted(set(ids[ids >= 0].tolist())))
    items = {item.id: item if options.local else without_folders(item) for item in there}
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


def without_folders(item: Item) -> Item:
    """Return an item that is not told where on this machine its picture lies.

    Example:
        >>> path = "/home/ann/pets/cat/a.png"
        >>> without_folders(Item(1, path, "cat", path)).key
        'cat/a.png'
    """
    key, origin = (last_parts(name, item.label) for name in (item.key, item.origin))
    return msgspec.structs.replace(item, key=key, origin=origin)


def last_parts(name: str, label: str | None) -> str:
    """Return an absolute path's last part, after the folder that names its label; else the name.

    Example:
        >>> last_parts("mnist/train/17", "3"), last_parts("C:\\\\ann\\\\7.png", "7")
        ('mnist/train/17', '7.png')
    """
    if name[:1] not in ("/", "\\") and name[1:2] != ":":
        return name
    parts = PureWindowsPath(name).parts  # which knows both slashes
    return "/".join(parts[-2:] if label in parts[-2:-1] else parts[-1:])
