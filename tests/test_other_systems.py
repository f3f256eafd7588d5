"""The core on a system that lacks what Linux has; `as_on_windows.py` plays that system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from siam.runs.held_out import load_held_out

PLAYED = Path(__file__).with_name("as_on_windows.py")

SOON = ["--set", "optimizer=adamw", "--set", "precision=float32"]  # compiled once, and sooner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is open is read from /proc")


def play(*commands: list[str]) -> str:
    """Run commands as on Windows, one after the other; return what they wrote to stdout."""
    done = subprocess.run(
        [sys.executable, str(PLAYED), json.dumps(commands)], capture_output=True, check=False
    )
    said = done.stderr.decode()
    assert done.returncode == 0 and "Traceback" not in said, said
    assert json.loads(said.splitlines()[-1]) == [0] * len(commands), said
    return done.stdout.decode("cp1252")


@pytest.fixture
def pictures(run_copy: Path, tmp_path: Path) -> Path:
    """A folder of twelve test digits in a folder for each label, the first one's with an accent."""
    _, test = load_held_out(run_copy)
    folder = tmp_path / "photos"
    for row in range(12):
        place = folder / f"né{test.labels[row]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.pictures[row, :, :, 0]).save(place / f"{row}.png")
    return folder


def test_the_index_lives_on(run_copy: Path, pictures: Path) -> None:
    first, *others = sorted(pictures.rglob("*.png"))
    play(
        ["index", "add", str(first)],
        ["index", "sync", str(pictures)],
        ["index", "info", "--json"],
        ["index", "tune", "--kind", "hnsw"],
        ["index", "remove", "--where", "split=validation"],
        ["index", "verify", "--repair"],
        ["index", "tune", "--kind", "flat"],
        ["index", "info"],
    )


def test_answers_are_given_and_told_in_the_console_s_own_letters(
    run_copy: Path, pictures: Path
) -> None:
    some = str(next(pictures.rglob("*.png")))
    said = play(
        ["index", "add", str(pictures)],
        ["verify", some, some],
        ["query", some, "--json"],
        ["runs"],
        ["embed", some, "--out", "e.npz"],
    )
    answer = next(json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert answer["results"][0]["label"].startswith("né")


def test_a_run_is_removed(run_copy: Path) -> None:
    play(["runs", "rm", "digits"])
    assert not run_copy.exists()


@pytest.mark.slow
def test_a_run_is_trained_measured_and_exported(runs: Path) -> None:
    play(
        ["train", "digits", "--preset", "quick", "--name", "new", *SOON],
        ["evaluate", "--threshold", "0.5"],
        ["report"],
        ["export", "--out", "exported"],
    )
    assert (runs / "new" / "manifest.json").exists()
