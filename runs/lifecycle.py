"""A run's life: begun, kept to one process while it is trained, and published whole."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from siam.atomic import publish_folder, sync_folder
from siam.errors import RunError
from siam.file_lock import try_lock
from siam.run_files import CONFIG_FILE, MANIFEST_FILE, WHILE_TRAINED
from siam.runs.manifest import write_manifest

__all__ = [
    "RunState",
    "begin_run",
    "hold_run",
    "publish_run",
    "refuse_place",
    "run_name",
    "run_state",
]

# "damaged": a run that has lost its manifest.
RunState = Literal["finished", "training", "interrupted", "damaged"]
# A run in the making has this ending until it is whole.
PARTIAL = ".partial"


def run_name(folder: Path) -> str:
    """Return the name of a run, also of one in the making."""
    return folder.name.removesuffix(PARTIAL)


def run_state(folder: Path) -> RunState:
    """Return what has become of a run, by its manifest and its lock."""
    if not folder.name.endswith(PARTIAL):
        return "finished" if (folder / MANIFEST_FILE).exists() else "damaged"
    lock = lock_file(folder)
    # Opened only where it is: to look at another's runs folder takes no right to write there.
    with contextlib.suppress(OSError):
        if lock.exists():
            with try_lock(lock) as free:
                return "interrupted" if free else "training"
    return "interrupted"


def begin_run(place: Path) -> Path:
    """Make the folder that a run grows in.

    Args:
        place: where the finished run is to stand.

    Raises:
        RunError: it cannot be made, or an interrupted run of that name stands there.
    """
    refuse_place(place)
    folder = unfinished(place)
    try:
        # There, and empty, where a run was killed before it held anything.
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder.parent, error) from error
    sync_folder(folder.parent)
    return folder


def refuse_place(place: Path) -> None:
    """Refuse a place where no run can be begun. Nothing is made there yet.

    Args:
        place: where the finished run is to stand.

    Raises:
        RunError: the runs folder cannot be written, or holds an interrupted run of that name.
    """
    folder = unfinished(place)
    shelf = folder.parent
    there = next(above for above in (shelf, *shelf.parents) if above.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise unwritable(shelf, error) from error
    if folder.is_dir() and run_state(folder) == "training":
        raise busy_error(folder)
    if (folder / CONFIG_FILE).exists():
        raise RunError(
            f"A run '{place.name}' was interrupted before it was whole.",
            f"Go on with it:  siam train --resume --name {place.name}   "
            f"or:  siam runs rm {place.name}",
        )


def unwritable(shelf: Path, error: OSError) -> RunError:
    """Return the error that no run can be written to the runs folder."""
    return RunError(
        f"The runs folder {shelf} cannot be written ({error.strerror}).",
        "Set SIAM_RUNS to a folder that can, or change the rights.",
    )


def unfinished(place: Path) -> Path:
    """Return where a run grows that is to stand in a place."""
    return place.absolute().with_name(f"{place.name}{PARTIAL}")


@contextlib.contextmanager
def hold_run(folder: Path, *, busy: RunError | None = None) -> Iterator[None]:
    """Keep a folder in the making to this process; the hold ends with the process, however it ends.

    Args:
        folder: where a run or a comparison grows.
        busy: what is raised where another process holds it; by default that it trains a run there.

    Raises:
        RunError: another process holds it.
    """
    lock = lock_file(folder)
    with try_lock(lock) as held:
        if not held:
            raise busy or busy_error(folder)
        try:
            yield
        finally:
            if not folder.exists():  # published or removed
                with contextlib.suppress(OSError):
                    lock.unlink()


def publish_run(folder: Path) -> Path:
    """Turn a run in the making into a run; what only an interrupted training needs goes after that.

    Args:
        folder: the run in the making.
    """
    for left in folder.glob(".*"):  # half of a file, from a process that was killed as it wrote
        left.unlink()
    write_manifest(folder)
    path = folder.with_name(run_name(folder))
    publish_folder(folder, path)
    for name in WHILE_TRAINED:
        if (path / name).is_dir():
            shutil.rmtree(path / name)
        (path / name).unlink(missing_ok=True)
    return path


def busy_error(folder: Path) -> RunError:
    """Return the error that a run is held by another process."""
    return RunError(
        f"The run '{run_name(folder)}' is being trained right now.",
        "Wait for it, or name another one (siam runs lists them).",
    )


def lock_file(folder: Path) -> Path:
    """Return the lock of a run in the making: beside it, as Windows renames no folder in use."""
    return folder.with_name(f".{folder.name}.lock")
