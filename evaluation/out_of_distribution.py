"""Telling pictures like those in the gallery from pictures like none of them.

The score is `Votes.closeness`: the mean distance to the (up to) five nearest neighbours of the
voted label. Letters, noise, blank pages and classes left out of the gallery should be farther.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Reals
from siam.errors import DataError
from siam.evaluation.intervals import Figure, percentile_figures, wilson

__all__ = ["Detection", "detect"]

ACCEPTED = 0.95


@dataclass(frozen=True)
class Detection:
    """How well out-of-distribution pictures are detected.

    Attributes:
        in_distribution, out_of_distribution: pictures of each kind.
        figures: each with its interval over pictures.
            "auroc": chance that an out-of-distribution picture lies farther than another.
            "let_through": share of out-of-distribution pictures within the distance that
            accepts 95 % of the others.
            "false_alarm": share of in-distribution pictures beyond the run's own limit.
            "let_through_at_limit": share of out-of-distribution pictures within it.
            "match": share of out-of-distribution pictures that a query calls a match.
    """

    in_distribution: int
    out_of_distribution: int
    figures: dict[str, Figure]


def detect(
    in_distribution: Reals,
    out_of_distribution: Reals,
    *,
    limit: float,
    matches: Booleans,
    seed: int = 0,
) -> Detection:
    """Score the detection of out-of-distribution pictures by their closeness.

    Args:
        in_distribution: (n,), closeness of pictures whose class the gallery holds, 0 to 2,
            smaller = closer.
        out_of_distribution: (m,), closeness of pictures whose class it does not hold.
        limit: the run's own distance, `Calibration.familiar`, chosen on validation pictures.
        matches: bool (m,), which of these a query calls a match.
        seed: of the resampling of pictures.

    Raises:
        DataError: one of the two kinds is missing.

    Example:
        >>> known, strange, none = np.array([0.1, 0.2]), np.array([0.8, 0.9]), np.zeros(2, bool)
        >>> figures = detect(known, strange, limit=0.3, matches=none).figures
        >>> figures["auroc"][0], figures["let_through"][0], figures["false_alarm"][0]
        (1.0, 0.0, 0.0)
    """
    inside, outside = (
        np.asarray(values, np.float64) for values in (in_distribution, out_of_distribution)
    )
    if len(inside) == 0 or len(outside) == 0:
        raise DataError(
            "Detection needs pictures of both kinds, "
            f"received {len(inside)} in and {len(outside)} out of distribution."
        )
    estimates = _auroc(inside, outside), _let_through(inside, outside)
    resamples = []
    random = np.random.default_rng(seed)
    for _ in range(200):
        # Sorted, the one is searched for the other in half of the time.
        some, others = (np.sort(random.choice(kind, len(kind))) for kind in (inside, outside))
        resamples.append((_auroc(some, others), _let_through(some, others)))
    auroc, let_through = percentile_figures(estimates, resamples, min(len(inside), len(outside)))
    shares = {"false_alarm": inside > limit, "let_through_at_limit": outside <= limit}
    shares["match"] = matches
    figures = {"auroc": auroc, "let_through": let_through}
    for name, hits in shares.items():
        figures[name] = float(hits.mean()), wilson(int(hits.sum()), len(hits))
    return Detection(len(inside), len(outside), figures)


def _auroc(inside: Floats, outside: Floats) -> float:
    """Return the area under the ROC curve by ranks (Mann-Whitney), a third of a curve's time."""
    nearer = np.sort(inside)
    ranks = np.searchsorted(nearer, outside, "left") + np.searchsorted(nearer, outside, "right")
    return float(ranks.mean() / 2 / len(inside))


def _let_through(inside: Floats, outside: Floats) -> float:
    return float((outside <= np.quantile(inside, ACCEPTED)).mean())
