from __future__ import annotations

import numpy as np
import pytest

from siam.errors import UsageError
from siam.evaluation.episodes import Trial, draw_trials, score_trials

GROUPS = ("a", "a", "b", "b")


def loop_accuracy(vectors: np.ndarray, trials: list[Trial]) -> float:
    answers = []
    for trial in trials:
        means = {}
        for label in set(trial.support_labels.tolist()):
            mean = vectors[trial.support[trial.support_labels == label]].astype(float).mean(axis=0)
            means[label] = mean / np.linalg.norm(mean)
        for row, label in zip(trial.queries, trial.query_labels, strict=True):
            gaps = {name: np.linalg.norm(vectors[row] - mean) for name, mean in means.items()}
            answers.append(min(gaps, key=gaps.get) == label)
    return float(np.mean(answers))


@pytest.mark.parametrize(("ways", "shots"), [(2, 1), (4, 1), (3, 5)])
def test_accuracy_equals_a_loop(clusters, ways, shots):
    vectors, labels = clusters(80, spread=0.6)
    trials = draw_trials(labels, ways=ways, shots=shots, trials=40, seed=3)
    scores = score_trials(vectors, trials)
    assert scores.accuracy == pytest.approx(loop_accuracy(vectors, trials))
    assert scores.accuracy_ci95[0] <= scores.accuracy <= scores.accuracy_ci95[1]
    assert (scores.trials, scores.questions) == (40, 40 * ways)


def test_drawn_trials_keep_the_protocol(clusters):
    _, labels = clusters(60)
    for trial in draw_trials(labels, ways=2, shots=3, trials=30, seed=0, groups=GROUPS):
        assert len(set(trial.query_labels.tolist())) == 2
        assert len({GROUPS[label] for label in trial.query_labels}) == 1
        assert np.array_equal(labels[trial.support], trial.support_labels)
        assert np.array_equal(labels[trial.queries], trial.query_labels)
        assert not set(trial.support.tolist()) & set(trial.queries.tolist())
        assert len(set(trial.support.tolist())) == 6


def test_the_same_seed_draws_the_same_trials(clusters):
    _, labels = clusters(40)
    first, second = (draw_trials(labels, ways=3, shots=1, trials=5, seed=7) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.support, other.support)


def test_published_trials_are_scored_as_they_are():
    """Two runs of two classes: the second asks about a picture that looks like the wrong class."""
    vectors = np.array([[1, 0], [0, 1], [0.8, 0.6], [0.6, 0.8]], np.float32)
    first = Trial(np.array([0, 1]), np.array([5, 6]), np.array([2, 3]), np.array([5, 6]))
    second = Trial(np.array([0, 1]), np.array([5, 6]), np.array([3]), np.array([5]))
    assert score_trials(vectors, [first, second]).accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("ways", "shots", "groups", "words"),
    [
        (5, 1, (), "5-way 1-shot needs 5 classes of 2 pictures, received at most 4"),
        (2, 15, (), "received at most 0"),
        (3, 1, GROUPS, "in one group, received at most 2"),
        (1, 1, (), "at least 2 and 1"),
        (2, 0, (), "at least 2 and 1"),
    ],
)
def test_trials_that_cannot_be_drawn_are_refused(clusters, ways, shots, groups, words):
    _, labels = clusters(60)
    with pytest.raises(UsageError, match=words):
        draw_trials(labels, ways=ways, shots=shots, trials=3, seed=0, groups=groups)


def test_no_trial_is_no_score():
    with pytest.raises(UsageError, match="received none"):
        score_trials(np.eye(2), [])
