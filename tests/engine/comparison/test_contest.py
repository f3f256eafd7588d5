"""The rules of a comparison, on contestants made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from siam.datasets.dataset import Dataset, Split
from siam.engine.comparison.contest import Answers, Contest, Scores, draw_contest, judge


def split(labels: np.ndarray, name: str) -> Split:
    """Pictures whose first pixel is their label, so that a contestant can be made to know it."""
    pictures = np.zeros((len(labels), 4, 4, 1), np.uint8)
    pictures[:, 0, 0, 0] = labels
    return Split(pictures, labels, tuple(f"{name}/{i}" for i in range(len(labels))))


def dataset(unseen: int = 40) -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(
        name="made",
        source="here",
        classes=("a", "b", "c"),
        train=split(rng.integers(0, 3, 90), "train"),
        validation=split(rng.integers(0, 3, 60), "validation"),
        test=split(rng.integers(0, 3, 60), "test"),
        prepare="none",
        unseen=split(rng.integers(3, 5, unseen), "unseen") if unseen else None,
        unseen_classes=("d", "e") if unseen else (),
    )


def knows_all(pictures: np.ndarray) -> Answers:
    """Every class on an axis of its own."""
    labels = pictures[:, 0, 0, 0].astype(np.int64)
    return Answers(np.eye(8, dtype=np.float32)[labels], labels)


def names_nothing(pictures: np.ndarray) -> Answers:
    """As sure as `knows_all` of distances, but calls every picture class 0."""
    return Answers(knows_all(pictures).embeddings, np.zeros(len(pictures), np.int64))


def test_a_contestant_that_knows_all_scores_one_everywhere() -> None:
    scores = judge(knows_all, draw_contest(dataset(), seed=0))
    assert {name: value for name, (value, _) in scores.seen.items()} == {
        "accuracy": 1,
        "pair_accuracy": 1,
        "pair_auc": 1,
        "pair_accuracy_by_label": 1,
        "recall@1": 1,
    }
    assert all(value == 1 for value, _ in scores.unseen.values())
    # Nothing went wrong among 60 pictures, which does not say that nothing ever would.
    assert all(low < 1 == high for _, (low, high) in scores.seen.values())


def test_labels_and_distances_are_judged_apart() -> None:
    contest = draw_contest(dataset(), seed=0)
    scores = judge(names_nothing, contest)
    assert scores.seen["accuracy"][0] == pytest.approx(np.mean(contest.test.labels == 0))
    # "Same" is then said of every pair: right for the one half, wrong for the other.
    assert scores.seen["pair_accuracy_by_label"][0] == pytest.approx(0.5)
    assert scores.seen["pair_accuracy"][0] == 1
    assert scores.label_correct.sum() == (contest.test.labels == 0).sum()


def test_without_labels_the_neighbours_name() -> None:
    scores = judge(lambda p: Answers(knows_all(p).embeddings), draw_contest(dataset(), seed=0))
    assert scores.seen["accuracy"][0] == 1


def test_new_classes_are_found_only_once_they_are_shown() -> None:
    contest = draw_contest(dataset(), seed=0)
    assert contest.support is not None and contest.queries is not None
    assert not set(contest.support.origins) & set(contest.queries.origins)
    nothing_shown = Contest(
        contest.gallery,
        contest.validation,
        contest.test,
        contest.support.take(np.arange(0)),
        contest.queries,
        0,
    )
    assert judge(knows_all, nothing_shown).unseen["recall@1"][0] == 0
    assert judge(knows_all, contest).unseen["recall@1"][0] == 1


def test_no_class_held_out_gives_no_figures_of_new_classes() -> None:
    scores = judge(knows_all, draw_contest(dataset(unseen=0), seed=0))
    assert scores.unseen == {}
    assert scores.to_dict()["unseen"] is None


def test_each_figure_has_its_interval_beside_it() -> None:
    scores = Scores({"accuracy": (0.5, (0.4, 0.6))}, {}, np.ones(1, bool), np.zeros(0, bool))
    assert scores.to_dict()["seen"] == {"accuracy": 0.5, "accuracy_ci95": [0.4, 0.6]}


def test_the_same_seed_draws_the_same_contest() -> None:
    first, again = (draw_contest(dataset(), seed=5).queries for _ in range(2))
    assert first is not None and again is not None
    assert first.origins == again.origins
