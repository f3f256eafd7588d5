"""What a run is said to be good for follows from its figures."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from siam.evaluation.assessment import assess


def one_class(name: str, count: int, recall: float) -> dict[str, Any]:
    return {
        "name": name,
        "count": count,
        "recall": recall,
        "indexed": 4 * count,
        "mistaken_for": [{"name": "large", "count": 5}] if recall < 0.5 else [],
    }


GOOD: dict[str, Any] = {
    "pairs": {"accuracy": 0.99},
    "retrieval": {"recall@1": 0.99, "queries": 500},
    "verdicts": {"match": {"share": 0.95, "right": 0.999}},
    "unfamiliar": {"noise": {"match": 0.0}},
    "calibration": {"validation_pictures": 400, "operating_points": []},
    "classes": [one_class("large", 90, 1.0), one_class("small", 6, 1.0)],
}


def judged(changes: dict[str, Any], **options: Any) -> tuple[str, list[str]]:
    metrics = copy.deepcopy(GOOD) | changes
    assessment = assess(metrics, **options)
    return assessment["verdict"], assessment["advice"]


def test_a_good_run_may_decide_alone_and_needs_nothing() -> None:
    verdict, advice = judged({})
    assert verdict.startswith("Good enough to decide alone where it says match. 99.00 % of test")
    assert advice == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unfamiliar": {"noise": {"match": 0.0}, "inverted": {"match": 0.03}}}, "3 of 100 stran"),
        ({"unfamiliar": {"class not in the gallery": {"match": 0.5}}}, "50 of 100 pictures of an"),
        ({"verdicts": {"match": {"share": 0.95, "right": 0.97}}}, "3.0 of 100 matches are wrong"),
        ({"verdicts": {"match": {"share": 0.4, "right": 1.0}}}, "no more than 40 of 100"),
        ({"retrieval": {"recall@1": 0.9, "queries": 500}}, "10 of 100 labels are wrong"),
        ({"retrieval": {"recall@1": 0.99, "queries": 40}}, "judged by 40 pictures only"),
    ],
)
def test_what_forbids_to_decide_alone_is_said(changes: dict[str, Any], reason: str) -> None:
    verdict, _ = judged(changes)
    assert verdict.startswith("Good enough to sort; not to decide alone: " + reason)


@pytest.mark.parametrize(
    ("recall", "words"),
    [(0.7, "Good enough to suggest labels to a person; not to sort: 30"), (0.3, "Not good enough")],
)
def test_too_many_wrong_labels_are_said(recall: float, words: str) -> None:
    assert judged({"retrieval": {"recall@1": recall, "queries": 500}})[0].startswith(words)


def test_a_class_that_fails_is_in_the_headline_however_small_it_is() -> None:
    classes = [one_class("large", 90, 1.0), one_class("small", 6, 0.0), one_class("tiny", 6, 1 / 3)]
    verdict, advice = judged({"classes": classes})
    assert verdict.startswith("Not good enough for small (0 of 6 right), tiny (2 of 6 right); for")
    assert advice[0] == (
        "More pictures of small: 0 of 6 are right, 24 are indexed, 5 are taken for large."
    )


def test_its_use_is_told_whole_whatever_a_class_is_called() -> None:
    classes = [one_class("large", 90, 1.0), one_class("Mr. X", 6, 0.0)]
    assessment = assess(GOOD | {"classes": classes})
    assert assessment["use"] == (
        "Not good enough for Mr. X (0 of 6 right); "
        "for the rest good enough to decide alone where it says match"
    )
    assert assessment["verdict"].startswith(f"{assessment['use']}. 99.00 % of test pictures")


def test_classes_held_out_come_before_the_others_and_decide() -> None:
    unseen = {"classes": 12, "recall@1": 0.7, "pair_accuracy": 0.858}
    verdict, _ = judged({"unseen": {"unseen": unseen}})
    assert verdict.startswith("Good enough to suggest")
    first = "Of 12 classes never trained on 70.00 % of pictures find their own class first; 85.80 %"
    assert first in verdict and verdict.index(first) < verdict.index("99.00 % of test pictures")


def test_advice_has_its_figure() -> None:
    weak = {"retrieval": {"recall@1": 0.42, "queries": 500}}
    (advice,) = judged(weak, chain="photo")[1]
    assert "--tower pretrained" in advice and "58 of 100" in advice
    (advice,) = judged(weak, chain="photo", pretrained=True)[1]
    assert "--prepare, now photo" in advice and "58 of 100" in advice
    rates = {"nominal_far": 0.001, "test_tar": 0.81}
    calibration = {"validation_pictures": 40, "operating_points": [rates]}
    strict, more = judged({"unfamiliar": {"noise": {"match": 1.0}}, "calibration": calibration})[1]
    assert "100 % of noise" in strict and "0.001 still accepts 81 %" in strict
    assert "40 validation pictures" in more
    (advice,) = judged({"unfamiliar": {"class not in the gallery": {"match": 0.09}}})[1]
    assert advice.startswith("9 % of pictures of a class not in the gallery are called a match")


def test_without_a_class_to_find_nothing_is_claimed() -> None:
    verdict, _ = judged({"retrieval": {"recall@1": None, "queries": 0}})
    assert verdict.startswith("Not judged: no test picture has another of its class")
