"""Two runs side by side, as `siam evaluate --compare` shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from siam.errors import DataError
from siam.evaluation.compare import Difference, compare_pairs, compare_pictures
from siam.evaluation.measure import Measurements

__all__ = ["side_by_side"]

SCHEMA = 1
# The figures per picture that are compared; larger = better.
COMPARED = ("recall@1", "knn_accuracy", "map@r")


def side_by_side(
    first: Measurements,
    second: Measurements,
    *,
    names: tuple[str, str],
    seed: int = 0,
) -> dict[str, Any]:
    """Compare two runs on the same test pictures and say what is larger than chance.

    Args:
        first, second: measured on the same test pictures, in the same order, with one `seed`.
        names: of the two runs.
        seed: of the resampling.

    Returns:
        plain JSON values: schema, runs, pictures, verdict, and per figure first, second,
        difference (first - second) with its interval, p_value and larger_than_chance.

    Raises:
        DataError: the runs were measured on other pictures.
    """
    pairs = first.pairs, second.pairs
    if not (
        np.array_equal(first.retrieval.judged, second.retrieval.judged)
        and all(
            np.array_equal(getattr(pairs[0], part), getattr(pairs[1], part))
            for part in ("left", "right", "same")
        )
    ):
        raise DataError(
            f"{names[0]} and {names[1]} were not measured on the same pictures.",
            "Compare runs that were trained on the same data set with the same split.",
        )
    figures = first.retrieval.figures(), second.retrieval.figures()
    differences = {
        name: compare_pictures(figures[0][name], figures[1][name], seed=seed)
        for name in COMPARED
        if len(figures[0][name])
    }
    differences |= compare_pairs(
        pairs[0].distances, pairs[1].distances, pairs[0].same, pairs[0].left, pairs[0].right,
        seed=seed,
    )  # fmt: skip
    return {
        "schema": SCHEMA,
        "runs": list(names),
        "pictures": len(first.retrieval.judged),
        "verdict": _verdict(differences, names),
        "figures": {name: _plain(found) for name, found in differences.items()},
    }


def _plain(found: Difference) -> dict[str, Any]:
    return {
        "first": found.first,
        "second": found.second,
        "difference": found.difference,
        "difference_ci95": list(found.difference_ci95),
        "p_value": found.p_value,
        "larger_than_chance": found.significant,
    }


def _verdict(differences: dict[str, Difference], names: tuple[str, str]) -> str:
    """Say which run is better at what; a smaller EER is better, all else is better larger."""
    better: dict[str, list[str]] = {names[0]: [], names[1]: []}
    for figure, found in differences.items():
        if found.significant and found.difference:
            first_is_better = (found.difference > 0) != (figure == "eer")
            better[names[0] if first_is_better else names[1]].append(figure)
    parts = [
        f"{name} is better in {', '.join(figures)}" for name, figures in better.items() if figures
    ]
    if not parts:
        return f"No difference between {names[0]} and {names[1]} is larger than chance."
    return f"{'; '.join(parts)} (larger than chance)."
