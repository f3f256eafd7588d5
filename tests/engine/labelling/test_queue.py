"""The order of the queue, by its definition: least sure, far from all others, doubles last."""

from __future__ import annotations

import numpy as np
import pytest

from siam.array_types import Floats, Vectors
from siam.engine.answers.answer import Answer
from siam.engine.labelling.queue import (
    ALIKE,
    distance_to_boundary,
    rank_answers,
    rank_pictures,
)


def units(count: int, dim: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def rank_slowly(vectors: Vectors, doubts: Floats, seeds: Vectors, doubles: float) -> list[int]:
    """The definition, with every distance computed anew for every choice."""

    def nearest(row: int, others: list[Vectors]) -> float:
        return min((float(np.linalg.norm(vectors[row] - o)) for o in others), default=np.inf)

    waiting, order, seen = list(range(len(vectors))), [], list(seeds)
    while waiting:
        aside = []
        while waiting:
            near = [row for row in waiting if nearest(row, seen) < doubles]
            aside += near
            waiting = sorted(set(waiting) - set(near), key=lambda row: (doubts[row], row))
            if waiting:
                alike = [row for row in waiting if doubts[row] <= doubts[waiting[0]] + ALIKE]
                chosen = max(alike, key=lambda row: nearest(row, seen))
                order.append(chosen)
                seen.append(vectors[chosen])
                waiting.remove(chosen)
        waiting, seen = aside, []
    return order


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("doubles", [0.05, 0.6, 1.2])
def test_the_order_is_that_of_the_definition(seed: int, doubles: float) -> None:
    vectors = units(60, 4, seed)
    vectors[40:] = vectors[:20]  # the very same again
    doubts = np.random.default_rng(seed).integers(0, 50, 60) / 10  # with ties
    seeds = units(seed, 4, seed + 100)
    order = list(rank_pictures(vectors, doubts, seeds=seeds, doubles=doubles))
    assert order == rank_slowly(vectors, doubts, seeds, doubles)
    assert sorted(order) == list(range(60))


def test_of_doubles_one_comes_before_all_else_and_the_others_after() -> None:
    near = units(1, 8, 0).repeat(5, axis=0) + np.float32(1e-3) * units(5, 8, 1)
    vectors = np.concatenate([near / np.linalg.norm(near, axis=1, keepdims=True), units(3, 8, 2)])
    order = list(rank_pictures(vectors, np.arange(8.0)))
    assert sorted(order[:4]) == [0, 5, 6, 7]
    assert order[4:] == [1, 2, 3, 4]


def test_what_was_looked_at_is_not_shown_again_in_another_copy() -> None:
    vectors = units(4, 8, 0)
    assert list(rank_pictures(vectors, np.zeros(4), seeds=vectors[:1]))[-1] == 0


def test_nothing_is_ranked_as_nothing() -> None:
    assert list(rank_pictures(np.empty((0, 4), np.float32), np.empty(0))) == []
    assert rank_answers([], 3) == []


def test_the_boundary_is_where_a_match_begins() -> None:
    away = distance_to_boundary([0.0, 0.5, 0.89, 0.9, 0.91, 1.0])
    assert away.argmin() == 3 and away[3] == 0
    assert away[0] > away[1] > away[2] and away[5] > away[4]
    assert np.isfinite(away).all()


def test_answers_without_embeddings_are_ranked_by_their_probability() -> None:
    answers = [Answer(str(p), "unsure", "cat", p, "") for p in (0.1, 0.85, 0.99)]
    assert [one.input for one in rank_answers(answers, 2)] == ["0.85", "0.99"]
