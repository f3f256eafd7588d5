"""Telling pictures like those in the gallery from pictures like none of them.

The score is `Votes.closeness`: the mean distance to the (up to) five nearest neighbours of the
voted label. Letters, noise, blank pages and classes left out of the gallery should be farther.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.errors import DataError
from siam.evaluation.intervals import Interval, around, wilson
from siam.evaluation.roc import auc, roc_of_pairs

__all__ = ["Detection", "detect"]

ACCEPTED = 0.95


@dataclass(frozen=True)
class Detection:
    """How well unfamiliar pictures are told; every figure is 0 to 1.

    Attributes:
        known, strange: pictures of each kind.
        auroc: chance that a strange picture lies farther than a known one.
        let_through: share of strange pictures within the distance that accepts 95 % of the known.
        false_alarm: share of known pictures that the run's own limit calls unfamiliar.
        let_through_at_limit: share of strange pictures within the run's own limit.
        intervals: figure name -> its 95 % interval over pictures.
    """

    known: int
    strange: int
    auroc: float
    let_through: float
    false_alarm: float
    let_through_at_limit: float
    intervals: dict[str, Interval]


def detect(known: np.ndarray, strange: np.ndarray, *, limit: float, seed: int = 0) -> Detection:
    """Score the detection of strange pictures by their closeness.

    Args:
        known: (n,), closeness of pictures whose class the gallery holds, 0 to 2, smaller = closer.
        strange: (m,), closeness of pictures whose class it does not hold.
        limit: the run's own distance, `Calibration.familiar`, chosen on validation pictures.
        seed: of the resampling of pictures.

    Raises:
        DataError: one of the two kinds is missing.

    Example:
        >>> found = detect(np.array([0.1, 0.2]), np.array([0.8, 0.9]), limit=0.3)
        >>> found.auroc, found.let_through, found.false_alarm
        (1.0, 0.0, 0.0)
    """
    known, strange = np.asarray(known, np.float64), np.asarray(strange, np.float64)
    if len(known) == 0 or len(strange) == 0:
        raise DataError(
            "Detection needs pictures of both kinds, "
            f"received {len(known)} known and {len(strange)} strange."
        )
    figures = {"auroc": _auroc(known, strange), "let_through": _let_through(known, strange)}
    resampled = []
    random = np.random.default_rng(seed)
    for _ in range(200):
        some, others = random.choice(known, len(known)), random.choice(strange, len(strange))
        resampled.append((_auroc(some, others), _let_through(some, others)))
    low, high = np.quantile(np.array(resampled), [0.025, 0.975], axis=0)
    intervals = {}
    fewest = min(len(known), len(strange))
    for place, (name, value) in enumerate(figures.items()):
        ends = (float(low[place]), float(high[place]))
        if ends[1] - ends[0] < 1e-12:
            ends = wilson(value * fewest, fewest)
        intervals[name] = around(value, ends)
    alarms, passed = int((known > limit).sum()), int((strange <= limit).sum())
    intervals["false_alarm"] = wilson(alarms, len(known))
    intervals["let_through_at_limit"] = wilson(passed, len(strange))
    return Detection(
        known=len(known),
        strange=len(strange),
        auroc=figures["auroc"],
        let_through=figures["let_through"],
        false_alarm=alarms / len(known),
        let_through_at_limit=passed / len(strange),
        intervals=intervals,
    )


def _auroc(known: np.ndarray, strange: np.ndarray) -> float:
    values = np.concatenate([known, strange])
    return auc(roc_of_pairs(values, np.repeat([1, 0], [len(known), len(strange)])))


def _let_through(known: np.ndarray, strange: np.ndarray) -> float:
    return float((strange <= np.quantile(known, ACCEPTED)).mean())
