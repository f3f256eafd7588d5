"""Hostile runs, indexes, pictures and words end as the command line promises: a seeded sample."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = Path(__file__).with_name("session.py")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "count"), [("light", 240), ("keras", 6), ("resume", 6)])
def test_whatever_is_mutated_ends_as_documented(trained: Path, kind: str, count: int) -> None:
    """SIAM_MUTATION_SEED says which cases; `make fuzz` runs any number."""
    seed = os.environ.get("SIAM_MUTATION_SEED", "0")
    words = [str(trained), "--seed", seed, "--count", str(count), "--kind", kind]
    done = subprocess.run(
        [sys.executable, str(SESSION), *words],
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("FAULT")] == []
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])
    assert len(lines) == count
