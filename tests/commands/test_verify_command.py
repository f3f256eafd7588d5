"""`siam verify`: two pictures, one verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from siam.cli import app
from siam.runs.held_out import load_held_out


def siam(*words: str | Path, stdin: bytes | None = None) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture
def digit(run_copy: Path, tmp_path: Path) -> Path:
    """A test digit as a PNG file."""
    _, test = load_held_out(run_copy)
    Image.fromarray(test.pictures[0, :, :, 0]).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def test_the_answer_comes_first_and_the_next_step_last(digit: Path) -> None:
    result = siam("verify", digit, digit)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "same, probability of the same class 100.0%"
    assert "apart" in lines[1]
    assert lines[-1].startswith("Decided at distance")
    assert "--false-accept-rate" in result.stderr.splitlines()[-1]


def test_json_holds_the_documented_keys(digit: Path) -> None:
    result = siam("verify", digit, "-", "--threshold", "1.5", "--json", stdin=digit.read_bytes())
    content = json.loads(result.stdout)
    assert content.keys() == {
        *("schema", "run", "left", "right", "verdict", "distance", "probability", "threshold"),
        *("reason", "notes"),
    }
    assert (content["schema"], content["run"], content["right"]) == (1, "digits", "-")
    assert content["verdict"] == "same"
    assert content["threshold"] == 1.5


def test_exit_codes(digit: Path, tmp_path: Path) -> None:
    Image.new("L", (60, 60), 250).save(tmp_path / "blank.png")
    unsure = siam("verify", digit, tmp_path / "blank.png")
    assert unsure.exit_code == 1
    assert "note: right: the picture is blank" in unsure.stdout
    assert siam("verify", digit, "nowhere.png").exit_code == 3
    assert siam("verify", digit).exit_code == 2
    assert siam("verify", "-", "-").exit_code == 2
    assert siam("verify", digit, digit, "--far", "0.01", "--threshold", "0.5").exit_code == 2
    assert siam("verify", digit, digit, "--run", "nobody").exit_code == 4


def test_folders_and_tables_of_pairs(digit: Path, tmp_path: Path) -> None:
    for place in ("l/a.png", "r/a.png", "r/b.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(digit.read_bytes())
    result = siam("verify", tmp_path / "l", tmp_path / "r")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "2 of 2 pairs are the same, 0 unsure."
    assert len(json.loads(siam("verify", "l", "r", "--by", "name", "--json").stdout)["pairs"]) == 1
    Image.new("L", (60, 60), 250).save(tmp_path / "blank.png")
    (tmp_path / "pairs.csv").write_text("left,right,same\nl/a.png,r/a.png,1\nl/a.png,blank.png,0\n")
    told = siam("verify", tmp_path / "pairs.csv")
    assert told.exit_code == 1
    assert "Of 2 pairs whose truth is told" in told.stdout and "auc" in told.stdout
    content = json.loads(siam("verify", "pairs.csv", "--json").stdout)
    assert content.keys() == {"schema", "run", "threshold", "pairs", "skipped", "figures"}
    assert content["pairs"][0].keys() == {
        *("left", "right", "verdict", "distance", "probability", "reason", "same")
    }
    (tmp_path / "r" / "b.png").write_bytes(b"no picture")
    assert siam("verify", "l", "r").exit_code == 3
    assert siam("verify", "l", "r", "--by", "colour").exit_code == 2
    assert siam("verify", "nowhere.csv").exit_code == 3
    assert siam("verify", "l", "nowhere").exit_code == 3
