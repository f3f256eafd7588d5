"""What contestants of a comparison are judged by: the same pictures, pairs and rules for each.

A contestant names pictures, embeds them, or both. Classes that none of them was trained on are
judged too, where the data set holds some: half of their pictures are shown (added to the
gallery, without training), the other half are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Booleans, Integers, Pictures, Reals, Vectors
from siam.datasets.sampling import sample_pairs
from siam.evaluation.distances import pair_distances
from siam.evaluation.intervals import Figure, bootstrap_mean, bootstrap_pairs, lay_out
from siam.evaluation.pairs import best_threshold, score_pairs
from siam.evaluation.votes import count_votes
from siam.unit_vectors import exact_neighbours

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset, Split

__all__ = ["Answers", "Contest", "Scores", "draw_contest", "judge"]

GALLERY = 10_000
QUERIES = 10_000
PAIRS = 10_000
VOTERS = 10


@dataclass(frozen=True)
class Answers:
    """What a contestant says of n pictures.

    Attributes:
        embeddings: float32 (n, dim), unit rows.
        labels: int64 (n,), or None where it does not name pictures by itself: its neighbours'
            vote then does.
    """

    embeddings: Vectors
    labels: Integers | None = None


@dataclass(frozen=True)
class Contest:
    """The pictures that all contestants are judged on.

    Attributes:
        gallery: training pictures that queries are searched in.
        validation: what thresholds are chosen by.
        test: of the classes trained on.
        support, queries: of the classes held out: those that join the gallery, and those asked for.
            None where no class was held out.
        seed: of pairs and resampling.
    """

    gallery: Split
    validation: Split
    test: Split
    support: Split | None
    queries: Split | None
    seed: int


@dataclass(frozen=True)
class Scores:
    """How a contestant did.

    Attributes:
        seen: figure name -> (value, its 95 % interval), each 0 to 1, larger = better:
            "accuracy" of labels, "pair_accuracy" by distance at the validation threshold,
            "pair_auc", "pair_accuracy_by_label" (same = equal labels), "recall@1".
        unseen: the same figures but "accuracy", of the classes held out; empty without any.
        label_correct: bool (n,), which test pictures were labelled rightly.
        unseen_correct: bool (m,), which pictures of unseen classes found their class; empty
            without any.
    """

    seen: dict[str, Figure]
    unseen: dict[str, Figure]
    label_correct: Booleans
    unseen_correct: Booleans

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: each figure with `<name>_ci95` beside it."""
        return {"seen": lay_out(self.seen), "unseen": lay_out(self.unseen) or None}


def draw_contest(dataset: Dataset, *, seed: int) -> Contest:
    """Draw the pictures to judge by from a data set; large splits are cut at random.

    Args:
        dataset: with or without classes held out.
        seed: fixes the draw.
    """
    support = queries = None
    if dataset.unseen is not None and len(dataset.unseen) > 1:
        order = np.random.default_rng(seed).permutation(len(dataset.unseen))
        half = len(order) // 2
        support, queries = (
            dataset.unseen.take(np.sort(part)) for part in (order[:half], order[half:])
        )
        support, queries = cut(support, GALLERY, seed), cut(queries, QUERIES, seed)
    return Contest(
        gallery=cut(dataset.train, GALLERY, seed),
        validation=cut(dataset.validation, QUERIES, seed),
        test=cut(dataset.test, QUERIES, seed),
        support=support,
        queries=queries,
        seed=seed,
    )


def cut(split: Split, most: int, seed: int) -> Split:
    """Keep at most so many pictures of a split."""
    if len(split) <= most:
        return split
    return split.take(np.sort(np.random.default_rng(seed).permutation(len(split))[:most]))


def judge(answer: Callable[[Pictures], Answers], contest: Contest) -> Scores:
    """Judge a contestant.

    Args:
        answer: takes pictures uint8 (n, height, width, channels).
        contest: what it is judged on.

    Raises:
        DataError: too few pictures to make pairs of both kinds.
    """
    gallery = answer(contest.gallery.pictures)
    validation = answer(contest.validation.pictures)
    test = answer(contest.test.pictures)
    left, right, same = sample_pairs(contest.validation.labels, PAIRS, seed=contest.seed)
    threshold = best_threshold(pair_distances(validation.embeddings, left, right), same)

    places = exact_neighbours(test.embeddings, gallery.embeddings, VOTERS)
    near = contest.gallery.labels[places.positions]
    votes = count_votes(places.distances, near).labels
    labels = votes if test.labels is None else test.labels
    label_correct = labels == contest.test.labels
    seen = {
        "accuracy": mean(label_correct, contest.seed),
        **pair_figures(test.embeddings, labels, contest.test.labels, threshold, contest.seed),
        "recall@1": mean(near[:, 0] == contest.test.labels, contest.seed),
    }
    if contest.support is None or contest.queries is None:
        return Scores(seen, {}, label_correct, np.zeros(0, bool))

    support, queries = answer(contest.support.pictures), answer(contest.queries.pictures)
    everything = np.concatenate([gallery.embeddings, support.embeddings])
    everything_labels = np.concatenate([contest.gallery.labels, contest.support.labels])
    places = exact_neighbours(queries.embeddings, everything, VOTERS)
    near = everything_labels[places.positions]
    votes = count_votes(places.distances, near).labels
    labels = votes if queries.labels is None else queries.labels
    unseen_correct = near[:, 0] == contest.queries.labels
    unseen = {
        **pair_figures(queries.embeddings, labels, contest.queries.labels, threshold, contest.seed),
        "recall@1": mean(unseen_correct, contest.seed),
    }
    return Scores(seen, unseen, label_correct, unseen_correct)


def mean(right: Booleans, seed: int) -> Figure:
    """Return a share of pictures and its interval."""
    return float(right.mean()), bootstrap_mean(right, seed=seed)


def pair_figures(
    embeddings: Vectors,
    predictions: Integers,
    labels: Integers,
    threshold: float,
    seed: int,
) -> dict[str, Figure]:
    """Score pairs by distance and by equal labels; nothing where only one class is left."""
    if len(np.unique(labels)) < 2:
        return {}
    left, right, same = sample_pairs(labels, PAIRS, seed=seed)
    distances = pair_distances(embeddings, left, right)
    scores = score_pairs(distances, same, left, right, threshold=threshold, seed=seed)
    right_by_label = (predictions[left] == predictions[right]) == (same == 1)

    def balanced_accuracy(weights: Reals) -> list[np.floating]:
        shares = [
            np.average(right_by_label[same == kind], weights=weights[same == kind])
            if weights[same == kind].any()
            else np.nan
            for kind in (0, 1)
        ]
        return [np.mean(shares)]

    [by_label] = bootstrap_pairs(balanced_accuracy, left, right, seed=seed)
    return {
        "pair_accuracy": scores.figures["accuracy"],
        "pair_auc": scores.figures["auc"],
        "pair_accuracy_by_label": by_label,
    }
