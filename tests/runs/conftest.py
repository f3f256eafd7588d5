"""Run folders written by hand, which no training is needed for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from siam.runs.manifest import write_manifest

CONFIG = """
[dataset]
name = "pets"
"""
METRICS = {"pairs": {"accuracy": 0.98}, "retrieval": {"recall@1": 0.97}}

WriteRun = Callable[..., Path]


@pytest.fixture
def write_run(runs: Path) -> WriteRun:
    """Write a run folder of that name, finished where it does not end in .partial."""

    def write(name: str, *, begun: float = 0, folder: Path = runs) -> Path:
        run = folder / name
        run.mkdir(parents=True)
        (run / "config.toml").write_text(CONFIG)
        os.utime(run / "config.toml", (begun, begun))
        (run / "metrics.json").write_text(json.dumps(METRICS))
        if not name.endswith(".partial"):
            write_manifest(run)
        return run

    return write
