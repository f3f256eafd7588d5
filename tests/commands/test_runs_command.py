"""`siam runs` and `siam runs rm`: what is shown of each state, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.runs.lifecycle import hold_run
from siam.runs.manifest import write_manifest


def siam(*words: str) -> Result:
    return CliRunner().invoke(app, ["runs", *words])


@pytest.fixture
def four(runs: Path) -> Path:
    """A runs folder with a finished run, an interrupted one, a damaged one and what is none."""
    for name in ("whole", "cut.partial", "hurt"):
        (runs / name).mkdir(parents=True)
        (runs / name / "config.toml").write_text('[dataset]\nname = "pets"\n')
    (runs / "whole" / "metrics.json").write_text('{"pairs": {"accuracy": 0.5}}')
    (runs / "hurt" / "metrics.json").write_text("[1, 2")
    write_manifest(runs / "whole")
    (runs / "other").mkdir()
    return runs


def test_each_run_is_shown_with_its_state(four: Path) -> None:
    result = siam("--json")
    assert result.exit_code == 0
    shown = {run["name"]: run for run in json.loads(result.stdout)["runs"]}
    assert {name: run["state"] for name, run in shown.items()} == {
        "whole": "finished",
        "cut": "interrupted",
        "hurt": "damaged",
    }
    assert [name for name, run in shown.items() if run["finished"]] == ["whole"]
    assert (shown["whole"]["dataset"], shown["whole"]["pair_accuracy"]) == ("pets", 0.5)
    assert shown["hurt"]["pair_accuracy"] is shown["whole"]["recall@1"] is None
    with hold_run(four / "cut.partial"):
        table = siam().stdout
    assert "cut (training)" in table and "hurt (damaged)" in table and "50.00%" in table


def test_a_run_in_training_is_not_removed(four: Path) -> None:
    with hold_run(four / "cut.partial"):
        result = siam("rm", "cut")
    assert result.exit_code == 4
    assert "'cut' is being trained right now" in result.stderr
    assert (four / "cut.partial" / "config.toml").exists()
    for name in ("cut", "hurt", "whole"):
        assert siam("rm", name).exit_code == 0
    assert [path.name for path in four.iterdir()] == ["other"]
    assert siam("rm", "whole").exit_code == 4


def test_no_runs(runs: Path) -> None:
    assert "Train one" in siam().stderr
    assert json.loads(siam("--json").stdout)["runs"] == []


def test_a_runs_folder_that_goes_away_is_empty(four: Path) -> None:
    shutil.rmtree(four)
    assert siam().exit_code == 0
