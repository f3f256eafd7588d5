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

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "siam.cli", "train"]
CHOICE = ["digits", "--preset", "quick", "--epochs", "12", "--seed", "3"]


def siam(runs: Path, *words: str) -> subprocess.Popen[str]:
    """Start a training as a process of its own."""
    return subprocess.Popen(
        [*COMMAND, *words],
        env={**os.environ, "SIAM_RUNS": str(runs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a file is there, or fail with what the process said."""
    until = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_resumed(tmp_path: Path, how: signal.Signals) -> None:
    whole = siam(tmp_path, *CHOICE, "--name", "whole", "--json")
    output, errors = whole.communicate(timeout=240)
    assert whole.returncode == 0, errors
    cut = siam(tmp_path, *CHOICE, "--name", "cut")
    wait_for(tmp_path / "cut.partial" / "checkpoint.npz", cut)
    cut.send_signal(how)
    _, errors = cut.communicate(timeout=60)
    assert cut.returncode in {-signal.SIGKILL, 130}
    assert "Traceback" not in errors
    if how is signal.SIGINT:
        assert "siam train --resume" in errors
    assert not (tmp_path / "cut").exists()
    resumed = siam(tmp_path, "--resume", "--json")
    again, errors = resumed.communicate(timeout=240)
    assert resumed.returncode == 0, errors
    first, second = json.loads(output), json.loads(again)
    assert second["run"] == "cut"
    for figure in ("pairs", "retrieval", "classes", "calibration"):
        assert first[figure] == second[figure]
    histories = [(tmp_path / name / "history.csv").read_text() for name in ("whole", "cut")]
    assert histories[0] == histories[1]
