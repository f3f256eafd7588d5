"""A calibration for galleries of few pictures: learned from episodes, as queries will meet them.

Beside one picture of each class, nine of ten neighbours are of other classes, and there is no mean
of the five nearest of a label. What a vote of neighbours means there, a gallery of many pictures of
each class cannot teach. What a pair's distance means is the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from siam.array_types import Vectors
from siam.evaluation.calibration import Calibration
from siam.evaluation.calibration_fit import (
    FAMILIAR_SHARES,
    NEIGHBOURS,
    UNFAMILIAR_SHARE,
    fit_label_weights,
)
from siam.evaluation.episodes import Trial
from siam.evaluation.votes import Votes, count_votes
from siam.unit_vectors import exact_neighbours

__all__ = ["calibrate_episodes"]


def calibrate_episodes(
    calibration: Calibration, embeddings: Vectors, trials: Sequence[Trial]
) -> Calibration:
    """Return a calibration whose words on labels and on what is familiar come from episodes.

    Args:
        calibration: of the same encoder; its pairs stay.
        embeddings: float32 (n, dim), unit rows, of pictures that were not trained on.
        trials: point into them; of two classes or more.

    Example:
        >>> from siam.evaluation.calibration_fit import fit_calibration
        >>> from siam.evaluation.distances import Embedded
        >>> from siam.evaluation.episodes import draw_trials
        >>> random, labels = np.random.default_rng(0), np.repeat(np.arange(8), 6)
        >>> rows = np.eye(8)[labels] + random.normal(0, 0.2, (48, 8))
        >>> rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        >>> whole = fit_calibration(Embedded(rows[::2], labels[::2]), Embedded(rows, labels))
        >>> trials = draw_trials(labels, ways=5, shots=1, trials=20, seed=0)
        >>> calibrate_episodes(whole, rows, trials).familiar > whole.familiar
        True
    """
    with_own, right, without = [], [], []
    for trial in trials:
        votes = votes_in(embeddings, trial.queries, trial.support, trial.support_labels)
        with_own.append(votes)
        right.append(votes.labels == trial.query_labels)
        for query, label in zip(trial.queries, trial.query_labels, strict=True):
            others = trial.support_labels != label
            without.append(
                votes_in(
                    embeddings, query[None], trial.support[others], trial.support_labels[others]
                )
            )
    votes = join_votes(with_own)
    familiar, unfamiliar = np.quantile(votes.closeness, [FAMILIAR_SHARES[1], UNFAMILIAR_SHARE])
    return replace(
        calibration,
        label_weights=fit_label_weights(votes, np.concatenate(right), join_votes(without)),
        familiar=float(familiar),
        unfamiliar=float(unfamiliar),
        queries=len(votes.labels),
        let_through={},
    )


def votes_in(rows: Vectors, queries: np.ndarray, support: np.ndarray, labels: np.ndarray) -> Votes:
    """Return the votes of the support pictures nearest to each query, by their rows."""
    near = exact_neighbours(rows[queries], rows[support], NEIGHBOURS)
    return count_votes(near.distances, labels[near.positions])


def join_votes(parts: Sequence[Votes]) -> Votes:
    """Return the votes of several lots of queries as one."""
    return Votes(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in Votes.__struct_fields__
        )
    )
