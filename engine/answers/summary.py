"""Many answers in a few lines: how many pictures of each label, and which want a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.engine.answers.answer import Answer, Result
from siam.engine.labelling.queue import distance_to_boundary, rank_answers
from siam.evaluation.verdict import Word

__all__ = ["AnswerSummary", "summarise_answers"]

LOOKS = 20
# Of the answers least sure, how many those are chosen from.
DOUBTFUL = 500


@dataclass(frozen=True)
class AnswerSummary:
    """What was said of many pictures.

    Attributes:
        count: pictures that could be read.
        unreadable: those that could not.
        labels: label -> verdict -> pictures, the label with most pictures first; of a picture
            without a label the label is "".
        looks: the twenty that most want a person's look, as `rank_pictures` ranks them.
    """

    count: int
    unreadable: int
    labels: dict[str, dict[Word, int]]
    looks: tuple[Answer, ...]

    def verdict(self, word: Word) -> int:
        """Return how many pictures have a verdict."""
        return sum(verdicts.get(word, 0) for verdicts in self.labels.values())

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam query --summary --json` documents it."""
        return {
            "count": self.count,
            "unreadable": self.unreadable,
            "labels": [{"label": label or None, **n} for label, n in self.labels.items()],
            "looks": [look.to_dict() for look in self.looks],
        }


def summarise_answers(results: Iterable[Result]) -> AnswerSummary:
    """Count answers, and pick those that most want a look.

    Args:
        results: gone through once, so that a folder's answers need not all be kept.

    Example:
        >>> answers = [Answer(f"{n}.png", "match", "cat", 0.9 + n / 100, "near") for n in (3, 1)]
        >>> summary = summarise_answers(answers)
        >>> summary.labels, [look.input for look in summary.looks]
        ({'cat': {'match': 2}}, ['1.png', '3.png'])
    """
    counts: dict[str, Counter[Word]] = {}
    looks: list[Answer] = []
    unreadable = 0
    for result in results:
        if not isinstance(result, Answer):
            unreadable += 1
            continue
        counts.setdefault(result.label or "", Counter())[result.verdict] += 1
        looks.append(result)
        if len(looks) > 2 * DOUBTFUL:
            looks = doubtful(looks)
    ordered = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    return AnswerSummary(
        sum(verdicts.total() for verdicts in counts.values()),
        unreadable,
        {label: dict(verdicts) for label, verdicts in ordered},
        tuple(rank_answers(doubtful(looks), LOOKS)),
    )


def doubtful(answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers that are least sure, the nearest to the boundary first."""
    doubts = distance_to_boundary([answer.probability for answer in answers])
    return [answers[row] for row in np.argsort(doubts, kind="stable")[:DOUBTFUL]]
