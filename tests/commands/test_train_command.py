"""`siam train` and `siam report` on the command line, on pictures of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from siam.cli import app


def siam(*words: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, list(words))


@pytest.mark.slow
def test_a_folder_is_trained_on_and_reported(runs: Path, write_folder: Callable[..., Path]) -> None:
    folder = write_folder(("cat", "cow", "dog"), count=24)
    words = ["train", str(folder), "--name", "pets", "--preset", "quick", "--epochs", "2"]
    sets = ["--set", "dim=16", "--set", "optimizer=adamw", "--set", "precision=float32"]
    trained = siam(*words, *sets, "--json")
    assert trained.exit_code == 0, trained.output
    told = json.loads(trained.stdout)
    assert (told["run"], told["path"]) == ("pets", str(runs / "pets"))
    assert told["training"]["epochs"] == 2
    assert 0 <= told["pairs"]["accuracy"] <= 1

    page = runs / "pets" / "report.html"
    page.unlink()
    reported = siam("report", "--run", "pets")
    assert reported.exit_code == 0, reported.output
    assert reported.stdout.strip() == str(page)
    assert "pets" in page.read_text()


def test_a_report_needs_a_run(runs: Path) -> None:
    answer = siam("report", "--run", "pets")
    assert answer.exit_code == 4
    assert "pets" in answer.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--set", "dim"], "name=value, received 'dim'"),
        (["--set", "no_such=1"], "no_such"),
        (["--preset", "huge"], "huge"),
        (["--hosts", "first:1234"], "belong together, received --hosts alone"),
        (["--host", "1/2"], "belong together, received --host alone"),
        (["--hosts", "first", "--host", "1/2"], "HOST:PORT of the first process, received 'first'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    runs: Path, words: list[str], error: str
) -> None:
    answer = siam("train", "digits", *words)
    assert answer.exit_code == 2, answer.output
    assert error in " ".join(answer.stderr.split())
    assert not runs.exists()
