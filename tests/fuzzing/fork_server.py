"""A fork server: a process that has imported siam forks a child for each case, within limits.

A fork costs milliseconds where a new process would import for half a second, and what a case does
to its process ends with it: a segmentation fault, an endless loop, a file that stays open.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import importlib.abc
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer.main

from siam import cli
from siam.faiss_library import load_faiss

__all__ = ["Ending", "fork_command", "preload"]

MEMORY, FILE = 2 << 30, 1 << 30
SECONDS = 10  # of processor time, as other processes may be at work
WAIT = 6  # times as long in all, for one that waits and computes nothing
# What commands import when they need it. pyarrow starts a thread, which a fork would lose.
NATIVE = ("cv2", "ai_edge_litert.interpreter", "PIL.ImageDraw", "pillow_heif", "sklearn.metrics")
ROOMS = ("commands", "engine", "engine/answers", "engine/index", "evaluation", "index", "runs")


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Attributes:
        command: the words after `siam`.
        code: its exit code; the negative number of a signal that ended it.
        output: what it wrote to stdout.
        errors: what it wrote to stderr, with the place in the code where a limit stopped it.
        seconds: of processor time.
    """

    command: list[str]
    code: int
    output: str
    errors: str
    seconds: float


class WithoutPandas(importlib.abc.MetaPathFinder):
    """No pandas, which siam needs not: scikit-learn imports it where it is, and it pyarrow."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out", name=name)


def preload(*, keras: bool = False) -> None:
    """Import what commands import, TensorFlow and Keras where they are asked for.

    Raises:
        RuntimeError: an import has started a thread, which no child would have.
    """
    load_faiss()
    top = Path(__file__).parents[2]
    files = [path for room in ROOMS for path in sorted((top / room).glob("*.py"))]
    names = [".".join(("siam", *file.relative_to(top).with_suffix("").parts)) for file in files]
    sys.meta_path.insert(0, WithoutPandas())
    for name in (*NATIVE, *(["tensorflow", "keras"] if keras else []), *names):
        with contextlib.suppress(ImportError):  # an extra that is not installed
            importlib.import_module(name)
    # What every command begins with takes half of a case's time: here it is done once.
    cli.app = typer.main.get_command(cli.app)
    list(cli.Commands().values())
    gc.disable()  # which would write to every page that is shared, so copy it
    gc.freeze()
    if not keras and (loaded := {"tensorflow", "keras"} & sys.modules.keys()):
        raise RuntimeError(f"{loaded} was imported, whose size hides that of a case")
    if (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise RuntimeError(f"{threads} threads are running")


def fork_command(
    prepare: Callable[[], list[str]], *, folder: Path, limit: int, most: int = SECONDS
) -> Ending:
    """Lay something out and run `siam` on it, both in a child of this process.

    Args:
        prepare: called in `folder`; returns the words after `siam`.
        folder: where it runs; beside it stand, for a while, the files that take what it writes.
        limit: what is held to 2 GiB: the address space, or `RLIMIT_DATA`, what it may write to,
            for TensorFlow, which maps two on import.
        most: seconds of processor time.
    """
    kept = [folder.with_name(f"{folder.name}-{name}") for name in ("words", "stdout", "stderr")]
    for path in kept:
        path.write_bytes(b"[]")
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        run_child(prepare, folder, kept, limit, most)
    _, status, used = os.wait4(child, 0)
    words, output, errors = (path.read_text("utf-8", "backslashreplace") for path in kept)
    seconds = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    return Ending(json.loads(words), code, output, errors, seconds)


def run_child(
    prepare: Callable[[], list[str]], folder: Path, kept: Sequence[Path], limit: int, most: int
) -> None:
    """Be `siam` until the end of this process."""
    code = 1
    try:
        os.setsid()
        for number, path in enumerate((Path(os.devnull), *kept[1:])):
            opened = os.open(path, os.O_RDWR | os.O_TRUNC)
            os.dup2(opened, number)
            os.close(opened)
        os.chdir(folder)
        os.environ["SIAM_RUNS"] = str(folder / "runs")
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        command = prepare()
        kept[0].write_text(json.dumps(command))
        sys.argv = ["siam", *command]
        faulthandler.enable()
        for number in (signal.SIGXCPU, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
            faulthandler.register(number, chain=True)
        resource.setrlimit(limit, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        seconds = int(time.process_time()) + most
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
        signal.alarm(most * WAIT)
        warnings.simplefilter("ignore")
        gc.enable()
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
