"""A training that is killed outright goes on where its last epoch ended, as if nothing happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "siam.cli", "train"]
CHOICE = ["digits", "--preset", "quick", "--epochs", "8", "--seed", "3"]


def siam(runs: Path, *words: str) -> subprocess.Popen[str]:
    """Start a training as a process of its own."""
    return subprocess.Popen(
        [*COMMAND, *words],
        env={**os.environ, "SIAM_RUNS": str(runs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop_at_the_next_checkpoint(runs: Path, how: signal.Signals, *words: str) -> tuple[int, str]:
    """Train until one more epoch is kept, and send a signal; return exit code and errors."""
    path = runs / "cut.partial" / "checkpoint.npz"

    def kept() -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    before = kept()
    process = siam(runs, *words)
    while kept() == before:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(how)
    _, errors = process.communicate()
    return process.returncode, errors


def told_by(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a training that was left alone says of itself."""
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return dict(json.loads(output))


@pytest.mark.timeout(1800)
def test_killed_then_interrupted_it_ends_as_one_left_alone(tmp_path: Path) -> None:
    first = told_by(siam(tmp_path, *CHOICE, "--name", "whole", "--json"))
    code, errors = stop_at_the_next_checkpoint(tmp_path, signal.SIGKILL, *CHOICE, "--name", "cut")
    assert code == -signal.SIGKILL and "Traceback" not in errors
    code, errors = stop_at_the_next_checkpoint(tmp_path, signal.SIGINT, "--resume")
    assert code == 130 and "Traceback" not in errors
    assert "siam train --resume" in errors
    assert not (tmp_path / "cut").exists()
    second = told_by(siam(tmp_path, "--resume", "--json"))
    assert second["run"] == "cut"
    for figure in ("pairs", "retrieval", "classes", "calibration"):
        assert first[figure] == second[figure]
    histories = [(tmp_path / name / "history.csv").read_text() for name in ("whole", "cut")]
    assert histories[0] == histories[1]
