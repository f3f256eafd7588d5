"""What each command imports: nothing heavy that its answer does not need."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from siam.runs.held_out import load_held_out

TRAINING = {"tensorflow", "keras", "jax", "torch"}
PLOTTING = {"sklearn", "scipy", "matplotlib", "pandas"}
SEARCHING = {"faiss", "ai_edge_litert", "numpy", "cv2", "PIL", "sqlite3"}
COMPLETION = {"_SIAM_COMPLETE": "complete_bash", "COMP_WORDS": "siam que", "COMP_CWORD": "1"}
# What the installed command runs, under the name that the shell completes.
COMPLETE = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
sys.argv = ["siam"]
from siam.cli import main
main()
"""


def imported(*arguments: str, code: int | None = None) -> set[str]:
    """Run a command in a process of its own and return the packages it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "siam.cli", *arguments],
        capture_output=True,
        text=True,
    )
    lines = re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE)
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert lines, done.stderr
    assert "Traceback" not in done.stderr, said
    if code is not None:
        assert done.returncode == code, said
    return {name.split(".")[0] for name in lines}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        ([], 2),
        (["train", "--help"], 0),
        (["query", "--help"], 0),
        (["no-such-command"], 2),
        (["query"], 2),
        (["query", "a.png", "--k", "nought"], 2),
        (["train", "--epochs", "0"], 2),
        (["embed", "a.png", "--no-such-option"], 2),
    ],
)
def test_help_and_usage_errors_import_nothing_heavy(arguments: list[str], code: int) -> None:
    found = imported(*arguments, code=code)
    assert not found & (TRAINING | PLOTTING | SEARCHING)


def test_completion_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **COMPLETION},
    )
    assert "query" in done.stdout.split()
    found = {name.split(".")[0] for name in done.stderr.split()}
    assert "typer" in found and not found & (TRAINING | PLOTTING | SEARCHING)


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "digit.png"],
        ["query", "digit.png", "--json"],
        ["embed", "digit.png", "--out", "e.npz"],
        ["index", "info"],
        ["runs"],
        ["doctor"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_answers_import_no_training(run_copy: Path, tmp_path: Path, arguments: list[str]) -> None:
    import cv2

    _, test = load_held_out(run_copy)
    cv2.imwrite(str(tmp_path / "digit.png"), np.asarray(test.pictures[0]))
    found = imported(*arguments)
    assert not found & TRAINING
    if arguments[0] in {"query", "embed", "index"}:
        assert not found & PLOTTING
    if arguments[0] in {"query", "embed"}:
        assert not found & {"rich", "faiss"}


def test_one_picture_is_answered_without_what_takes_long_to_import(
    run_copy: Path, tmp_path: Path
) -> None:
    import cv2

    _, test = load_held_out(run_copy)
    cv2.imwrite(str(tmp_path / "digit.png"), np.asarray(test.pictures[0]))
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE.replace('["siam"]', '["siam", "query", "digit.png"]')],
        capture_output=True,
        text=True,
    )
    found = set(done.stderr.splitlines()[-1].split())
    assert "siam.engine.query" in found
    assert not found & {
        "email",
        "importlib.metadata",
        "numpy.ma",
        "siam.commands.train",
        "siam.index.stores.autotune",
    }


def test_the_bare_start_is_quiet_on_standard_error(run_copy: Path, tmp_path: Path) -> None:
    import cv2

    _, test = load_held_out(run_copy)
    cv2.imwrite(str(tmp_path / "digit.png"), np.asarray(test.pictures[0]))
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    done = subprocess.run(
        [sys.executable, "-m", "siam.cli", "query", "digit.png", "--json"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stderr == ""
