"""How well a picture finds its own class in a gallery: Recall@k, MAP@R, R-precision, k-NN accuracy.

Neighbours are exact (FAISS). Where the gallery is the queries themselves, no picture finds itself.
MAP@R: "A Metric Learning Reality Check", Musgrave, Belongie and Lim, ECCV 2020: with R gallery
items of the query's class, (1/R) * the sum over ranks i <= R that are right of precision at i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers
from siam.evaluation.distances import Embedded
from siam.evaluation.votes import count_votes
from siam.parallel import parallel_map
from siam.progress import Progress, silent
from siam.unit_vectors import Neighbours, exact_neighbours

__all__ = ["RANKS", "Retrieval", "retrieve"]

RANKS = (1, 5, 10)
# Distances that a thread holds at once while MAP@R is computed: about 100 MB with their copies.
ENTRIES_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Retrieval:
    """What each query found; averages over `answerable` queries are the figures.

    Attributes:
        neighbours: the nearest gallery items of every query, at least 10 where there are as many.
        neighbour_labels: int64 (n, k), their labels.
        predictions: int64 (n,), what the nearest vote for, -1 without any.
        answerable: bool (n,), whether the gallery holds the query's class, its own row apart.
        hits: rank k -> bool (n,), whether one of the k nearest is of the query's class.
        correct: bool (n,), whether the predicted label is the query's.
        average_precision, r_precision: float64 (n,), 0 to 1, 0 for queries that are not answerable.
    """

    neighbours: Neighbours
    neighbour_labels: Integers
    predictions: Integers
    answerable: Booleans
    hits: dict[int, Booleans]
    correct: Booleans
    average_precision: Floats
    r_precision: Floats

    def figures(self) -> dict[str, Floats]:
        """Return figure name -> its value, 0 to 1, for each answerable query."""
        values: dict[str, Floats | Booleans] = {
            **{f"recall@{rank}": hit for rank, hit in self.hits.items()},
            "map@r": self.average_precision,
            "r_precision": self.r_precision,
            "knn_accuracy": self.correct,
        }
        return {name: value[self.answerable].astype(np.float64) for name, value in values.items()}


def retrieve(
    queries: Embedded,
    gallery: Embedded,
    *,
    voters: int = 10,
    same_set: bool = False,
    neighbours: Neighbours | None = None,
    progress: Progress = silent,
) -> Retrieval:
    """Search every query in the gallery and judge what it finds.

    Args:
        queries: n pictures.
        gallery: what they are searched in.
        voters: how many neighbours vote on a label.
        same_set: the queries are the gallery, row for row; none then finds itself.
        neighbours: the nearest, as many as there are voters and `RANKS`, where they are known.
    """
    neighbours = neighbours or exact_neighbours(
        queries.embeddings,
        gallery.embeddings,
        max(voters, *RANKS),
        same_set=same_set,
        progress=progress,
    )
    labels = gallery.labels[neighbours.positions]
    votes = count_votes(neighbours.distances[:, :voters], labels[:, :voters])
    sizes = np.bincount(gallery.labels, minlength=queries.labels.max(initial=0) + 1)
    relevant = sizes[queries.labels] - same_set
    average_precision, r_precision = _within_r(queries, gallery, relevant, same_set, progress)
    matches = labels == queries.labels[:, None]
    return Retrieval(
        neighbours=neighbours,
        neighbour_labels=labels,
        predictions=votes.labels,
        answerable=relevant > 0,
        hits={rank: matches[:, :rank].any(axis=1) for rank in RANKS},
        correct=votes.labels == queries.labels,
        average_precision=average_precision,
        r_precision=r_precision,
    )


def _within_r(
    queries: Embedded,
    gallery: Embedded,
    relevant: Integers,
    same_set: bool,
    progress: Progress,
) -> tuple[Floats, Floats]:
    """Return MAP@R's term and R-precision of each query.

    R is thousands where a class has thousands of pictures. Of those nearest R hardly any is wrong,
    so it is cheaper to sort the right ones and count the wrong ones between than to sort all.
    """
    from threadpoolctl import threadpool_limits

    query_labels = queries.labels
    average_precision = np.zeros(len(query_labels))
    r_precision = np.zeros(len(query_labels))
    order = np.argsort(gallery.labels, kind="stable")  # each class becomes one slice
    by_class = np.ascontiguousarray(gallery.embeddings[order].T)
    ordered_labels = gallery.labels[order]
    place = np.argsort(order)
    rows_at_once = max(1, ENTRIES_AT_ONCE // max(1, len(order)))

    def rank(rows: Integers) -> int:
        begin, end = np.searchsorted(ordered_labels, query_labels[rows[0]] + np.arange(2))
        depth = int(relevant[rows[0]])
        if not depth:
            return len(rows)
        places = np.arange(1, depth + 1)
        # Rises with distance, which is all that ranks need.
        distances = -queries.embeddings[rows] @ by_class
        if same_set:
            distances[np.arange(len(rows)), place[rows]] = np.inf
        # A class holds exactly R right items (the query's own row, infinite, comes last).
        right = np.sort(distances[:, begin:end], axis=1)[:, :depth]
        distances[:, begin:end] = np.inf
        # A wrong item beyond the last right one moves no rank.
        close = distances <= right[:, -1:]
        for row, near, all_far, is_close in zip(rows, right, distances, close, strict=True):
            wrong = np.sort(all_far[is_close])[:depth]
            # Ranks count from 1; at an equal distance the wrong item is ranked first. There are
            # mostly few: each is looked for among the right ones, not each right one among them.
            before = np.bincount(np.searchsorted(near, wrong), minlength=depth)
            ranks = places + np.cumsum(before)
            hits = int(np.searchsorted(ranks, depth, side="right"))
            average_precision[row] = np.sum(places[:hits] / ranks[:hits]) / depth
            r_precision[row] = hits / depth
        return len(rows)

    blocks = (
        members[start : start + rows_at_once]
        for members in (np.flatnonzero(query_labels == label) for label in np.unique(query_labels))
        for start in range(0, len(members), rows_at_once)
    )
    position = 0
    # Each block by a thread of its own, so that sorting takes every core, not the products alone.
    with threadpool_limits(1, "blas"):
        for count in parallel_map(rank, blocks, ahead=1):
            position += count
            progress("Ranking the gallery", position, len(query_labels))
    return average_precision, r_precision
