"""The report's tables: figures in words and per cent, with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Cell",
    "Table",
    "calibration_table",
    "can_be_measured",
    "class_table",
    "figures_table",
    "interval",
    "out_of_distribution_table",
    "per_cent",
]

# A long list of classes makes no page: the worst are shown.
CLASSES_SHOWN = 50

FIGURES = (
    ("pairs", "accuracy", "Pairs judged rightly at the threshold"),
    ("pairs", "far", "Different pairs accepted at the threshold"),
    ("pairs", "tar", "Same pairs accepted at the threshold"),
    ("all_pairs", "auc", "ROC AUC, all pairs"),
    ("all_pairs", "eer", "Equal error rate, all pairs"),
    ("all_pairs", "tar@far=0.01", "Same pairs accepted at 1 % false accepts"),
    ("all_pairs", "tar@far=0.001", "Same pairs accepted at 0.1 % false accepts"),
    ("all_pairs", "tar@far=0.0001", "Same pairs accepted at 0.01 % false accepts"),
    ("pairs", "average_precision", "Average precision, balanced pairs"),
    ("retrieval", "recall@1", "Nearest picture is of the class (Recall@1)"),
    ("retrieval", "recall@5", "One of the 5 nearest is (Recall@5)"),
    ("retrieval", "recall@10", "One of the 10 nearest is (Recall@10)"),
    ("retrieval", "knn_accuracy", "Label voted by the neighbours is right"),
    ("retrieval", "map@r", "MAP@R"),
    ("retrieval", "r_precision", "R-precision"),
    ("retrieval_within_test", "recall@1", "Recall@1 among the test pictures"),
    ("retrieval_within_test", "map@r", "MAP@R among the test pictures"),
)
HELD_OUT_FIGURES = (
    ("recall@1", "nearest picture is of the class"),
    ("pair_accuracy", "pairs judged rightly at the threshold"),
    ("eer", "equal error rate"),
)
# Those that a screen has room for.
FIRST = {
    *(("pairs", "accuracy"), ("all_pairs", "auc"), ("all_pairs", "eer")),
    *(("all_pairs", "tar@far=0.001"), ("retrieval", "recall@1"), ("retrieval", "recall@5")),
    *(("retrieval", "map@r"), ("retrieval", "knn_accuracy")),
}
# False accepts that a rate should amount to, before it says anything.
FEWEST_FALSE_ACCEPTS = 10


@dataclass(frozen=True)
class Cell:
    """A number of a table, with something smaller below it."""

    text: str
    note: str


@dataclass(frozen=True)
class Table:
    """A table of plain text; the first column is text, the others are numbers to the right.

    Attributes:
        head: the columns' names.
        rows: as many cells each as in `head`.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]


def figures_table(metrics: dict[str, Any], *, whole: bool = True) -> Table:
    """Return the table of the figures of `summarise`: the `whole`, or those of `FIRST` alone."""
    held_out = (metrics.get("unseen") or {}).get("unseen", {})
    rows = [
        [f"Never trained on: {words}", *cells(held_out, name)]
        for name, words in HELD_OUT_FIGURES
        if held_out.get(name) is not None
    ]
    episodes = [("Never trained on: ", one) for one in held_out.get("one_shot", ())]
    rows += [
        [words, *cells(metrics[block], name)]
        if can_be_measured(metrics[block], name)
        else [words, "too few pairs", ""]
        for block, name, words in FIGURES
        if whole or (block, name) in FIRST
    ]
    rows += [
        [
            f"{of}{one['ways']}-way {one['shots']}-shot, {one['protocol']}",
            *cells(one, "accuracy"),
        ]
        for of, one in [*episodes, *(("", one) for one in metrics["one_shot"])]
    ]
    if whole:
        for name, words in (
            ("pair_ece", "Calibration error of “same class” probabilities"),
            ("label_ece", "Calibration error of label probabilities"),
        ):
            rows.append([words, *cells(metrics["calibration"], name)])
        for word, share in metrics["verdicts"].items():
            rows.append([f"Verdict “{word}”", *cells(share, "share")])
            rows.append([f"… and its label is right (“{word}”)", *cells(share, "right")])
    return Table(["figure", "test", "95 % interval"], rows)


def cells(block: dict[str, Any], name: str) -> list[str]:
    """Return a figure and its interval."""
    return [per_cent(block[name]), interval(block, name)]


def can_be_measured(block: dict[str, Any], name: str) -> bool:
    """Tell whether there are different pairs enough for the rate that a figure's name speaks of."""
    rate = name.partition("tar@far=")[2]
    if not rate or "same" not in block:
        return True
    different: int = block["count"] - block["same"]
    return float(rate) * different >= FEWEST_FALSE_ACCEPTS


def calibration_table(metrics: dict[str, Any]) -> Table:
    """Return the table of nominal false-accept rates and those measured."""
    return Table(
        ["nominal", "distance", "false accepts on test", "95 % interval", "true accepts on test"],
        [
            [
                per_cent(point["nominal_far"]),
                f"{point['threshold']:.4f}",
                per_cent(point["test_far"]),
                "{:.2g} to {:.2g} %".format(*(100 * end for end in point["test_far_ci95"])),
                per_cent(point["test_tar"]),
            ]
            for point in metrics["calibration"]["operating_points"]
        ],
    )


def out_of_distribution_table(metrics: dict[str, Any]) -> Table:
    """Return the table of how well out-of-distribution pictures are detected."""
    return Table(
        ["kind of picture", "called a match", "AUROC", "95 % interval", "let through"],
        [
            [
                f"{name} ({detection['strange']:,})",
                per_cent(detection["match"]),
                f"{detection['auroc']:.4f}",
                "{:.4f} to {:.4f}".format(*detection["auroc_ci95"]),
                per_cent(detection["let_through"]),
            ]
            for name, detection in metrics["unfamiliar"].items()
        ],
    )


def class_table(metrics: dict[str, Any]) -> Table:
    """Return the table of classes, the worst first."""
    nonempty = [scores for scores in metrics["classes"] if scores["count"]]
    worst = sorted(nonempty, key=lambda scores: scores["recall"])[:CLASSES_SHOWN]
    return Table(
        ["class", "pictures", "recall", "95 % interval", "precision", "taken for"],
        [
            [
                scores["name"],
                f"{scores['count']:,}",
                per_cent(scores["recall"]),
                interval(scores, "recall"),
                per_cent(scores["precision"]),
                ", ".join(f"{m['name']} ({m['count']})" for m in scores["mistaken_for"][:3]),
            ]
            for scores in worst
        ],
    )


def per_cent(value: float | None) -> str:
    """Return a fraction as per cent with as many digits as matter."""
    if value is None:
        return "–"
    digits = ".2f" if value == 0 or value >= 1e-3 else ".2g"
    return f"{100 * value:{digits}} %"


def interval(block: dict[str, Any], name: str) -> str:
    """Return a figure's interval in per cent."""
    low, high = block[f"{name}_ci95"]
    return f"{100 * low:.2f} to {100 * high:.2f} %"
