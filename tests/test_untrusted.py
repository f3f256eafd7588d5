"""Files from anybody: read within a bound, in memory too."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from siam.untrusted import read_bounded


def test_a_small_file_takes_little_memory_whatever_it_may_have(tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(bytes(100))
    tracemalloc.start()
    try:
        assert read_bounded(path, 1 << 30) == bytes(100)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_no_more_than_the_bound_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(101))
    assert len(read_bounded(path, 101)) == 101
    with pytest.raises(ValueError, match="it is larger than 100 bytes"):
        read_bounded(path, 100)
