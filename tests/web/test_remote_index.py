"""A remote run's index: what is added over HTTP is in the run, and what is refused says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import siam


def test_the_index_over_http(digits: Path, serve: Any, pictures: list[Path]) -> None:
    with serve(digits, "--writable") as address, siam.connect(address) as remote:
        before = len(remote.index)
        done = remote.index.add(pictures[0], label="new", meta={"year": 2026})
        assert (done.added, done.changed, done.skipped, done.total) == (1, 0, (), before + 1)
        answer = remote.query(pictures[0], where="year=2026")
        assert [near.label for near in answer.neighbours] == ["new"]
        several = remote.index.add([*pictures[1:4], b"no picture"], label="newer")
        assert (several.added, len(several.skipped)) == (3, 1)
        assert [skip.path for skip in remote.index.add([b"no picture"]).skipped] == ["picture 0"]
        assert remote.index.info().labels["newer"] == 3
        assert remote.index.remove([answer.neighbours[0].id]) == 1
        assert remote.index.remove(label="newer") == 3
        assert len(remote.index) == before
        with pytest.raises(siam.UsageError, match="Nothing says what to remove"):
            remote.index.remove()
        with pytest.raises(siam.UsageError, match="by their ids"):
            remote.index.remove(["cats/a.png"])
        assert remote.index.remove([1 << 40]) == 0
        with pytest.raises(siam.UsageError, match="is a folder"):
            remote.index.add(pictures[0].parent)
        with pytest.raises(siam.PictureError):
            remote.index.add(b"no picture", label="7")
    with siam.open(digits) as run:
        assert len(run.index) == before and run.index.verify().clean


def test_a_server_that_only_reads(bundled_served: str, pictures: list[Path]) -> None:
    with siam.connect(bundled_served) as remote:
        with pytest.raises(siam.UsageError, match="only reads.*\n.*--writable"):
            remote.index.add(pictures[0], label="7")
        with pytest.raises(siam.UsageError, match="only reads"):
            remote.index.remove([1])
