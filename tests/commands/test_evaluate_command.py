"""`siam evaluate` on the command line: what it refuses, and how it names two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siam.cli import app
from siam.commands.evaluate import held_out_rows, measured_rates


@pytest.mark.parametrize(
    "option", [["--far", "0.1"], ["--false-accept-rate", "0.1"], ["--threshold", "0.0"]]
)
def test_an_operating_point_is_not_silently_ignored_beside_compare(
    runs: Path, option: list[str]
) -> None:
    answer = CliRunner().invoke(app, ["evaluate", "--compare", "other", *option])
    assert answer.exit_code == 2
    assert ("--threshold" if "--threshold" in option else "--false-accept-rate") in answer.stderr
    assert "own threshold" in answer.stderr


@pytest.mark.slow
def test_compared_runs_are_called_by_their_names(run_copy: Path) -> None:
    answer = CliRunner().invoke(app, ["evaluate", "--compare", str(run_copy), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["run"], told["other"]) == (run_copy.name, run_copy.name)
    for figure in told["figures"].values():
        assert figure["difference"] == 0
        assert not figure["significant"]


def test_classes_never_trained_on_have_rows_of_their_own() -> None:
    unseen = {
        "recall@1": 0.95,
        "recall@1_ci95": [0.9, 1.0],
        "pair_accuracy": 0.858,
        "pair_accuracy_ci95": [0.8, 0.9],
        "eer": None,
        "eer_ci95": None,
        "one_shot": [
            {"ways": 5, "protocol": "all classes", "accuracy": 0.7, "accuracy_ci95": [0.6, 0.8]}
        ],
    }
    assert held_out_rows({"unseen": {"unseen": unseen}}) == [
        ["never trained on: Recall@1", "95.00%", "90.00% to 100.00%"],
        ["never trained on: pair accuracy", "85.80%", "80.00% to 90.00%"],
        ["never trained on: 5-way 1-shot (all classes)", "70.00%", "60.00% to 80.00%"],
    ]
    assert held_out_rows({}) == []


def test_a_rate_of_a_thousandth_takes_ten_thousand_pairs() -> None:
    told = [
        measured_rates({"calibration": {"validation_different_pairs": count}})
        for count in (9_999, 10_000)
    ]
    assert [len(rows) for rows in told] == [0, 1]
