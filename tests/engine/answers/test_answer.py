"""What an answer says of itself."""

from __future__ import annotations

from typing import get_args

from siam.engine.answers.answer import Answer, Neighbour, Unreadable, explain
from siam.evaluation.verdict import Finding, Verdict


def test_every_finding_has_a_sentence_of_its_own_with_its_figures() -> None:
    sentences = {
        finding: explain(Verdict("unsure", 3, 0.4567, finding, 0.111, 0.222), "three")
        for finding in get_args(Finding)
    }
    assert len(set(sentences.values())) == len(sentences)
    assert "45.7%" in sentences["divided"]
    for finding in ("near", "far", "loose", "unlike", "unfamiliar"):
        assert "0.111" in sentences[finding] and "0.222" in sentences[finding]
    assert "three" in sentences["near"]


def test_a_neighbour_without_a_label_says_so() -> None:
    verdict = Verdict("match", 0, 0.99, "near", 0.0, 0.9)
    assert explain(verdict, None) == "nearest (no label) at 0.000, decided at 0.900"


def test_json_says_null_where_there_is_no_label() -> None:
    near = Neighbour(7, None, 0.1234567, "a.png", "/photos/a.png", b"PNG")
    answer = Answer("b.png", "match", None, 0.5, "nearest", (near,))
    assert answer.to_dict() == {
        "input": "b.png",
        "verdict": "match",
        "label": None,
        "probability": 0.5,
        "reason": "nearest",
        "neighbours": [
            {
                "id": 7,
                "label": None,
                "distance": 0.123457,
                "key": "a.png",
                "origin": "/photos/a.png",
            }
        ],
        "choices": {},
        "notes": [],
    }


def test_an_unreadable_picture_has_an_error_alone() -> None:
    assert Unreadable("c.png", "empty").to_dict() == {"input": "c.png", "error": "empty"}
