"""`siam embed`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from siam.cli import app
from siam.runs.held_out import load_held_out


@pytest.fixture
def arrays(run_copy: Path, tmp_path: Path) -> Path:
    """Five of the run's test pictures as an .npz file."""
    _, test = load_held_out(run_copy)
    np.savez(tmp_path / "a.npz", x=test.pictures[:5])
    return tmp_path / "a.npz"


def test_it_says_what_it_wrote(arrays: Path) -> None:
    done = CliRunner().invoke(app, ["embed", str(arrays), "--out", "e.npz"])
    assert (done.exit_code, done.stdout) == (0, "5 embeddings of 64 numbers in e.npz.\n")


def test_a_bad_picture_ends_with_3_and_the_rest_is_written(arrays: Path) -> None:
    Path("bad.png").write_bytes(b"no")
    done = CliRunner().invoke(app, ["embed", str(arrays), "bad.png", "--out", "e.npz", "--json"])
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert (told["schema"], told["count"], told["dim"], told["run"]) == (1, 5, 64, "digits")
    assert [entry["input"] for entry in told["skipped"]] == ["bad.png"]
    assert "Skipped: bad.png is not a picture" in done.stderr
    assert len(np.load("e.npz")["keys"]) == 5


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["embed"], 2),
        (["embed", "digits", "--out", "e.npz"], 2),
        (["embed", "a.npz", "--out", "e.csv"], 2),
        (["embed", "nothing.npz", "--out", "e.npz"], 3),
        (["embed", "a.npz", "--out", "e.npz", "--run", "nothing"], 4),
    ],
)
def test_exit_codes(arrays: Path, arguments: list[str], code: int) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == code


def test_a_run_without_an_exported_encoder_says_that_keras_answers(
    arrays: Path, run_copy: Path
) -> None:
    manifest = run_copy / "manifest.json"
    content = json.loads(manifest.read_text())
    del content["files"]["encoder.tflite"]
    manifest.write_text(json.dumps(content))
    (run_copy / "encoder.tflite").unlink()
    done = CliRunner().invoke(app, ["embed", str(arrays), "--out", "e.npz"])
    assert done.exit_code == 0
    assert "Keras answers" in done.stderr


def test_a_split_that_is_none_is_named(arrays: Path) -> None:
    done = CliRunner().invoke(app, ["embed", "mnist:tset", "--out", "e.npz"])
    assert done.exit_code == 2
    assert "'tset'" in done.stderr and "train, validation, test" in done.stderr
