"""What a server answers, as checked types, and the results that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from siam.engine.answers.answer import Answer, Neighbour, Result, Unreadable
from siam.engine.verification.pair import PairVerdict
from siam.errors import RunError
from siam.evaluation.verdict import Word
from siam.pictures.findings import Finding
from siam.pictures.preparation import Prepared

__all__ = [
    "EmbedReply",
    "QueryReply",
    "ResultReply",
    "RunReply",
    "RunsReply",
    "VerifyReply",
    "prepared_of",
    "result_of",
]

NO_PIXELS = np.empty((0, 0, 1), np.uint8)


class RunsReply(msgspec.Struct, frozen=True):
    """GET /runs: the run that is served."""

    run: str


class RunReply(msgspec.Struct, frozen=True):
    """GET /runs/NAME: the classes that it was trained on."""

    classes: tuple[str, ...]


class NeighbourReply(msgspec.Struct, frozen=True):
    """An indexed picture near a query."""

    id: int
    label: str | None
    distance: float
    key: str


class ResultReply(msgspec.Struct, frozen=True):
    """What is said of one picture; with an `error`, nothing but that."""

    error: str | None = None
    verdict: Word = "no match"
    label: str | None = None
    probability: float = 0.0
    reason: str = ""
    neighbours: tuple[NeighbourReply, ...] = ()
    choices: dict[str, Any] = {}
    notes: tuple[str, ...] = ()


class QueryReply(msgspec.Struct, frozen=True):
    """POST /query."""

    results: tuple[ResultReply, ...]


class EmbeddingReply(msgspec.Struct, frozen=True):
    """The embedding of one picture, or why there is none."""

    embedding: tuple[float, ...] = ()
    error: str | None = None


class EmbedReply(msgspec.Struct, frozen=True):
    """POST /embed."""

    dim: int
    results: tuple[EmbeddingReply, ...]


class VerifyReply(msgspec.Struct, frozen=True):
    """POST /verify."""

    verdict: PairVerdict
    distance: float
    probability: float
    threshold: float
    reason: str
    notes: dict[str, tuple[str, ...]]


def result_of(name: str, told: ResultReply) -> Result:
    """Return what a server says of a picture, under the name that it has here."""
    if told.error is not None:
        return Unreadable(name, told.error)
    return Answer(
        input=name,
        verdict=told.verdict,
        label=told.label,
        probability=told.probability,
        reason=told.reason,
        neighbours=tuple(
            Neighbour(near.id, near.label, near.distance, near.key, origin="")
            for near in told.neighbours
        ),
        prepared=prepared_of(told.notes, told.choices),
    )


def prepared_of(notes: Iterable[str], choices: Mapping[str, Any] | None = None) -> Prepared:
    """Return how a picture was prepared, without its pixels, which stay on the server."""
    try:
        findings = tuple(map(Finding.from_sentence, notes))
    except ValueError as reason:
        raise RunError(
            f"The server answered what this siam does not understand: {reason}.",
            "Bring both sides to the same version of siam.",
        ) from None
    return Prepared(NO_PIXELS, (), dict(choices or {}), findings)
