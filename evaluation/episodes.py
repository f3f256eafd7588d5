"""N-way K-shot episodes: told K pictures of each of N classes, which class is a new one of?

Two protocols give very different figures and must not be mixed: N classes drawn from all
("unstructured"; Vinyals et al. 2016) and N classes of one group, such as an alphabet
("within group"; Lake et al. 2015), which is harder. A class is represented by the mean of its K
embeddings (Snell et al. 2017); with K = 1 that is the nearest picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.array_types import Floats, Integers, Vectors
from siam.errors import UsageError
from siam.evaluation.distances import distance_block
from siam.evaluation.intervals import Interval, bootstrap_pictures
from siam.unit_vectors import check_unit_rows

__all__ = ["EpisodeScores", "Trial", "draw_trials", "score_trials"]


@dataclass(frozen=True)
class Trial:
    """One question or several over the same support pictures.

    Attributes:
        support: int64 (s,), rows of the pictures whose class is told.
        support_labels: int64 (s,), their classes.
        queries: int64 (q,), rows of the pictures to be told.
        query_labels: int64 (q,), the right answers.
    """

    support: Integers
    support_labels: Integers
    queries: Integers
    query_labels: Integers


@dataclass(frozen=True)
class EpisodeScores:
    """The share of questions answered rightly.

    Attributes:
        accuracy: 0 to 1.
        accuracy_ci95: over the pictures asked about, which may come up in several trials.
        trials, questions: how many there were.
    """

    accuracy: float
    accuracy_ci95: Interval
    trials: int
    questions: int

    def to_dict(self, protocol: str, ways: int, shots: int) -> dict[str, Any]:
        """Return them, and what they are of, as `siam evaluate --json` lists them."""
        return {
            "protocol": protocol,
            "ways": ways,
            "shots": shots,
            "trials": self.trials,
            "accuracy": self.accuracy,
            "accuracy_ci95": list(self.accuracy_ci95),
        }


def draw_trials(
    labels: Integers,
    *,
    ways: int,
    shots: int,
    trials: int,
    seed: int,
    groups: Sequence[str] = (),
) -> list[Trial]:
    """Draw N-way K-shot trials, each asking about one other picture of each of its classes.

    Args:
        labels: int64 (n,), of the pictures.
        ways: classes in a trial, 2 or more.
        shots: pictures told of each class, 1 or more; a class takes part with `shots` + 1.
        trials: how many to draw.
        seed: fixes the trials.
        groups: a group name per class; given, the classes of a trial are all of one group.

    Raises:
        UsageError: no group (without groups: the set) has enough classes of enough pictures.
    """
    members = {
        int(label): np.flatnonzero(labels == label)
        for label, count in zip(*np.unique(labels, return_counts=True), strict=True)
        if count > shots
    }
    pools: dict[str, list[int]] = {}
    for label in members:
        pools.setdefault(groups[label] if groups else "", []).append(label)
    large = [pool for pool in pools.values() if len(pool) >= ways]
    if ways < 2 or shots < 1 or not large:
        most = max((len(pool) for pool in pools.values()), default=0)
        raise UsageError(
            f"{ways}-way {shots}-shot needs {ways} classes of {shots + 1} pictures"
            f"{' in one group' if groups else ''}, received at most {most}.",
            "Ask for fewer ways or shots, at least 2 and 1.",
        )
    random = np.random.default_rng(seed)
    draws = []
    for _ in range(trials):
        pool = large[random.integers(len(large))]
        classes = random.choice(pool, ways, replace=False)
        rows = np.stack([random.choice(members[c], shots + 1, replace=False) for c in classes])
        draws.append(
            Trial(rows[:, :shots].ravel(), np.repeat(classes, shots), rows[:, shots], classes)
        )
    return draws


def score_trials(embeddings: Vectors, trials: Iterable[Trial], *, seed: int = 0) -> EpisodeScores:
    """Answer drawn or published trials, such as the 20 runs of Lake et al., and score them.

    Args:
        embeddings: float32 (n, dim), unit rows that the trials point into.
        trials: at least one.
        seed: of the resampling of pictures.

    Raises:
        UsageError: there is no trial.

    Example:
        >>> rows, classes = np.array([0, 1]), np.array([5, 6])
        >>> one = Trial(rows, classes, np.array([2]), np.array([6]))
        >>> score_trials(np.array([[1, 0], [0, 1], [0.6, 0.8]]), [one]).accuracy
        1.0
    """
    vectors = check_unit_rows(embeddings).astype(np.float64)
    queries, right, count = [], [], 0
    for trial in trials:
        count += 1
        queries.append(trial.queries)
        right.append(_answers(vectors, trial) == trial.query_labels)
    if count == 0:
        raise UsageError("Scoring episodes needs at least one trial, received none.")
    pictures, places = np.unique(np.concatenate(queries), return_inverse=True)
    hits = np.bincount(places, np.concatenate(right))
    times = np.bincount(places)
    [(accuracy, interval)] = bootstrap_pictures(
        lambda w: [(w @ hits) / (w @ times)], len(pictures), seed=seed
    )
    return EpisodeScores(accuracy, interval, count, int(times.sum()))


def _answers(vectors: Floats, trial: Trial) -> Integers:
    classes, members = np.unique(trial.support_labels, return_inverse=True)
    means = np.zeros((len(classes), vectors.shape[1]))
    np.add.at(means, members, vectors[trial.support])
    # Back to unit length; opposite pictures of a class may cancel, and then point nowhere.
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    answers: Integers = classes[distance_block(vectors[trial.queries], means).argmin(axis=1)]
    return answers
