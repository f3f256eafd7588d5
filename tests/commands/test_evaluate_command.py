"""`siam evaluate` on the command line: what it refuses, and how it names two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siam.cli import app


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
