"""A lock that one process at a time holds, until it ends however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from siam.file_lock import try_lock

HOLD = """
import sys
from pathlib import Path
from siam.file_lock import try_lock
with try_lock(Path(sys.argv[1])) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    with try_lock(tmp_path / "lock") as first, try_lock(tmp_path / "lock") as second:
        assert (first, second) == (True, False)
    with pytest.raises(BlockingIOError), try_lock(tmp_path / "lock") as again:
        assert again
        raise BlockingIOError  # from the work itself, not from the lock
    with try_lock(tmp_path / "lock") as after:
        assert after


def test_what_is_no_file_of_its_own_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError), try_lock(tmp_path / name):
            raise AssertionError("it was opened")
    assert not (tmp_path / "elsewhere").exists()


def test_windows_locks_by_msvcrt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        if held:
            raise PermissionError(13, "Permission denied")
        held.append(descriptor)

    monkeypatch.setattr("siam.file_lock.sys", SimpleNamespace(platform="win32"))
    fake = SimpleNamespace(locking=locking, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)  # type: ignore[misc]
    monkeypatch.setitem(sys.modules, "fcntl", None)  # type: ignore[misc]
    with try_lock(tmp_path / "lock") as first, try_lock(tmp_path / "lock") as second:
        assert (first, second) == (True, False)


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "True\n"
        with try_lock(tmp_path / "lock") as held:
            assert not held
        process.kill()
    with try_lock(tmp_path / "lock") as held:
        assert held


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), try_lock(tmp_path / "nowhere" / "lock"):
        pass
