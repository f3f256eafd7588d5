"""Held-out classes beside trained ones, on embeddings whose figures are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from siam.engine.novel_classes import compare_unseen
from siam.evaluation.distances import Embedded


def on_axes(labels: list[int], axes: list[int], dim: int = 8) -> Embedded:
    """Embeddings that are unit vectors along an axis each."""
    return Embedded(np.eye(dim, dtype=np.float32)[axes], np.array(labels))


def clouds(labels: np.ndarray, *, spread: float, seed: int, dim: int = 32) -> Embedded:
    """A random direction per class, and pictures around it."""
    centres = np.random.default_rng(9).standard_normal((int(labels.max()) + 1, dim))
    noise = np.random.default_rng(seed).standard_normal((len(labels), dim))
    rows = centres[labels] + spread * noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Embedded(rows.astype(np.float32), labels)


def test_classes_that_lie_apart_are_told_without_a_mistake() -> None:
    gallery = on_axes([0, 0, 1, 1], [0, 0, 1, 1])
    unseen = on_axes([2, 2, 2, 2, 3, 3, 3, 3], [2, 2, 2, 2, 3, 3, 3, 3])
    figures = compare_unseen(gallery, unseen, gallery, threshold=0.5)
    assert figures["gallery_count"] == 4 + 4
    for kind, pictures in (("seen", 4), ("unseen", 8)):
        scores = figures[kind]
        assert (scores["classes"], scores["pictures"]) == (2, pictures)
        assert scores["recall@1"] == scores["pair_accuracy"] == 1.0
        assert [(row["protocol"], row["ways"]) for row in scores["one_shot"]] == [
            ("all classes", 2)
        ]
        assert scores["one_shot"][0]["accuracy"] == 1.0


def test_a_new_class_around_an_old_one_is_not_found_in_the_joint_gallery() -> None:
    gallery = on_axes([0, 0, 1, 1], [0, 0, 1, 1])
    # cos = 0.89 to class 0, but only 0.8 to each other: each takes class 0 for its own.
    around = np.eye(8)[[0, 0, 0, 0]] + 0.5 * np.eye(8)[[4, 5, 6, 7]]
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    rows = np.concatenate([around, np.eye(8)[[3, 3, 3, 3]]]).astype(np.float32)
    unseen = Embedded(rows, np.repeat([2, 3], 4))
    figures = compare_unseen(gallery, unseen, gallery, threshold=0.7)
    assert figures["seen"]["recall@1"] == 1.0
    assert figures["unseen"]["recall@1"] == 0.5
    assert figures["unseen"]["pair_accuracy"] == 1.0


def test_recall_agrees_with_a_plain_loop() -> None:
    seen = clouds(np.repeat(np.arange(6), 5), spread=0.9, seed=1)
    gallery = clouds(np.repeat(np.arange(6), 8), spread=0.9, seed=2)
    unseen = clouds(np.repeat(np.arange(6, 10), 10), spread=0.9, seed=3)
    figures = compare_unseen(seen, unseen, gallery, threshold=1.0, seed=4)
    from siam.datasets.splits import split_off

    asked, added = split_off(unseen.labels, 20, seed=4)
    rows = [*gallery.embeddings, *unseen.embeddings[added]]
    names = [*gallery.labels, *unseen.labels[added]]
    for kind, queries, labels in (
        ("seen", seen.embeddings, seen.labels),
        ("unseen", unseen.embeddings[asked], unseen.labels[asked]),
    ):
        hits = 0
        for query, label in zip(queries, labels, strict=True):
            nearest = min(range(len(rows)), key=lambda i: float(np.sum((rows[i] - query) ** 2)))
            hits += int(names[nearest] == label)
        assert figures[kind]["recall@1"] == pytest.approx(hits / len(labels))
        low, high = figures[kind]["recall@1_ci95"]
        assert low <= figures[kind]["recall@1"] <= high


def test_both_kinds_get_the_ways_that_the_smaller_one_allows() -> None:
    seen = clouds(np.repeat(np.arange(30), 4), spread=0.5, seed=1)
    unseen = clouds(np.repeat(np.arange(30, 37), 4), spread=0.5, seed=2)
    figures = compare_unseen(seen, unseen, seen, threshold=1.0)
    assert [row["ways"] for row in figures["seen"]["one_shot"]] == [5]
    assert [row["ways"] for row in figures["unseen"]["one_shot"]] == [5]


def test_groups_add_trials_within_a_group() -> None:
    seen = clouds(np.repeat(np.arange(12), 4), spread=0.5, seed=1)
    unseen = clouds(np.repeat(np.arange(12, 24), 4), spread=0.5, seed=2)
    groups = ["a"] * 6 + ["b"] * 6 + ["c"] * 12
    figures = compare_unseen(seen, unseen, seen, threshold=1.0, groups=groups)
    for kind in ("seen", "unseen"):
        protocols = [(row["protocol"], row["ways"]) for row in figures[kind]["one_shot"]]
        assert protocols == [("all classes", 10), ("within group", 5)]


def test_one_held_out_class_makes_no_pairs_and_no_trials() -> None:
    seen = on_axes([0, 0, 1, 1], [0, 0, 1, 1])
    figures = compare_unseen(seen, on_axes([2, 2, 2, 2], [2, 2, 2, 2]), seen, threshold=0.5)
    assert figures["unseen"]["recall@1"] == 1.0
    assert figures["unseen"]["pair_accuracy"] is None
    assert figures["unseen"]["one_shot"] == figures["seen"]["one_shot"] == []


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures_and_they_are_plain_json() -> None:
    seen = clouds(np.repeat(np.arange(6), 5), spread=0.9, seed=1)
    unseen = clouds(np.repeat(np.arange(6, 10), 10), spread=0.9, seed=3)
    first, again = (compare_unseen(seen, unseen, seen, threshold=1.0, seed=3) for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)
