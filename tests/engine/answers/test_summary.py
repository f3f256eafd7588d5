"""A summary of answers counts as one does by hand, and looks at what is near the boundary."""

from __future__ import annotations

from siam.engine.answers.answer import Answer, Unreadable
from siam.engine.answers.summary import LOOKS, summarise_answers


def test_counts_and_looks() -> None:
    answers = [
        *(Answer(f"cat{n}", "match", "cat", 0.91 + n / 1000, "near") for n in range(60)),
        Answer("u", "unsure", "cat", 0.899, "divided"),
        Answer("n", "no match", "dog", 0.4, "far"),
        Answer("blank", "no match", None, 0.0, "the picture is blank"),
    ]
    summary = summarise_answers([*answers, Unreadable("broken", "no picture")])
    assert (summary.count, summary.unreadable) == (63, 1)
    assert summary.labels == {
        "cat": {"match": 60, "unsure": 1},
        "": {"no match": 1},
        "dog": {"no match": 1},
    }
    assert summary.verdict("no match") == 2
    assert [look.input for look in summary.looks] == ["u", *(f"cat{n}" for n in range(LOOKS - 1))]
    assert summary.to_dict()["labels"][1] == {"label": None, "no match": 1}


def test_nothing() -> None:
    summary = summarise_answers([])
    assert (summary.count, summary.labels, summary.looks) == (0, {}, ())
