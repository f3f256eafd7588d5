"""Measure a run on its test pictures: everything that metrics.json and the report show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from siam.array_types import Booleans, Floats, Integers, PairLabels, Vectors
from siam.datasets.sampling import sample_pairs
from siam.errors import UsageError
from siam.evaluation.all_pairs import AllPairs, count_all_pairs
from siam.evaluation.calibration import Calibration
from siam.evaluation.class_neighbours import neighbours_by_class
from siam.evaluation.confusion import ClassScores, confuse, score_classes
from siam.evaluation.distances import Embedded, pair_distances
from siam.evaluation.episodes import EpisodeScores, draw_trials, score_trials
from siam.evaluation.out_of_distribution import Detection, detect
from siam.evaluation.pairs import PairScores, score_pairs
from siam.evaluation.reliability import Reliability, pair_reliability, picture_reliability
from siam.evaluation.retrieval import RANKS, Retrieval, retrieve
from siam.evaluation.verdict import Verdict, decide
from siam.evaluation.votes import Votes, count_votes
from siam.progress import Progress, silent
from siam.unit_vectors import Neighbours, exact_neighbours

__all__ = ["TEST", "Measurements", "Pairs", "measure"]

TEST = "test"
PAIRS = 20_000
TRIALS = 1000
# (ways, shots) of the episodes, where the test pictures have as many classes.
EPISODES = ((5, 1), (5, 5), (10, 1), (20, 1))


@dataclass(frozen=True)
class Pairs:
    """The sampled test pairs.

    Attributes:
        left, right: int64 (count,), rows of the test pictures.
        same: int8 (count,), 1 = same class, 0 = different.
        distances: float64 (count,), 0 to 2, smaller = closer.
    """

    left: Integers
    right: Integers
    same: PairLabels
    distances: Floats


@dataclass(frozen=True)
class Measurements:
    """All figures of one run on its test pictures.

    Attributes:
        pairs, pair_scores: the sampled balanced pairs and their figures.
        all_pairs: counts of every pair of test pictures.
        gallery: "train", or "test" where the test classes are not in the gallery; no picture
            then finds itself.
        gallery_count: pictures in it.
        indexed: int64 (classes,), how many of each class.
        retrieval: test pictures searched in the gallery.
        within: test pictures searched among themselves.
        classes: per-class figures of the voted labels.
        confusion: int64 (classes, classes), row = true class, column = voted class.
        verdicts: one per test picture, against the gallery.
        pair_reliability: of the same-class probability, on `pairs`.
        label_reliability: of the label's probability, on the test pictures.
        episodes: (protocol, ways, shots, scores), protocol "all classes" or "within group".
        false_accept_rate, threshold, seed: that all this was measured at.
        out_of_distribution: kind of picture -> how well it is detected.
    """

    pairs: Pairs
    pair_scores: PairScores
    all_pairs: AllPairs
    gallery: str
    gallery_count: int
    indexed: Integers
    retrieval: Retrieval
    within: Retrieval
    classes: tuple[ClassScores, ...]
    confusion: Integers
    verdicts: tuple[Verdict, ...]
    pair_reliability: Reliability
    label_reliability: Reliability
    false_accept_rate: float | None
    threshold: float | None
    seed: int
    episodes: tuple[tuple[str, int, int, EpisodeScores], ...] = ()
    out_of_distribution: dict[str, Detection] = field(default_factory=dict)


def measure(
    test: Embedded,
    gallery: Embedded,
    calibration: Calibration,
    *,
    classes: Sequence[str],
    groups: Sequence[str] = (),
    out_of_distribution: Mapping[str, Vectors] | None = None,
    unlikeness: Mapping[str, Floats] = MappingProxyType({}),
    false_accept_rate: float | None = None,
    threshold: float | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Measurements:
    """Measure everything once, at the run's operating point or at another one.

    Args:
        test: the test pictures.
        gallery: the indexed (training) pictures.
        calibration: learned on validation pictures.
        classes: class names; labels are positions in it.
        groups: a group name per class, for episodes within a group.
        out_of_distribution: kind -> float32 (m, dim), embeddings of pictures of no class of the
            gallery, such as letters, noise or blank pages. Each class taken out of the gallery is
            added.
        unlikeness: kind -> (m,), as for `decide`; of the test pictures, by the name "test".
        false_accept_rate: the rate to keep, in place of the most accurate threshold.
        threshold: distance to keep, in place of both.
        seed: of the sampled pairs, the episodes and the resampling.

    Raises:
        DataError: the test pictures do not make pairs of both kinds.
        UsageError: `false_accept_rate` and `threshold` together, or out of range.
    """
    limit = calibration.pick_threshold(false_accept_rate, threshold)
    vectors, labels = test.embeddings, test.labels
    left, right, same = sample_pairs(labels, PAIRS, seed=seed)
    distances = pair_distances(vectors, left, right)
    # By one core, while a report's map is laid out by another: what is searched takes them all.
    progress("Scoring pairs", 0, 0)
    pair_scores = score_pairs(distances, same, left, right, threshold=limit, seed=seed)
    likelihoods = calibration.same_probability(distances)
    of_pairs = pair_reliability(likelihoods, same, left, right, seed=seed)
    all_pairs = count_all_pairs(vectors, labels, seed=seed, progress=progress)
    episodes = _episodes(vectors, labels, groups, seed)
    in_train = bool(np.isin(labels, gallery.labels).mean() >= 0.5)
    searchable = gallery if in_train else test
    voters = calibration.neighbours
    neighbours, others = neighbours_by_class(
        test, searchable, max(voters, *RANKS), same_set=not in_train, progress=progress
    )
    retrieval = retrieve(
        test,
        searchable,
        voters=voters,
        same_set=not in_train,
        neighbours=neighbours,
        progress=progress,
    )
    within = retrieval
    if in_train:
        within = retrieve(test, test, voters=voters, same_set=True, progress=progress)
    near = retrieval.neighbours.distances[:, :voters]
    near_labels = retrieval.neighbour_labels[:, :voters]
    verdicts = decide(
        near,
        near_labels,
        calibration,
        unlikeness=unlikeness.get(TEST),
        false_accept_rate=false_accept_rate,
        threshold=threshold,
    )
    votes = count_votes(near, near_labels)
    return Measurements(
        pairs=Pairs(left, right, same, distances),
        pair_scores=pair_scores,
        all_pairs=all_pairs,
        gallery="train" if in_train else "test",
        gallery_count=len(searchable.labels),
        indexed=np.bincount(searchable.labels, minlength=len(classes)),
        retrieval=retrieval,
        within=within,
        classes=score_classes(labels, retrieval.predictions, classes),
        confusion=confuse(labels, retrieval.predictions, len(classes)),
        verdicts=tuple(verdicts),
        pair_reliability=of_pairs,
        label_reliability=picture_reliability(
            calibration.label_probability(votes), retrieval.correct, seed=seed
        ),
        false_accept_rate=false_accept_rate,
        threshold=threshold,
        seed=seed,
        episodes=episodes,
        out_of_distribution=_out_of_distribution(
            votes,
            others,
            test,
            searchable,
            out_of_distribution or {},
            unlikeness,
            calibration,
            seed,
        ),
    )


def _episodes(
    vectors: Vectors, labels: Integers, groups: Sequence[str], seed: int
) -> tuple[tuple[str, int, int, EpisodeScores], ...]:
    """Score the usual episodes, leaving out those that need more classes than there are."""
    scores = []
    for protocol, names in (("all classes", ()), ("within group", tuple(groups))):
        for ways, shots in EPISODES:
            if protocol == "within group" and not names:
                continue
            try:
                trials = draw_trials(
                    labels, ways=ways, shots=shots, trials=TRIALS, seed=seed, groups=names
                )
            except UsageError:
                continue
            scores.append((protocol, ways, shots, score_trials(vectors, trials, seed=seed)))
    return tuple(scores)


def _out_of_distribution(
    votes: Votes,
    others: Neighbours,
    test: Embedded,
    gallery: Embedded,
    out_of_distribution: Mapping[str, Vectors],
    unlikeness: Mapping[str, Floats],
    calibration: Calibration,
    seed: int,
) -> dict[str, Detection]:
    """Score each kind of out-of-distribution picture against the test pictures.

    Args:
        votes: on the test pictures.
        others: their neighbours without their own class.
    """

    def ask(near: Neighbours, unlike: Floats | None) -> tuple[Floats, Booleans]:
        neighbours = near.distances, gallery.labels[near.positions]
        verdicts = decide(*neighbours, calibration, unlikeness=unlike)
        matches = [verdict.verdict == "match" for verdict in verdicts]
        return count_votes(*neighbours).closeness, np.array(matches, bool)

    k = calibration.neighbours
    answers = {
        name: ask(exact_neighbours(embeddings, gallery.embeddings, k), unlikeness.get(name))
        for name, embeddings in out_of_distribution.items()
        if len(embeddings)
    }
    # By class, since samples are drawn by place.
    rows = np.argsort(test.labels, kind="stable")
    rows = rows[np.isfinite(others.distances[rows, 0])]
    if len(rows):
        near = Neighbours(others.distances[rows, :k], others.positions[rows, :k])
        of_test = unlikeness.get(TEST, np.zeros(len(test.labels)))
        answers["class not in the gallery"] = ask(near, of_test[rows])
    return {
        name: detect(
            votes.closeness, closeness, limit=calibration.familiar, matches=matches, seed=seed
        )
        for name, (closeness, matches) in answers.items()
    }
