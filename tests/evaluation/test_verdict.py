from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from siam.engine.answers.answer import explain
from siam.errors import UsageError
from siam.evaluation.appearance import Appearance
from siam.evaluation.verdict import SURE, decide

FAMILIAR = np.array([[0.2, 0.2, 0.25, 0.3, 0.3, 0.31, 0.32, 0.33, 0.34, 0.35]])
ONE_LABEL = np.full((1, 10), 2)


@pytest.fixture
def fitted(calibration):
    """Labels held by all at 0.3 are right with 99 %, held by half of the votes with 69 %."""
    return replace(
        calibration, threshold=0.8, familiar=0.5, unfamiliar=0.7, label_weights=(-2.0, 8.0, -4.0)
    )


def test_a_familiar_picture_is_a_match(fitted):
    (verdict,) = decide(FAMILIAR, ONE_LABEL, fitted)
    assert (verdict.verdict, verdict.label) == ("match", 2)
    assert verdict.probability > 0.9


def test_a_picture_far_from_everything_is_no_match(fitted):
    (verdict,) = decide(FAMILIAR + 1.2, ONE_LABEL, fitted)
    assert verdict.verdict == "no match"


def test_between_familiar_and_unfamiliar_is_unsure(fitted):
    (verdict,) = decide(FAMILIAR + 0.35, ONE_LABEL, fitted)
    assert verdict.verdict == "unsure"


def test_within_the_threshold_but_unlike_anything_is_no_match(fitted):
    (verdict,) = decide(FAMILIAR + 0.55, ONE_LABEL, fitted)
    assert verdict.verdict == "no match"


def test_neighbours_that_disagree_are_unsure(fitted):
    (verdict,) = decide(FAMILIAR, np.array([[2, 3] * 5]), fitted)
    assert verdict.verdict == "unsure"


def test_a_near_picture_of_another_kind_is_unsure_unless_a_threshold_by_hand_decides(fitted):
    appearance = Appearance(mean=(0.0,), precision=((1.0,),), limit=1.5)
    both, unlike = np.repeat(FAMILIAR, 2, axis=0), np.array([1.4, 1.6])
    labels, run = np.full((2, 10), 2), replace(fitted, appearance=appearance)
    alike, other = decide(both, labels, run, unlikeness=unlike)
    assert (alike.verdict, alike.finding) == ("match", "near")
    assert (other.verdict, other.finding, other.distance, other.limit) == (
        *("unsure", "unlike"),
        *(1.6, 1.5),
    )
    assert other.probability <= 0.5
    by_hand = decide(both, labels, run, unlikeness=unlike, threshold=0.8)
    assert [verdict.verdict for verdict in by_hand] == ["match", "match"]


@pytest.mark.parametrize(
    ("added", "labels", "finding", "distance", "limit"),
    [
        (0.0, ONE_LABEL, "near", 0.2, 0.8),
        (0.35, ONE_LABEL, "loose", 0.6, 0.5),
        (0.55, ONE_LABEL, "unfamiliar", 0.8, 0.7),
        (1.2, ONE_LABEL, "far", 1.4, 0.8),
        (0.0, np.array([[2, 3] * 5]), "divided", 0.2, 0.8),
        (np.inf, ONE_LABEL, "alone", 2.0, 0.8),
    ],
)
def test_what_decided_is_told_with_what_was_compared(
    fitted, added, labels, finding, distance, limit
):
    (verdict,) = decide(FAMILIAR + added, labels, fitted)
    assert verdict.finding == finding
    assert (verdict.distance, verdict.limit) == (pytest.approx(distance), limit)


def test_threshold_zero_by_hand_lets_only_copies_match(fitted):
    near, copy = FAMILIAR, FAMILIAR.copy()
    copy[0, 0] = 0.0
    both = np.vstack([near, copy])
    found = decide(both, np.full((2, 10), 2), fitted, threshold=0.0)
    assert [verdict.verdict for verdict in found] == ["no match", "match"]


def test_threshold_by_hand_alone_decides_what_is_no_match(fitted):
    (verdict,) = decide(FAMILIAR + 1.2, ONE_LABEL, fitted, threshold=2.0)
    assert verdict.verdict != "no match"


def test_a_smaller_rate_is_stricter(calibration):
    distances = np.sort(np.random.default_rng(0).uniform(0, 1.5, (200, 10)), axis=1)
    labels = np.full((200, 10), 1)
    refused = [
        sum(
            v.verdict == "no match"
            for v in decide(distances, labels, calibration, false_accept_rate=rate)
        )
        for rate in (0.5, 0.05, 0.005, 0.0005)
    ]
    assert refused == sorted(refused)


def test_without_neighbours_there_is_no_match(fitted):
    for distances in (np.zeros((1, 0)), np.full((1, 4), np.inf)):
        (verdict,) = decide(distances, np.zeros(distances.shape, int), fitted)
        assert (verdict.verdict, verdict.label, verdict.probability) == ("no match", -1, 0.0)
        (by_hand,) = decide(distances, np.zeros(distances.shape, int), fitted, threshold=2.0)
        assert by_hand.verdict == "no match"


def test_no_pictures_no_verdicts(fitted):
    assert decide(np.zeros((0, 10)), np.zeros((0, 10), int), fitted) == []


def test_many_at_once_equal_one_by_one(calibration):
    distances = np.sort(np.random.default_rng(1).uniform(0, 2, (50, 10)), axis=1)
    labels = np.random.default_rng(2).integers(0, 3, (50, 10))
    together = decide(distances, labels, calibration)
    alone = [
        decide(d[None], n[None], calibration)[0] for d, n in zip(distances, labels, strict=True)
    ]
    assert [(v.verdict, v.label) for v in together] == [(v.verdict, v.label) for v in alone]


def test_a_label_of_few_pictures_can_match(fitted):
    """Three pictures were added under a new label: the other seven neighbours are far away."""
    distances = np.array([[0.2, 0.22, 0.25, *[1.3] * 7]])
    labels = np.array([[9, 9, 9, 0, 1, 2, 3, 0, 1, 2]])
    (verdict,) = decide(distances, labels, fitted)
    assert verdict.label == 9
    assert verdict.verdict != "no match"


def test_rate_and_threshold_exclude_each_other(fitted):
    with pytest.raises(UsageError, match="exclude each other"):
        decide(FAMILIAR, ONE_LABEL, fitted, false_accept_rate=0.01, threshold=0.5)


# As far apart as float32 tells distances apart.
DISTANCES = st.integers(0, 2_000_000).map(lambda steps: steps / 1_000_000)


@given(st.data())
def test_verdict_probability_reason_and_limits_never_contradict_each_other(calibration, data):
    limits = sorted(data.draw(st.lists(DISTANCES, min_size=2, max_size=2)))
    weights = tuple(data.draw(st.lists(st.floats(-20, 20), min_size=3, max_size=3)))
    run = replace(
        calibration,
        threshold=data.draw(DISTANCES),
        familiar=limits[0],
        unfamiliar=limits[1],
        label_weights=weights,
        appearance=Appearance(mean=(0.0,), precision=((1.0,),), limit=data.draw(DISTANCES)),
    )
    unlike = data.draw(DISTANCES)
    drawn = data.draw(st.lists(st.tuples(DISTANCES, st.integers(0, 2)), min_size=1, max_size=10))
    distances, labels = (np.array(column) for column in zip(*sorted(drawn), strict=True))
    by_hand = data.draw(st.none() | DISTANCES)
    (verdict,) = decide(
        distances[None], labels[None], run, unlikeness=np.array([unlike]), threshold=by_hand
    )
    of_label = distances[labels == verdict.label]
    near = of_label[0] <= (run.threshold if by_hand is None else by_hand)
    close = of_label[:5].mean()
    if verdict.verdict == "match":
        assert near and verdict.probability >= SURE
        alike = close <= run.familiar + 1e-9 and unlike <= run.appearance.limit
        assert by_hand is not None or alike
    elif verdict.verdict == "unsure":
        assert near and verdict.probability < SURE
        assert by_hand is not None or close <= run.unfamiliar + 1e-9
    else:
        assert verdict.probability <= 0.5
        assert not near or close > run.unfamiliar - 1e-9
    told = explain(verdict, "x")
    numbers = [float(word) for word in re.findall(r"\d\.\d+", told)]
    if verdict.finding == "near":
        assert numbers[0] <= numbers[1]
    elif verdict.finding != "divided":
        assert max(numbers) > min(numbers), told
    else:
        assert f"{verdict.probability:.1%}" in told
