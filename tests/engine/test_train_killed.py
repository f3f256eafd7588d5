"""A training that is killed outright goes on where its last epoch ended, as if nothing happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siam.run_files import HISTORY_FILE, METRICS_FILE

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "siam.cli", "train"]
# As tests/conftest.py trains the run that all tests share, in their own process.
CHOICE = ["digits", "--preset", "quick", "--epochs", "6", "--set", "precision=float32"]


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


@pytest.mark.timeout(1800)
def test_killed_then_interrupted_it_ends_as_one_left_alone(trained: Path, tmp_path: Path) -> None:
    code, errors = stop_at_the_next_checkpoint(tmp_path, signal.SIGKILL, *CHOICE, "--name", "cut")
    assert code == -signal.SIGKILL and "Traceback" not in errors
    code, errors = stop_at_the_next_checkpoint(tmp_path, signal.SIGINT, "--resume")
    assert code == 130 and "Traceback" not in errors
    assert "siam train --resume" in errors
    assert not (tmp_path / "cut").exists()
    last = siam(tmp_path, "--resume", "--json")
    output, errors = last.communicate()
    assert last.returncode == 0, errors
    ended, whole = json.loads(output), json.loads((trained / METRICS_FILE).read_text())
    assert ended["run"] == "cut"
    for figure in ("pairs", "retrieval", "classes", "calibration"):
        assert ended[figure] == whole[figure]
    histories = [run / HISTORY_FILE for run in (trained, tmp_path / "cut")]
    assert histories[0].read_text() == histories[1].read_text()
