"""`siam demo`: each command that it shows runs, and nothing of the user's is touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siam.cli import app


def test_it_shows_each_command_and_what_that_answers(
    trained: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(dataset: str, *, preset: str, name: str) -> None:
        assert (dataset, preset) == ("digits", "quick")
        shutil.copytree(trained, runs / name)

    monkeypatch.setattr("siam.commands.train.train", train)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    shown = [line[7:] for line in result.stdout.splitlines() if line.startswith("$ siam ")]
    assert [line.split()[0] for line in shown] == [
        "train",
        "query",
        "query",
        "verify",
        "verify",
        "query",
        "evaluate",
    ]
    assert shown[0] == "train digits --preset quick --name digits-1"
    assert "of 4 pictures match" in result.stdout and "Recall@1" in result.stdout
    again = CliRunner().invoke(app, ["demo"])
    assert again.exit_code == 2 and "nothing is overwritten" in again.stderr
    assert sorted(path.name for path in runs.iterdir() if path.name[0] != ".") == ["digits-1"]
