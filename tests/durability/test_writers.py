"""Two writers and three readers at one index lose nothing and answer right: a few seconds of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_writers_and_three_readers(tmp_path: Path) -> None:
    """SIAM_WRITERS_SECONDS says for how long."""
    seconds = os.environ.get("SIAM_WRITERS_SECONDS", "10")
    script = Path(__file__).with_name("writers.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "index"), "--seconds", seconds],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert (told["wrong"], told["lost"], told["clean"]) == (0, 0, True), told
    assert told["commits"] > 2 and told["searches"] > 60, told
