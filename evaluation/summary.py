"""Put a run's measurements into the versioned JSON of `siam evaluate --json` and metrics.json.

docs/evaluation.md describes every key. Fractions, not per cent; a figure that cannot be measured
is null; each figure has `<name>_ci95: [low, high]` beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from siam.array_types import Integers
from siam.evaluation.all_pairs import EDGES, AllPairs, jackknife
from siam.evaluation.assessment import assess
from siam.evaluation.calibration import Calibration
from siam.evaluation.confusion import ClassScores
from siam.evaluation.intervals import Interval, bootstrap_mean, lay_out, wilson
from siam.evaluation.measure import Measurements
from siam.evaluation.out_of_distribution import Detection
from siam.evaluation.pairs import FALSE_ACCEPT_RATES, PairScores, true_accept_key
from siam.evaluation.retrieval import Retrieval
from siam.evaluation.roc import auc, equal_error, roc_of_counts, true_accept_rate_at

__all__ = ["SCHEMA", "summarise"]

SCHEMA = 1


def summarise(
    measurements: Measurements,
    calibration: Calibration,
    *,
    run: str,
    dataset: str,
    warnings: Sequence[str] = (),
    unseen: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
    chain: str = "",
    pretrained: bool = False,
) -> dict[str, Any]:
    """Return the evaluation as plain JSON values, without NaN.

    Args:
        measurements: what `measure` returned.
        calibration: the run's.
        run: its name.
        dataset: the data set's name.
        warnings: what must be said before any figure, in sentences.
        unseen: what `compare_unseen` returned, where classes were held out of training.
        base: what `measure_forgetting` returned, where the training went on from another run.
        chain, pretrained: as for `assess`.
    """
    point = measurements.false_accept_rate, measurements.threshold
    figures: dict[str, Any] = {
        "schema": SCHEMA,
        "run": run,
        "dataset": dataset,
        "seed": measurements.seed,
        "warnings": list(warnings),
        "operating_point": {
            "threshold": calibration.pick_threshold(*point),
            "nominal_far": measurements.false_accept_rate,
            "chosen_by": _chosen_by(*point),
            "words": calibration.operating_point(*point),
        },
        "pairs": _pairs(measurements.pair_scores),
        "all_pairs": _all_pairs(measurements.all_pairs),
        "retrieval": {
            "gallery": measurements.gallery,
            "gallery_count": measurements.gallery_count,
            **_retrieval(measurements.retrieval),
        },
        "retrieval_within_test": _retrieval(measurements.within),
        "one_shot": [
            scores.to_dict(protocol, ways, shots)
            for protocol, ways, shots, scores in measurements.episodes
        ],
        "calibration": _calibration(measurements, calibration),
        "verdicts": _verdicts(measurements),
        "unfamiliar": {
            kind: _detection(scores) for kind, scores in measurements.out_of_distribution.items()
        },
        "classes": [
            _class(scores, int(indexed))
            for scores, indexed in zip(measurements.classes, measurements.indexed, strict=True)
        ],
    }
    if unseen is not None:
        figures["unseen"] = dict(unseen)
    if base is not None:
        figures["base"] = dict(base)
    return figures | assess(figures, chain=chain, pretrained=pretrained)


def _chosen_by(false_accept_rate: float | None, threshold: float | None) -> str:
    if threshold is not None:
        return "hand"
    return "accuracy" if false_accept_rate is None else "far"


def _pairs(scores: PairScores) -> dict[str, Any]:
    return {"count": scores.count, "threshold": scores.threshold, **lay_out(scores.figures)}


def _all_pairs(pairs: AllPairs) -> dict[str, Any]:
    names = ["auc", "eer", *map(true_accept_key, FALSE_ACCEPT_RATES)]

    def statistics(same: Integers, different: Integers) -> list[float]:
        curve = roc_of_counts(EDGES, same, different)
        rates = [true_accept_rate_at(curve, rate) for rate in FALSE_ACCEPT_RATES]
        return [auc(curve), equal_error(curve)[0], *rates]

    return {
        "count": pairs.count,
        "same": int(pairs.same.sum()),
        "pictures": pairs.pictures,
        **lay_out(dict(zip(names, jackknife(pairs, statistics), strict=True))),
    }


def _retrieval(retrieval: Retrieval) -> dict[str, Any]:
    figures: dict[str, tuple[float | None, Interval]] = {}
    for name, values in retrieval.figures().items():
        plain_share = name.startswith("recall") or name == "knn_accuracy"
        interval = wilson(values.sum(), len(values)) if plain_share else bootstrap_mean(values)
        figures[name] = float(values.mean()) if len(values) else None, interval
    return {
        "queries": int(retrieval.answerable.sum()),
        "not_judged": int((~retrieval.answerable).sum()),
        **lay_out(figures),
    }


def _calibration(measurements: Measurements, calibration: Calibration) -> dict[str, Any]:
    smallest = calibration.false_accept_rates[0]
    nominal = [rate for rate in FALSE_ACCEPT_RATES if rate >= smallest]
    thresholds = [calibration.threshold_for(rate) for rate in nominal]
    # Where each threshold stands on the curve, which is the same for any counts.
    places = np.searchsorted(measurements.all_pairs.roc().thresholds, thresholds, side="right") - 1

    def statistics(same: Integers, different: Integers) -> list[float]:
        curve = roc_of_counts(EDGES, same, different)
        return [
            *curve.false_accept_rates[places].tolist(),
            *curve.true_accept_rates[places].tolist(),
        ]

    figures = jackknife(measurements.all_pairs, statistics)
    accepts, hits = figures[: len(nominal)], figures[len(nominal) :]
    rates = [
        {"nominal_far": rate, "threshold": threshold, **lay_out({"test_far": far, "test_tar": tar})}
        for rate, threshold, far, tar in zip(nominal, thresholds, accepts, hits, strict=True)
    ]
    pair, label = measurements.pair_reliability, measurements.label_reliability
    return {
        "validation_pictures": calibration.pictures,
        "validation_same_pairs": calibration.same_pairs,
        "validation_different_pairs": calibration.different_pairs,
        **lay_out({"pair_ece": (pair.ece, pair.ece_ci95)}),
        **lay_out({"label_ece": (label.ece, label.ece_ci95)}),
        "operating_points": rates,
    }


def _verdicts(measurements: Measurements) -> dict[str, Any]:
    words = Counter(verdict.verdict for verdict in measurements.verdicts)
    right = Counter(
        verdict.verdict
        for verdict, is_right in zip(
            measurements.verdicts, measurements.retrieval.correct, strict=True
        )
        if is_right
    )
    total = len(measurements.verdicts)
    figures: dict[str, Any] = {}
    for word in ("match", "unsure", "no match"):
        count = words[word]
        figures[word] = {
            "count": count,
            **lay_out({"share": (count / total, wilson(count, total))}),
            **lay_out(
                {"right": (right[word] / count if count else None, wilson(right[word], count))}
            ),
        }
    return figures


def _detection(detection: Detection) -> dict[str, Any]:
    return {
        "known": detection.in_distribution,
        "strange": detection.out_of_distribution,
        **lay_out(detection.figures),
    }


def _class(scores: ClassScores, indexed: int) -> dict[str, Any]:
    return {
        "name": scores.name,
        "count": scores.count,
        "indexed": indexed,
        **lay_out({"recall": (scores.recall, scores.recall_ci95)}),
        **lay_out({"precision": (scores.precision, scores.precision_ci95)}),
        "mistaken_for": [{"name": name, "count": count} for name, count in scores.mistaken_for],
    }
