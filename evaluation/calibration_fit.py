"""Learn a run's calibration from its validation pictures and its gallery."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from msgspec.structs import replace

from siam.array_types import Booleans, Floats, Integers, Vectors
from siam.errors import DataError
from siam.evaluation.all_pairs import EDGES, AllPairs, count_all_pairs
from siam.evaluation.appearance import Descriptions, fit_appearance
from siam.evaluation.calibration import Calibration, features
from siam.evaluation.class_neighbours import neighbours_by_class
from siam.evaluation.distances import Embedded
from siam.evaluation.roc import threshold_at
from siam.evaluation.verdict import decide
from siam.evaluation.votes import Votes, count_votes
from siam.progress import Progress, silent
from siam.unit_vectors import exact_neighbours

__all__ = [
    "FAMILIAR_SHARES",
    "NEIGHBOURS",
    "UNFAMILIAR_SHARE",
    "fit_calibration",
    "fit_label_weights",
]

# Neighbours that vote on a label.
NEIGHBOURS = 10
# Shares of validation pictures that count as familiar, the least and the most, and as not like
# nothing known.
FAMILIAR_SHARES = (0.9, 0.95)
UNFAMILIAR_SHARE = 0.995
# Of each kind of probe, the most that should lie among the familiar.
LET_THROUGH = 0.01
# Of each kind of probe, the most that may be called a match without looking at more.
MOST_LET_THROUGH = 0.02
RATES_PER_DECADE = 20
# One query in a hundred is taken to show a class that the gallery does not hold.
WITHHELD_WEIGHT = 0.01


def fit_calibration(
    validation: Embedded,
    gallery: Embedded,
    *,
    probes: Mapping[str, Vectors] = MappingProxyType({}),
    descriptions: Descriptions | None = None,
    progress: Progress = silent,
) -> Calibration:
    """Learn what distances mean from validation pictures, never from test pictures.

    Pairs are all pairs of validation pictures: training pictures lie closer together than any new
    ones will. A label's probability is learned from validation pictures against the gallery, as
    queries meet it, and against the gallery without their own class, where the label is wrong.

    Args:
        validation: pictures that were not trained on.
        gallery: the training pictures, as indexed. Where the validation classes are not among its
            classes, validation pictures are compared with one another instead.
        probes: kind -> float32 (p, dim), unit rows: pictures that should match nothing. Where they
            come near the gallery, fewer validation pictures count as familiar: 90 % at least.
        descriptions: of the same pictures. Where that does not keep the probes out, a match takes a
            picture of the training pictures' kind too.
        progress: told of pairs and neighbours.

    Raises:
        DataError: validation pictures make no same or no different pair.
    """
    pairs = count_all_pairs(validation.embeddings, validation.labels, progress=progress)
    if pairs.same.sum() == 0 or pairs.different.sum() == 0:
        raise DataError(
            f"Calibration needs validation pairs of both kinds, received {pairs.same.sum()} same "
            f"and {pairs.different.sum()} different.",
            "Give more pictures to a class, or a larger share of them to validation.",
        )
    knots, probabilities = _same_curve(pairs)
    false_accept_rates, false_accept_distances = _false_accept_table(pairs)
    within = bool(np.isin(validation.labels, gallery.labels).mean() < 0.5)
    if within:
        gallery = validation
    votes, right, votes_without = _queries(validation, gallery, within, progress)
    strangers = {
        kind: (near.distances, gallery.labels[near.positions])
        for kind, rows in probes.items()
        for near in [exact_neighbours(rows, gallery.embeddings, NEIGHBOURS)]
    }
    least, most, unfamiliar = np.quantile(votes.closeness, [*FAMILIAR_SHARES, UNFAMILIAR_SHARE])
    passed = [np.quantile(count_votes(*near).closeness, LET_THROUGH) for near in strangers.values()]
    fitted = Calibration(
        threshold=_best_distance(pairs),
        distances=knots,
        probabilities=probabilities,
        false_accept_rates=false_accept_rates,
        false_accept_distances=false_accept_distances,
        same_pairs=int(pairs.same.sum()),
        different_pairs=int(pairs.different.sum()),
        pictures=len(validation.labels),
        neighbours=NEIGHBOURS,
        label_weights=fit_label_weights(votes, right, votes_without),
        familiar=float(np.clip(min(passed, default=most), least, most)),
        unfamiliar=float(unfamiliar),
        queries=len(validation.labels),
    )
    fitted = replace(fitted, let_through=_let_through(strangers, fitted))
    if descriptions is None or max(fitted.let_through.values(), default=0) <= MOST_LET_THROUGH:
        return fitted
    appearance = fit_appearance(descriptions.train, descriptions.validation)
    # What keeps them out now costs validation pictures as well: all that can be are familiar again.
    fitted = replace(fitted, appearance=appearance, familiar=float(most))
    unlike = {kind: appearance.unlikeness(rows) for kind, rows in descriptions.probes.items()}
    return replace(fitted, let_through=_let_through(strangers, fitted, unlike))


def _let_through(
    strangers: Mapping[str, tuple[Vectors, Integers]],
    calibration: Calibration,
    unlikeness: Mapping[str, Floats] = MappingProxyType({}),
) -> dict[str, float]:
    """Return kind -> share that is called a match, from the distances and labels of neighbours."""
    verdicts = {
        kind: decide(*near, calibration, unlikeness=unlikeness.get(kind))
        for kind, near in strangers.items()
    }
    return {
        kind: float(np.mean([one.verdict == "match" for one in of_kind]))
        for kind, of_kind in verdicts.items()
    }


def _best_distance(pairs: AllPairs) -> float:
    """Return the distance of best balanced accuracy, the middle of equally good ones."""
    curve = pairs.roc()
    quality = (curve.true_accept_rates - curve.false_accept_rates)[
        1:
    ]  # the first point is no distance
    best = np.flatnonzero(quality >= quality.max() - 1e-12)
    # The first run only: a later one, beyond a gap, is as good by accident.
    run = best[: int(np.argmax(np.append(np.diff(best) > 1, True))) + 1]
    return float(curve.thresholds[1:][run].mean())


def _same_curve(pairs: AllPairs) -> tuple[tuple[float, ...], tuple[float, ...]]:
    from sklearn.isotonic import IsotonicRegression

    same = pairs.same / pairs.same.sum()
    different = pairs.different / pairs.different.sum()
    weight = same + different
    nonempty = weight > 0
    middles = EDGES[nonempty] - EDGES[0] / 2
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=False, out_of_bounds="clip").fit(
        middles, same[nonempty] / weight[nonempty], sample_weight=weight[nonempty]
    )
    return (
        tuple(float(value) for value in curve.X_thresholds_),
        tuple(float(value) for value in curve.y_thresholds_),
    )


def _false_accept_table(pairs: AllPairs) -> tuple[tuple[float, ...], tuple[float, ...]]:
    curve = pairs.roc()
    smallest = 1 / int(pairs.different.sum())
    decades = int(np.ceil(-np.log10(smallest)))
    # Rounded to be the decimal numbers that people ask for: 0.001 and not 0.00099999.
    rates = np.round(np.logspace(-decades, 0, decades * RATES_PER_DECADE + 1), decades + 3)
    distances = np.array([threshold_at(curve, rate) for rate in rates])
    usable = (rates >= smallest) & (distances >= 0)
    return tuple(float(r) for r in rates[usable]), tuple(float(d) for d in distances[usable])


def _queries(
    validation: Embedded, gallery: Embedded, within: bool, progress: Progress
) -> tuple[Votes, Booleans, Votes]:
    """Return the votes on validation pictures, whether each is right, and the votes without
    the picture's own class in the gallery."""
    votes, votes_without = (
        count_votes(near.distances, gallery.labels[near.positions])
        for near in neighbours_by_class(
            validation, gallery, NEIGHBOURS, same_set=within, progress=progress
        )
    )
    return votes, votes.labels == validation.labels, votes_without


def fit_label_weights(
    votes: Votes, right: Booleans, votes_without: Votes
) -> tuple[float, float, float]:
    """Learn when a voted label is right: logistic weights, the constant first.

    Args:
        votes: on n pictures.
        right: (n,), whether the label is the picture's own.
        votes_without: on pictures whose class the gallery does not hold, so that none is right.
    """
    from sklearn.linear_model import LogisticRegression

    columns = np.concatenate([features(votes), features(votes_without)])
    outcomes = np.concatenate([right, np.zeros(len(votes_without.labels), bool)])
    weights = np.repeat([1.0, WITHHELD_WEIGHT], [len(right), len(votes_without.labels)])
    middle, deviation = columns.mean(axis=0), columns.std(axis=0)
    deviation = np.where(deviation > 1e-9, deviation, 1.0)
    if not outcomes.any():
        return -30.0, 0.0, 0.0
    standard = (columns - middle) / deviation
    model = LogisticRegression(C=10, max_iter=1000).fit(standard, outcomes, sample_weight=weights)
    slopes = model.coef_[0] / deviation
    constant = model.intercept_[0] - slopes @ middle
    of_share, of_closeness = slopes
    return float(constant), float(of_share), float(of_closeness)
