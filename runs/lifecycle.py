"""A run in the making: begun, found again, kept to one process, and published whole."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path

from siam.atomic import publish_folder
from siam.errors import RunError
from siam.runs.manifest import write_manifest
from siam.runs.runs_folder import PARTIAL, list_runs, point_last_to, runs_folder

__all__ = ["begin", "hold_run", "interrupted_run", "publish", "run_name"]

LOCK_FILE = ".lock"


def begin(name: str) -> Path:
    """Make the folder that a run grows in.

    Raises:
        RunError: it cannot be made, or an interrupted run of that name stands there.
    """
    folder = runs_folder().absolute() / f"{name}{PARTIAL}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError as error:
        raise RunError(
            f"A run '{name}' was interrupted before it was whole.",
            f"Go on with it:  siam train --resume --name {name}   or:  siam runs rm {name}",
        ) from error
    except OSError as error:
        raise RunError(
            f"The runs folder {folder.parent} cannot be written ({error.strerror}).",
            "Set SIAM_RUNS to a folder that can, or change the rights.",
        ) from error
    return folder


def interrupted_run(name: str | None) -> Path:
    """Return the folder of the newest interrupted run, or of the one that is named.

    Raises:
        RunError: there is none.
    """
    for run in list_runs():
        if not run.finished and run.path.name.endswith(PARTIAL) and name in (None, run.name):
            return run.path.absolute()
    which = f"'{name}' " if name else ""
    raise RunError(
        f"There is no interrupted run {which}in {runs_folder().absolute()}.",
        "See what there is:  siam runs",
    )


def run_name(folder: Path) -> str:
    """Return the name of a run in the making."""
    return folder.name.removesuffix(PARTIAL)


@contextlib.contextmanager
def hold_run(folder: Path) -> Iterator[None]:
    """Keep a run in the making to this process; the hold ends with the process, however it ends.

    Raises:
        RunError: another process is training it now.
    """
    with (folder / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"The run '{folder.name.removesuffix(PARTIAL)}' is being trained right now.",
                "Wait for it, or name another one (siam runs lists them).",
            ) from None
        yield


def publish(folder: Path, *, unneeded: Sequence[str] = ()) -> Path:
    """Turn a run in the making into a run, and point `last` to it.

    Args:
        folder: the run in the making.
        unneeded: names of files that only an interrupted training needs; they are removed.
    """
    for name in (*unneeded, LOCK_FILE):
        (folder / name).unlink(missing_ok=True)
    write_manifest(folder)
    path = folder.with_name(run_name(folder))
    publish_folder(folder, path)
    point_last_to(path)
    return path
