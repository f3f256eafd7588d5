"""A calibration for one picture of each class: surer there than one learned beside many."""

from __future__ import annotations

import numpy as np
import pytest

from siam.array_types import Integers, Vectors
from siam.evaluation.calibration import Calibration
from siam.evaluation.calibration_fit import fit_calibration
from siam.evaluation.distances import Embedded
from siam.evaluation.episode_calibration import calibrate_episodes
from siam.evaluation.episodes import draw_trials
from siam.evaluation.verdict import Verdict, decide
from siam.unit_vectors import exact_neighbours

CLASSES, OF_EACH = 40, 16


def pictures(seed: int) -> tuple[Vectors, Integers]:
    """Draw unit rows around the centres of classes, the same ones for every seed."""
    labels = np.repeat(np.arange(CLASSES), OF_EACH)
    centres = np.random.default_rng(0).normal(size=(CLASSES, 32))
    rows = centres[labels] + np.random.default_rng(seed).normal(0, 0.45, (len(labels), 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture(scope="module")
def both() -> tuple[Calibration, Calibration]:
    train, labels = pictures(1)
    validation, _ = pictures(2)
    whole = fit_calibration(Embedded(validation, labels), Embedded(train, labels))
    trials = draw_trials(labels, ways=20, shots=1, trials=60, seed=0)
    return whole, calibrate_episodes(whole, validation, trials)


def one_shot(calibration: Calibration, *, strangers: bool) -> tuple[list[Verdict], Integers]:
    """Ask about new pictures beside one of each of the first twenty classes, or about others."""
    rows, labels = pictures(3)
    known = np.arange(0, 20 * OF_EACH, OF_EACH)
    asked = np.flatnonzero(
        (labels >= 20) if strangers else (labels < 20) & (np.arange(len(labels)) % OF_EACH > 0)
    )
    near = exact_neighbours(rows[asked], rows[known], calibration.neighbours)
    return decide(near.distances, labels[known][near.positions], calibration), labels[asked]


def test_pairs_mean_what_they_meant(both: tuple[Calibration, Calibration]) -> None:
    whole, episodes = both
    assert (episodes.threshold, episodes.distances) == (whole.threshold, whole.distances)
    assert episodes.familiar > whole.familiar and episodes.unfamiliar > whole.unfamiliar


def test_right_answers_beside_one_picture_of_each_are_matches(
    both: tuple[Calibration, Calibration],
) -> None:
    def matches(calibration: Calibration) -> tuple[float, float]:
        verdicts, labels = one_shot(calibration, strangers=False)
        said = np.array([verdict.verdict == "match" for verdict in verdicts])
        right = np.array([verdict.label for verdict in verdicts]) == labels
        return float(said.mean()), float(right[said].mean()) if said.any() else 1.0

    whole, episodes = map(matches, both)
    assert episodes[0] > whole[0] + 0.2 and episodes[1] > 0.95


def test_classes_that_are_not_there_are_hardly_called_a_match(
    both: tuple[Calibration, Calibration],
) -> None:
    verdicts, _ = one_shot(both[1], strangers=True)
    assert np.mean([verdict.verdict == "match" for verdict in verdicts]) < 0.05
