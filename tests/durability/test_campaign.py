"""Commands cut off at chosen instants lose nothing that was committed, and go on: a sample."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign.py")
INDEX = "add,add anew,add array,sync,remove,remove few,tune,repair,runs rm,evaluate,sort"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD is of Linux"),
]


def lost(run: Path, only: str, faults: str, count: int) -> list[str]:
    """Run a campaign; return what was lost in it."""
    command = [sys.executable, str(CAMPAIGN), str(run), "--only", only, "--faults", faults]
    seed = os.environ.get("SIAM_DURABILITY_SEED", "0")
    done = subprocess.run(
        [*command, "--seed", seed, "--count", str(count)], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert lines and lines[-1].startswith(f"{count} cases"), done.stderr[-2000:]
    return lines if done.returncode else []


def test_what_an_index_was_told_is_committed_outlives_kills(trained: Path) -> None:
    assert lost(trained, INDEX, "kill,tear,timer", 20) == []


def test_it_outlives_disks_that_fail_and_power_cuts(trained: Path) -> None:
    assert lost(trained, INDEX, "EIO,ENOSPC,power", 20) == []


def test_it_minds_neither_a_clock_that_jumps_nor_being_stopped(trained: Path) -> None:
    assert lost(trained, INDEX, "clock,stop", 20) == []
