"""A decision about each picture: `match`, `unsure` or `no match`, from its neighbours together.

NumPy only, so that a query starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from siam.evaluation.calibration import Calibration
from siam.evaluation.votes import count_votes

__all__ = ["SURE", "Verdict", "decide"]

# A label less probable than this is not called a match.
SURE = 0.9

Word = Literal["match", "unsure", "no match"]


@dataclass(frozen=True)
class Verdict:
    """What the gallery says about one picture.

    Attributes:
        verdict: "match", "unsure" or "no match".
        label: the label that the neighbours vote for, -1 where there are none; with "no match" it
            is only what comes nearest.
        probability: 0 to 1, that the label is right.
    """

    verdict: Word
    label: int
    probability: float


def decide(
    distances: np.ndarray,
    labels: np.ndarray,
    calibration: Calibration,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
) -> list[Verdict]:
    """Decide about n pictures from their k nearest gallery items.

    "no match": no neighbour of the label is within the threshold, or the picture is farther from
    its neighbours than nearly all validation pictures were. "match": within the threshold,
    as close as validation pictures usually were, and the label probably right. "unsure": between.
    A threshold by hand alone decides between "no match" and the other two.

    Args:
        distances: (n, k), 0 to 2, smaller = closer, rising along each row; infinite where a
            neighbour is missing. k as in `calibration.neighbours` where the gallery has as many.
        labels: int64 (n, k).
        calibration: of the run that made the embeddings.
        false_accept_rate: the rate to keep, above 0 to 1, in place of the most accurate threshold.
        threshold: the distance to keep, 0 to 2, in place of both; 0.0 lets only copies match.

    Raises:
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    limit = calibration.pick_threshold(false_accept_rate, threshold)
    votes = count_votes(distances, labels)
    probabilities = calibration.label_probability(votes)
    present = votes.labels >= 0
    within = present & (votes.nearest <= limit)
    firm = probabilities >= SURE
    if threshold is None:
        within &= votes.closeness <= calibration.unfamiliar
        firm &= votes.closeness <= calibration.familiar
    words: np.ndarray = np.where(within, np.where(firm, "match", "unsure"), "no match")
    return [
        Verdict(word, label, probability)
        for word, label, probability in zip(
            words.tolist(), votes.labels.tolist(), probabilities.tolist(), strict=True
        )
    ]
