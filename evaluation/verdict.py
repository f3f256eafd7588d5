"""A decision about each picture: `match`, `unsure` or `no match`, from its neighbours together.

NumPy only, so that a query starts at once.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from siam.array_types import Booleans, Integers, Reals
from siam.evaluation.calibration import Calibration
from siam.evaluation.votes import CLOSEST, count_votes

__all__ = ["SURE", "Finding", "Verdict", "Word", "cap_probability", "decide", "match_limits"]

# A label less probable than this is not called a match.
SURE = 0.9

Word = Literal["match", "unsure", "no match"]
# No verdict is given a probability that speaks for a surer one: a curve learned on pictures like
# the gallery's says little about one that lies outside them, or that may show something else.
MOST_PROBABLE: dict[Word, float] = {"match": 1.0, "unsure": SURE - 0.01, "no match": 0.5}
# near: a match. divided: the label may be wrong. loose: near, but not as near as pictures of a
# class lie. unlike: another kind of picture, however near. far: the label's nearest picture is
# beyond the threshold. unfamiliar: so are all. alone: there is no neighbour.
Finding = Literal["near", "divided", "loose", "unlike", "far", "unfamiliar", "alone"]


class Verdict(msgspec.Struct, frozen=True):
    """What the gallery says about one picture.

    Attributes:
        verdict: "match", "unsure" or "no match".
        label: the label that the neighbours vote for, -1 where there are none; with "no match" it
            is only what comes nearest.
        probability: 0 to 1, that the label is right; below 0.9 with "unsure", 0.5 at most with
            "no match".
        finding: what decided it.
        distance: what was compared with `limit`, 0 to 2: of the label's nearest picture, or with
            "loose" and "unfamiliar" the mean of its nearest ones (`Votes.closeness`); with "unlike"
            `Appearance.unlikeness`, which is no distance.
        limit: the largest of it that would have been let through.
    """

    verdict: Word
    label: int
    probability: float
    finding: Finding
    distance: float
    limit: float


def decide(
    distances: Reals,
    labels: Integers,
    calibration: Calibration,
    *,
    unlikeness: Reals | None = None,
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
        unlikeness: (n,), how far each picture is from the run's kind of pictures, where
            `calibration.appearance` says; left out, none is held against it.
        false_accept_rate: the rate to keep, above 0 to 1, in place of the most accurate threshold.
        threshold: the distance to keep, 0 to 2, in place of both; 0.0 lets only copies match.

    Raises:
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    limit = calibration.pick_threshold(false_accept_rate, threshold)
    votes = count_votes(distances, labels)
    probabilities = calibration.label_probability(votes)
    present = votes.labels >= 0
    by_hand = threshold is not None
    unfamiliar = np.inf if by_hand else calibration.unfamiliar
    familiar = np.inf if by_hand else calibration.familiar
    appearance = None if by_hand else calibration.appearance
    alike = np.inf if appearance is None else appearance.limit
    unlike = np.zeros(len(present)) if unlikeness is None else np.asarray(unlikeness, np.float64)
    # The first that holds decides.
    conditions: dict[Finding, Booleans] = {
        "alone": ~present,
        "far": votes.nearest > limit,
        "unfamiliar": votes.closeness > unfamiliar,
        "unlike": unlike > alike,
        "divided": probabilities < SURE,
        "loose": votes.closeness > familiar,
    }
    findings: NDArray[np.str_]
    findings = np.select(list(conditions.values()), list(conditions), default="near")
    words: dict[Finding, Word] = {"near": "match", "divided": "unsure"}
    words |= {"loose": "unsure", "unlike": "unsure"}
    # Pictures as far away as that taught the label's probability little; pairs did.
    of_pairs = calibration.same_probability(votes.closeness)
    refused = ~np.isin(findings, list(words))
    probabilities = np.where(refused, np.minimum(probabilities, of_pairs), probabilities)
    # Nothing was measured of another kind of picture: its label is as good as a guess at best.
    guesses = np.minimum(probabilities, MOST_PROBABLE["no match"])
    probabilities = np.where(findings == "unlike", guesses, probabilities)
    limits = {"unfamiliar": unfamiliar, "loose": familiar, "unlike": alike}
    compared = np.where(np.isin(findings, ["unfamiliar", "loose"]), votes.closeness, votes.nearest)
    compared = np.where(findings == "unlike", unlike, compared)
    return [
        Verdict(
            verdict=(word := words.get(finding, "no match")),
            label=label,
            probability=cap_probability(probability, word),
            finding=finding,
            distance=distance,
            limit=limits.get(finding, limit),
        )
        for finding, label, probability, distance in zip(
            findings.tolist(),
            votes.labels.tolist(),
            probabilities.tolist(),
            compared.tolist(),
            strict=True,
        )
    ]


def cap_probability(probability: float, word: Word) -> float:
    """Return a label's probability, or the largest one that its verdict allows.

    Args:
        probability: 0 to 1, that the label is right.
        word: the verdict.

    Example:
        >>> cap_probability(0.97, "match"), cap_probability(0.97, "no match")
        (0.97, 0.5)
    """
    return min(probability, MOST_PROBABLE[word])


def match_limits(
    calibration: Calibration,
    *,
    false_accept_rate: float | None = None,
    threshold: float | None = None,
) -> str:
    """Say in words everything that a match takes, so that an answer's figures can be checked.

    Args:
        calibration: of the run.
        false_accept_rate, threshold: as for `decide`.
    """
    limits = [f"probability {SURE:.0%} or more"]
    if threshold is None:
        limits.append(f"the nearest {CLOSEST} at {calibration.familiar:.3f} at most on average")
        if calibration.appearance is not None:
            limits.append("a picture of the kind that it was trained on")
    return "; ".join(
        [*limits, f"the nearest at {calibration.operating_point(false_accept_rate, threshold)}"]
    )
