"""Threads of a server share two heaps of the C library, and give back what they freed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from siam.web.malloc_arenas import bound_arenas, trim_arenas

# Threads that hold memory of their own at the same time; then glibc counts its heaps.
COUNT = """
import ctypes, sys, threading
from siam.web.malloc_arenas import bound_arenas
if sys.argv[2] == "bound":
    assert bound_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def hold():
    libc.malloc(100_000)
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""

# A hundred megabytes in use, freed below something that stays; then in use: before and after.
FREE = """
import ctypes
from pathlib import Path
from siam.web.malloc_arenas import bound_arenas, trim_arenas
bound_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
blocks = [libc.malloc(100_000) for _ in range(1000)]
[ctypes.memset(block, 1, 100_000) for block in blocks]
libc.malloc(100_000)
[libc.free(ctypes.c_void_p(block)) for block in blocks]
def used():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
before = used()
assert trim_arenas()
print(before - used())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_threads_share_two_heaps(tmp_path: Path) -> None:
    heaps = {}
    for way in ("free", "bound"):
        table = tmp_path / f"{way}.xml"
        subprocess.run([sys.executable, "-c", COUNT, str(table), way], check=True)
        heaps[way] = table.read_text("utf-8").count("<heap nr=")
    assert heaps["bound"] == 2 < heaps["free"]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_freed_memory_goes_back() -> None:
    ended = subprocess.run([sys.executable, "-c", FREE], check=True, capture_output=True, text=True)
    assert int(ended.stdout) > 80e6


def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not bound_arenas()
    assert not trim_arenas()
