"""The report's tables: which figures, in which order, with how many digits."""

from __future__ import annotations

from typing import Any

import pytest

from siam.evaluation.report.tables import (
    CLASSES_SHOWN,
    FIGURES,
    FIRST,
    calibration_table,
    can_be_measured,
    class_table,
    figures_table,
    interval,
    out_of_distribution_table,
    per_cent,
)


def figure(name: str, value: float | None) -> dict[str, Any]:
    return {name: value, f"{name}_ci95": [0.1, 0.25]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0.00 %"),
        (0.99654, "99.65 %"),
        (0.001, "0.10 %"),
        (0.00012345, "0.012 %"),
        (0.0000099, "0.00099 %"),
    ],
)
def test_a_share_has_as_many_digits_as_matter(value: float | None, text: str) -> None:
    assert per_cent(value) == text


@pytest.mark.parametrize(("name", "told"), [("tar@far=0.001", True), ("tar@far=0.0001", False)])
def test_a_rate_takes_ten_false_accepts_to_be_told(name: str, told: bool) -> None:
    assert can_be_measured({"count": 12_000, "same": 2_000}, name) is told


def test_classes_held_out_are_the_first_rows() -> None:
    unseen = {**figure("recall@1", 0.95), **figure("pair_accuracy", 0.858), **figure("eer", None)}
    episode = {"ways": 5, "shots": 1, "protocol": "all classes", **figure("accuracy", 0.7)}
    unseen["one_shot"] = [episode]
    metrics: dict[str, Any] = {"unseen": {"unseen": unseen}, "one_shot": [], "verdicts": {}}
    for block, name, _ in FIGURES:
        metrics.setdefault(block, {}).update(figure(name, 0.5))
    metrics["calibration"] = {**figure("pair_ece", 0.01), **figure("label_ece", 0.02)}
    rows = figures_table(metrics).rows
    assert rows[0][:2] == ["Never trained on: nearest picture is of the class", "95.00 %"]
    assert rows[1][1] == "85.80 %" and rows[2][0] == FIGURES[0][2]
    told = ["Never trained on: 5-way 1-shot, all classes", "70.00 %", "10.00 to 25.00 %"]
    assert told in rows
    first = figures_table(metrics, whole=False).rows
    assert len(first) == 2 + len(FIRST) + 1 and told in first and rows[0] in first


def test_an_interval_is_in_per_cent() -> None:
    assert interval(figure("recall@1", 0.2), "recall@1") == "10.00 to 25.00 %"


def test_every_figure_is_a_row_with_its_interval() -> None:
    metrics: dict[str, Any] = {block: {} for block, _, _ in FIGURES}
    for place, (block, name, _) in enumerate(FIGURES):
        metrics[block] |= figure(name, None if place == 0 else place / 100)
    metrics["one_shot"] = [
        {"ways": 5, "shots": 1, "protocol": "all classes", **figure("accuracy", 0.9)}
    ]
    metrics["calibration"] = {**figure("pair_ece", 0.01), **figure("label_ece", 0.02)}
    metrics["verdicts"] = {"match": {**figure("share", 0.8), **figure("right", 0.99)}}
    table = figures_table(metrics)
    first = [row[0] for row in table.rows]
    assert first[: len(FIGURES)] == [words for _, _, words in FIGURES]
    assert [row[1] for row in table.rows[:3]] == ["–", "1.00 %", "2.00 %"]
    assert first[len(FIGURES) :] == [
        "5-way 1-shot, all classes",
        "Calibration error of “same class” probabilities",
        "Calibration error of label probabilities",
        "Verdict “match”",
        "… and its label is right (“match”)",
    ]
    assert {row[2] for row in table.rows} == {"10.00 to 25.00 %"}
    assert {len(row) for row in table.rows} == {len(table.head)}


def test_operating_points_keep_their_order() -> None:
    points = [
        {"nominal_far": rate, "threshold": 10 * rate, "test_tar": 0.9, **figure("test_far", rate)}
        for rate in (0.01, 0.001)
    ]
    table = calibration_table({"calibration": {"operating_points": points}})
    assert table.rows[1] == ["0.10 %", "0.0100", "0.10 %", "10 to 25 %", "90.00 %"]
    assert [row[0] for row in table.rows] == ["1.00 %", "0.10 %"]


def test_kinds_of_pictures_that_should_match_nothing() -> None:
    detection = {"strange": 1200, **figure("auroc", 0.98765), **figure("let_through", 0.05)}
    detection |= figure("match", 0.01)
    table = out_of_distribution_table({"unfamiliar": {"noise": detection}})
    assert table.rows == [["noise (1,200)", "1.00 %", "0.9877", "0.1000 to 0.2500", "5.00 %"]]


def scores(name: str, count: int, recall: float | None) -> dict[str, Any]:
    mistakes = [{"name": f"other{place}", "count": 9 - place} for place in range(4)]
    precision = 0.9 if count else None
    return {
        "name": name, "count": count, "precision": precision, "mistaken_for": mistakes,
        **figure("recall", recall),
    }  # fmt: skip


def test_the_worst_classes_come_first_with_three_that_they_are_taken_for() -> None:
    classes = [scores("good", 10, 1.0), scores("none", 0, None), scores("bad", 1000, 0.5)]
    table = class_table({"classes": classes})
    assert [row[0] for row in table.rows] == ["bad", "good"]
    assert table.rows[0][1:] == [
        "1,000",
        "50.00 %",
        "10.00 to 25.00 %",
        "90.00 %",
        "other0 (9), other1 (8), other2 (7)",
    ]


def test_of_many_classes_the_worst_alone_are_shown() -> None:
    classes = [scores(str(place), 1, place / 100) for place in range(CLASSES_SHOWN + 5)]
    rows = class_table({"classes": classes}).rows
    assert [row[0] for row in rows] == [str(place) for place in range(CLASSES_SHOWN)]
