"""A run's figures as a frozen result; `siam evaluate --json` prints the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from siam.evaluation.report.tables import figures_table

__all__ = ["Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """How good a run is on pictures it never saw. Fractions; None what cannot be measured.

    Attributes:
        run, dataset: their names.
        headline: what the figures amount to, in a line.
        pair_accuracy: share of pairs judged rightly, 1 = all.
        pair_auc: area under the pairs' ROC curve (receiver operating characteristic), 1 = best.
        equal_error_rate: where as many same pairs are refused as different ones let through,
            0 = best.
        recall_at_1, recall_at_5: share of test pictures with one of their class among the 1 or 5
            nearest, 1 = all.
        map_at_r: mean average precision over the R nearest, R = pictures of the class, 1 = best.
        threshold: the distance that pairs were told apart by, 0 to 2.
    """

    run: str
    dataset: str
    headline: str
    pair_accuracy: float
    pair_auc: float | None
    equal_error_rate: float | None
    recall_at_1: float | None
    recall_at_5: float | None
    map_at_r: float | None
    threshold: float
    _summary: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> Self:
        """Take the figures out of what `siam evaluate --json` prints."""
        pairs, retrieval = summary["pairs"], summary["retrieval"]
        return cls(
            run=summary["run"],
            dataset=summary["dataset"],
            headline=summary["verdict"],
            pair_accuracy=pairs["accuracy"],
            pair_auc=pairs["auc"],
            equal_error_rate=pairs["eer"],
            recall_at_1=retrieval["recall@1"],
            recall_at_5=retrieval["recall@5"],
            map_at_r=retrieval["map@r"],
            threshold=pairs["threshold"],
            _summary=summary,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all figures with their 95 % intervals, as docs/evaluation.md describes them."""
        return dict(self._summary)

    def __str__(self) -> str:
        rows = [
            f"{words:<46} {value:>9}  {interval}"
            for words, value, interval in figures_table(self.to_dict(), whole=False).rows
        ]
        return "\n".join([self.headline, *rows])
