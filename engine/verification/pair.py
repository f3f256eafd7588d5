"""Verify two pictures: of one class or of different ones, by their distance alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from siam.array_types import Vectors
from siam.engine.answers.answer import Unreadable
from siam.engine.answers.display import block, figure
from siam.engine.open_run import OpenRun
from siam.engine.reading import PictureOptions, PreparedPicture, Source, read_one
from siam.errors import PictureError
from siam.evaluation.verdict import SURE
from siam.pictures.preparation import Prepared
from siam.pictures.thumbnail import encode_thumbnail
from siam.printable import printable

__all__ = ["PairAnswer", "PairVerdict", "judge_pair", "verify_pair"]

PairVerdict = Literal["same", "unsure", "different"]


@dataclass(frozen=True, repr=False)
class PairAnswer:
    """What a run says of two pictures.

    Attributes:
        left, right: what the pictures were called.
        verdict: "same", "unsure" or "different". What would be the same is unsure where one of the
            pictures may show something else than was meant, and where it is not probable enough.
        distance: between the two embeddings, 0 to 2, smaller = closer.
        probability: calibrated probability that both are of one class, 0 to 1, where same and
            different pairs are equally frequent.
        threshold: the largest distance that is let through, 0 to 2.
        reason: what decided it, in a short sentence.
        prepared: what the network saw of left and right, and how it came about.
    """

    left: str
    right: str
    verdict: PairVerdict
    distance: float
    probability: float
    threshold: float
    reason: str
    prepared: tuple[Prepared, Prepared] = field(repr=False, compare=False)

    @property
    def same(self) -> bool:
        """Whether both are of one class; False where that is unsure."""
        return self.verdict == "same"

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `siam verify --json` documents it."""
        return {
            "left": self.left,
            "right": self.right,
            "verdict": self.verdict,
            "distance": round(self.distance, 6),
            "probability": round(self.probability, 6),
            "threshold": self.threshold,
            "reason": self.reason,
            "notes": {
                "left": list(self.prepared[0].notes),
                "right": list(self.prepared[1].notes),
            },
        }

    @property
    def line(self) -> str:
        """The verdict and the probability in a line."""
        return f"{self.verdict}, probability of the same class {self.probability:.1%}"

    def __repr__(self) -> str:
        return f"<PairAnswer: {self.line} ({printable(f'{self.left}, {self.right}')})>"

    def __str__(self) -> str:
        return f"{self.line}\n{printable(self.reason)}"

    def _repr_html_(self) -> str:
        """What the network saw of both."""
        names = (self.left, self.right)
        figures = [
            figure(encode_thumbnail(prepared.pixels), name)
            for name, prepared in zip(names, self.prepared, strict=True)
            if prepared.pixels.size
        ]
        return block(self.line, self.reason, figures)


def verify_pair(
    run: OpenRun,
    left: tuple[str, Source],
    right: tuple[str, Source],
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
) -> PairAnswer:
    """Say whether two pictures are of one class; the index is not asked.

    Args:
        run: an opened run.
        left, right: (name, path or content) of each.
        false_accept_rate, threshold: as for `decide`; a threshold by hand alone decides.

    Raises:
        PictureError: one of them cannot be read.
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    seen = prepare(run, left), prepare(run, right)
    vectors = run.encoder.encode(np.stack([one.prepared.pixels for one in seen]))
    return judge_pair(run, *seen, vectors, false_accept_rate=false_accept_rate, threshold=threshold)


def judge_pair(
    run: OpenRun,
    left: PreparedPicture,
    right: PreparedPicture,
    vectors: Vectors,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
) -> PairAnswer:
    """Say whether two pictures whose embeddings are there are of one class.

    Args:
        run: an opened run.
        left, right: as they were read.
        vectors: float32 (2, dim), unit rows.
        false_accept_rate, threshold: as for `verify_pair`.

    Raises:
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    limit = run.calibration.pick_threshold(false_accept_rate, threshold)
    prepared = left.prepared, right.prepared
    first, second = vectors
    distance = float(np.linalg.norm(first - second))
    probability = float(run.calibration.same_probability(np.array([distance]))[0])
    verdict, reason = decide_pair(
        distance, probability, limit, prepared, by_hand=threshold is not None
    )
    return PairAnswer(
        left.name, right.name, verdict, distance, probability, limit, reason, prepared
    )


def decide_pair(
    distance: float,
    probability: float,
    limit: float,
    prepared: tuple[Prepared, Prepared],
    *,
    by_hand: bool,
) -> tuple[PairVerdict, str]:
    """Return the verdict on two pictures, and what decided it."""
    measured = f"{distance:.3f} apart"
    doubts = [
        f"{side}: {finding.sentence}"
        for side, seen in zip(("left", "right"), prepared, strict=True)
        for finding in seen.findings
        if finding.doubtful
    ]
    if any(seen.blank for seen in prepared):
        return "unsure", "; ".join(doubts)
    if distance > limit:
        return "different", f"{measured}, farther than {limit:.3f}"
    if doubts:
        return "unsure", "; ".join(doubts)
    if probability < SURE and not by_hand:
        return "unsure", f"{measured}: the same with {probability:.1%}, sure from {SURE:.0%}"
    return "same", f"{measured}, {limit:.3f} at most"


def prepare(run: OpenRun, source: tuple[str, Source]) -> PreparedPicture:
    """Read and prepare one picture, which has no other to be passed over for."""
    seen = read_one(source, run.config.preparation, PictureOptions(keep_steps=True))
    if isinstance(seen, Unreadable):
        raise PictureError(seen.error)
    return seen
