"""What a run says of one picture: an answer with its reason, or why it could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from siam.array_types import Vectors
from siam.engine.answers.display import block, figure
from siam.evaluation.verdict import SURE, Verdict, Word
from siam.pictures.preparation import Prepared
from siam.pictures.thumbnail import encode_thumbnail
from siam.printable import printable

__all__ = ["NOTHING_LIKE_IT", "Answer", "Neighbour", "Result", "Unreadable", "explain"]

# Neighbours in an answer's lines.
SHOWN = 5
NOTHING_LIKE_IT = "like nothing indexed: "


@dataclass(frozen=True)
class Neighbour:
    """An indexed picture near the query.

    Attributes:
        id: its stable number in the index.
        label: its class name; None where it has none.
        distance: 0 to 2, smaller = closer.
        key: its unique name in the index.
        origin: where it came from.
        thumbnail: it as a PNG of at most 64 pixels a side; None where it was not asked for.
    """

    id: int
    label: str | None
    distance: float
    key: str
    origin: str
    thumbnail: bytes | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, the thumbnail left out."""
        return {
            "id": self.id,
            "label": self.label,
            "distance": round(self.distance, 6),
            "key": self.key,
            "origin": self.origin,
        }


@dataclass(frozen=True, repr=False)
class Answer:
    """What a run says of one picture.

    Attributes:
        input: what the picture was called when it was asked about.
        verdict: "match", "unsure" or "no match". What would be a match is unsure where the picture
            may show something else than was meant.
        label: the label by the neighbours' vote; None where there is none.
        probability: calibrated probability that the label is right, 0 to 1.
        reason: what decided it, in a short sentence.
        neighbours: nearest first.
        prepared: what the network saw and how it came about; None for an indexed picture.
        embedding: float32 (dim,), unit length; None for an indexed picture.
    """

    input: str
    verdict: Word
    label: str | None
    probability: float
    reason: str
    neighbours: tuple[Neighbour, ...] = ()
    prepared: Prepared | None = field(default=None, repr=False, compare=False)
    embedding: Vectors | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `siam query --json` documents it."""
        return {
            "input": self.input,
            "verdict": self.verdict,
            "label": self.label,
            "probability": round(self.probability, 6),
            "reason": self.reason,
            "neighbours": [neighbour.to_dict() for neighbour in self.neighbours],
            "choices": self.prepared.choices if self.prepared else {},
            "notes": list(self.prepared.notes) if self.prepared else [],
        }

    @property
    def line(self) -> str:
        """The label, the verdict and the probability in a line."""
        label = printable(self.label) if self.label else "(no label)"
        return f"{label}  {self.verdict}, probability {self.probability:.1%}"

    def __repr__(self) -> str:
        return f"<Answer: {self.line} ({printable(self.input)})>"

    def __str__(self) -> str:
        lines = [self.line, printable(self.reason)]
        if self.prepared:
            lines += [f"note: {note}" for note in self.prepared.notes]
        lines += [
            f"{printable(near.label or '-'):<12} {near.distance:.3f}  {printable(near.key)}"
            for near in self.neighbours[:SHOWN]
        ]
        if len(self.neighbours) > SHOWN:
            lines.append(f"... and {len(self.neighbours) - SHOWN} more neighbours")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What the network saw, then its neighbours, nearest first."""
        figures = []
        if self.prepared and self.prepared.pixels.size:
            figures.append(figure(encode_thumbnail(self.prepared.pixels), self.input))
        figures += [
            figure(near.thumbnail, f"{near.label or '-'} at {near.distance:.3f}", near.key)
            for near in self.neighbours
        ]
        return block(self.line, self.reason, figures)


@dataclass(frozen=True)
class Unreadable:
    """A picture that could not be read, among others that could.

    Attributes:
        input: what the picture was called when it was asked about.
        error: why it could not be read, in a line.
    """

    input: str
    error: str

    def to_dict(self) -> dict[str, Any]:
        """Return the error as `siam query --json` documents it."""
        return {"input": self.input, "error": self.error}


Result = Answer | Unreadable


def explain(verdict: Verdict, label: str | None) -> str:
    """Say in a short sentence what decided about a picture.

    Args:
        verdict: as `siam.evaluation.verdict.decide` gives it.
        label: the class name that the neighbours voted for; None where they have none.

    Example:
        >>> explain(Verdict("match", 3, 0.99, "near", 0.072, 0.985), "3")
        'nearest 3 at 0.072, decided at 0.985'
    """
    name = label or "(no label)"
    measured, limit = tell_apart(verdict.distance, verdict.limit)
    match verdict.finding:
        case "near":
            return f"nearest {name} at {measured}, decided at {limit}"
        case "far":
            return f"the nearest, {name} at {measured}, lies farther than {limit}"
        case "divided":
            share = f"{verdict.probability:.1%}"
            return f"{name} by the neighbours' vote is right with {share}, a match takes {SURE:.0%}"
        case "loose":
            return f"the nearest lie at {measured} on average, pictures of a class within {limit}"
        case "unlike":
            return (
                f"another kind of picture than it was trained on: {measured} from those, which lie "
                f"within {limit}"
            )
        case "unfamiliar":
            return f"{NOTHING_LIKE_IT}the nearest lie at {measured} on average, above {limit}"
        case "alone":
            return "no indexed picture is left to compare with"


def tell_apart(one: float, other: float) -> tuple[str, str]:
    """Return two figures with three decimals, or with as many as show which of them is larger.

    Example:
        >>> tell_apart(0.072, 0.985), tell_apart(0.30004, 0.3)
        (('0.072', '0.985'), ('0.30004', '0.30000'))
    """
    shown = [(f"{one:.{digits}f}", f"{other:.{digits}f}") for digits in range(3, 8)]
    return next(
        (pair for pair in shown if (one == other) == (pair[0] == pair[1])),
        shown[0],
    )
