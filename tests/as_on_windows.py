"""Run commands of siam as Windows would have it, on Linux: what is not there, what is refused.

    python tests/as_on_windows.py '[["runs"], ["query", "a.png"]]'

Modules and functions that Windows lacks are taken away; locks are msvcrt's; no file is renamed,
replaced or removed while it, or anything in it, is open or mapped; stdout is a pipe in cp1252.
The last line on stderr lists the exit codes.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
FUNCTIONS = ("chown", "fork", "getuid", "mkfifo", "sched_getaffinity", "O_DIRECTORY")
SIGNALS = ("SIGHUP", "SIGKILL", "SIGPIPE", "SIGALRM")


def in_use() -> set[str]:
    """Return the paths of all files that this process holds open or mapped."""
    held = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # the listing's own
            continue
        if os.path.isfile(path):
            held.add(path)
    with open("/proc/self/maps", encoding="utf-8") as maps:
        held |= {words[5] for line in maps if len(words := line.split(None, 5)) == 6}
    return {path.strip() for path in held}


def refuse_in_use(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of os that refuses paths at or below which a file is in use."""

    def guarded(*paths: Any, **options: Any) -> Any:
        folder = options.get("dir_fd")
        base = os.readlink(f"/proc/self/fd/{folder}") if folder is not None else os.getcwd()
        for path in paths:
            full = os.path.realpath(os.path.join(base, os.fspath(path)))
            if any(f"{held}/".startswith(f"{full}/") for held in in_use()):
                raise PermissionError(13, "is being used by another process", full)
        return function(*paths, **options)

    return guarded


def locking(descriptor: int, mode: int, count: int) -> None:
    """Lock as msvcrt does: a lock that another holds is a PermissionError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


def pretend() -> None:
    """Turn this process into one on Windows, as far as siam can tell."""
    import siam.atomic
    import siam.file_lock

    for module in (siam.atomic, siam.file_lock):
        module.sys = types.SimpleNamespace(platform="win32")  # type: ignore[attr-defined]
    msvcrt = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
    sys.modules["msvcrt"] = msvcrt  # type: ignore[assignment]
    sys.modules |= dict.fromkeys(MODULES)  # type: ignore[arg-type]
    for home, names in ((os, FUNCTIONS), (signal, SIGNALS)):
        for name in names:
            if hasattr(home, name):
                delattr(home, name)
    for name in ("rename", "replace", "remove", "unlink"):
        setattr(os, name, refuse_in_use(getattr(os, name)))
    sys.stdout.reconfigure(encoding="cp1252", errors="strict")  # type: ignore[union-attr]


def run(words: list[str]) -> object:
    """Run one command and return its exit code."""
    from siam.cli import main

    sys.argv = ["siam", *words]
    try:
        main()
    except SystemExit as end:
        return end.code
    return 0


if __name__ == "__main__":
    import shutil  # noqa: F401  (it asks once, at its import, what os has)
    import subprocess  # noqa: F401
    import tempfile  # noqa: F401

    pretend()
    codes = [run(words) for words in json.loads(sys.argv[1])]
    print(json.dumps(codes), file=sys.stderr)
