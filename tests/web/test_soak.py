"""Some seconds of the benchmark's mixed load: nothing fails that should not, nothing is lost."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of memory")
def test_mixed_load(
    bundled: Path, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    soak = importlib.import_module("serve_soak").soak
    figures = soak(bundled, tmp_path, [path.read_bytes() for path in pictures], seconds=5.0)
    assert figures["requests_query"] > 0
    assert figures["items_there"] + figures["items_removed"] == figures["requests_add"]
