"""The runs that a server answers from: each opened once, and anew when it was changed on disk."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from siam.engine.answers.run_description import RunEntry, entry_of
from siam.engine.open_run import OpenRun, open_run
from siam.errors import RunError
from siam.index.catalogue import FILE
from siam.run_files import INDEX_FOLDER, MANIFEST_FILE
from siam.runs.bundled_run import find_answering_run
from siam.runs.lifecycle import run_state
from siam.runs.own_runs import own_verdict
from siam.runs.plain_files import is_plain_name
from siam.runs.runs_folder import find_run, runs_folder, summarise
from siam.web.api_error import ApiError
from siam.web.batching import Batches

__all__ = ["ServedRun", "ServedRuns"]

# Opened runs that are kept; each holds its encoder and its vectors in memory.
KEPT = 4
# Seconds that requests wait for the server of a store that is away.
PATIENCE = 5.0
Stamp = tuple[tuple[int, int, int], ...]


@dataclass
class ServedRun:
    """A run that is open, and how many requests it is answering.

    Attributes:
        opened: the run.
        verdict: what training found it good enough for; "" where it was trained elsewhere.
        stamp: what its files were when it was opened.
        batches: what joins requests to one call of the encoder.
        users: requests under way.
        retired: whether it is to be closed by the last of them.
    """

    opened: OpenRun
    verdict: str
    stamp: Stamp
    batches: Batches = field(default_factory=Batches)
    users: int = 0
    retired: bool = False


class ServedRuns:
    """The run that is served, and the others of the runs folder by name.

    Safe to share between threads.

    Args:
        name: a run's name or path; the newest finished run when None.
        writable: open them for writing.
        store: of the run that is served, as for `open_run`; the others answer from their own.

    Raises:
        RunError: there is no such run, or it is damaged.

    Attributes:
        default: folder of the run that is served where none is named.
        bundled: whether that is the one that ships with siam.
    """

    def __init__(self, name: str | None, *, writable: bool, store: str | None = None) -> None:
        self.default, self.bundled = find_answering_run(name)
        self._writable, self._store = writable, store
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, ServedRun] = OrderedDict()
        self._past = Batches()  # what retired runs have answered
        with self.use(None):
            pass  # what is amiss is told at the start

    def folder_of(self, name: str | None) -> Path:
        """Return the folder of a run by its name.

        Raises:
            ApiError: there is no finished run of that name.
        """
        if name is None or name == self.default.name:
            return self.default
        if is_plain_name(name) and run_state(runs_folder() / name) == "finished":
            return find_run(str((runs_folder() / name).absolute()))
        raise ApiError(404, "no_run", f"There is no finished run '{name[:100]}'.", "See /runs.")

    def default_entry(self) -> RunEntry:
        """Return the run that is served as it is listed, wherever it lies."""
        with self.use(None) as run:
            pictures = len(run.gallery)
        return entry_of(summarise(self.default), bundled=self.bundled, pictures=pictures)

    def take(self, name: str | None, *, users: int = 1) -> ServedRun:
        """Return a run, open until `give` was called as often as there are users.

        Raises:
            ApiError: there is no such run.
            RunError: it is damaged, or was taken away.
        """
        folder = self.folder_of(name)
        with self._lock:
            stamp = stamp_of(folder)
            served = self._open.get(folder)
            if served is None or served.stamp != stamp:
                opened = open_run(
                    str(folder),
                    read_only=not self._writable,
                    store=self._store if folder == self.default else None,
                    patience=PATIENCE,
                )
                if served is not None:
                    self._retire(folder)
                served = self._open[folder] = ServedRun(opened, own_verdict(folder), stamp)
            self._open.move_to_end(folder)
            served.users += users
            while len(self._open) > KEPT:
                self._retire(next(iter(self._open)))
        return served

    def give(self, served: ServedRun, *, users: int = 1) -> None:
        """Say that so many requests are done with a run."""
        with self._lock:
            served.users -= users
            if served.retired and not served.users:
                served.opened.gallery.close()

    @contextlib.contextmanager
    def use(self, name: str | None) -> Iterator[OpenRun]:
        """Yield a run that stays open in this block; raises as `take`."""
        served = self.take(name)
        try:
            yield served.opened
        finally:
            self.give(served)

    def batch_counts(self) -> tuple[int, int]:
        """Return how many batches were answered, and of how many pictures."""
        with self._lock:
            every = [*(served.batches for served in self._open.values()), self._past]
        return sum(one.calls for one in every), sum(one.pictures for one in every)

    def close(self) -> None:
        """Close all of them, when no request is under way any more."""
        with self._lock:
            while self._open:
                self._retire(next(iter(self._open)))

    def _retire(self, folder: Path) -> None:
        served = self._open.pop(folder)
        served.retired = True
        self._past.calls += served.batches.calls
        self._past.pictures += served.batches.pictures
        if not served.users:
            served.opened.gallery.close()


def stamp_of(folder: Path) -> Stamp:
    """Return what changes when a run is replaced by another; not when its index grows."""
    try:
        manifest = (folder / MANIFEST_FILE).stat()
    except OSError as error:
        raise RunError(f"{folder} cannot be read any more: {error.strerror}.") from error
    number = 0  # a run that is asked from a store may have no index of its own
    with contextlib.suppress(OSError):
        number = (folder / INDEX_FOLDER / FILE).stat().st_ino
    return ((manifest.st_mtime_ns, manifest.st_size, manifest.st_ino), (0, 0, number))
