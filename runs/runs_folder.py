"""The runs folder: where runs stand, which is the newest, and how one is found by name."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import msgspec

from siam.atomic import sync_folder
from siam.errors import NoRunError, RunError, UsageError
from siam.run_files import CONFIG_FILE, MANIFEST_FILE, METRICS_FILE
from siam.runs.config import MOST_BYTES
from siam.runs.lifecycle import PARTIAL, RunState, busy_error, hold_run, run_name, run_state
from siam.runs.manifest import read_manifest, verify_files
from siam.runs.plain_files import check_plain_files, is_plain_name
from siam.untrusted import read_json, read_toml

__all__ = [
    "PACKED",
    "RunSummary",
    "find_run",
    "free_name",
    "interrupted_run",
    "is_packed",
    "list_runs",
    "newest_run",
    "plain_word",
    "remove_run",
    "runs_folder",
]

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
LAST = "last"  # another word for the newest finished run
REMOVED = ".removed-"
PACKED = ".siam"


class RunSummary(msgspec.Struct, frozen=True):
    """One line of `siam runs`.

    Attributes:
        name: the run's name.
        path: its folder.
        state: whether it is finished, in training, interrupted (and can be resumed) or damaged.
        dataset: name of its data set; None where `config.toml` cannot be read.
        pair_accuracy: of the test pairs, 0 to 1; None where `metrics.json` does not say.
        recall_at_1: of the test pictures, 0 to 1; None where `metrics.json` does not say.
        created: when it was finished, or begun where it is not, in seconds since 1970.
        size: bytes of all its files.
    """

    name: str
    path: Path
    state: RunState
    dataset: str | None
    pair_accuracy: float | None
    recall_at_1: float | None
    created: float
    size: int


def runs_folder() -> Path:
    """Return where runs are kept: `SIAM_RUNS`, else `runs` in the current folder."""
    return Path(os.environ.get("SIAM_RUNS") or "runs")


def run_folders() -> list[Path]:
    """Return the folder of every run in the runs folder, whatever way it came there, in any order.

    The link `last` of earlier releases is none, nor is what a removal that was cut has left.
    """
    folder = runs_folder()
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if path.name != LAST and path.name[0] != "." and (path / CONFIG_FILE).exists()
    ]


def time_of(folder: Path) -> float:
    """Return when a run was finished, or begun where it is not, in seconds since 1970."""
    with contextlib.suppress(RunError):
        if finished := read_manifest(folder).finished:
            return finished.timestamp()
    file = MANIFEST_FILE if run_state(folder) == "finished" else CONFIG_FILE
    return (folder / file).stat().st_mtime


def find_run(name: str | None = None) -> Path:
    """Return the folder of a finished run.

    Args:
        name: a name in the runs folder or a path; the newest finished run when left out. The path
            of a packed run, and its address with `#sha256=...`, are those of a copy in the user
            cache, fetched and unpacked when it is first named.

    Raises:
        RunError: there is none, it is unfinished, it is no run, or holds other than plain files;
            or it cannot be fetched.
        UsageError: it is an address without the SHA-256 of what is there.
    """
    if name and "://" in name:
        from siam.runs.remote_pack import fetch_pack

        name = str(fetch_pack(name))
    if is_packed(name):
        from siam.runs.pack import unpack_once

        return unpack_once(Path(str(name)))
    if not name or name == LAST:
        newest = newest_run()
        if newest is None:
            raise none_finished_error()
        return plain_run(newest)
    candidates = [runs_folder() / name]
    if Path(name).name != name or Path(name).is_dir():
        candidates.append(Path(name))
    for candidate in candidates:
        if run_state(candidate) == "finished":
            return plain_run(candidate)
    partial = runs_folder() / f"{name}{PARTIAL}"
    if partial.exists():
        if run_state(partial) == "training":
            raise busy_error(partial)
        raise RunError(
            f"The run '{name}' was interrupted before it was whole.",
            f"Go on with it:  siam train --resume --name {name}",
        )
    if any(candidate.exists() for candidate in candidates):
        raise RunError(
            f"{name} is no finished run: it has no {MANIFEST_FILE}.",
            "Name a run (siam runs lists them), or train it again.",
        )
    raise missing_error(name)


def newest_run() -> Path | None:
    """Return the folder of the newest finished run; None where none is finished."""
    finished = [folder for folder in run_folders() if run_state(folder) == "finished"]
    return max(finished, key=time_of, default=None)


def is_packed(name: str | None) -> bool:
    """Tell whether a run is named by the file that `siam runs pack` has put it in."""
    return name is not None and name.endswith(PACKED) and Path(name).is_file()


def plain_run(folder: Path) -> Path:
    """Return where a run's folder really lies, once all that it holds is plain files."""
    check_plain_files(folder)
    return folder.resolve()


def interrupted_run(name: str | None = None) -> Path:
    """Return the folder of the newest interrupted run, or of the one that is named.

    Raises:
        RunError: there is none, it is being trained now, or holds other than plain files.
    """
    for run in list_runs():
        if run.state == "training" and run.name == name:
            raise busy_error(run.path)
        if run.state == "interrupted" and name in (None, run.name):
            check_plain_files(run.path)
            return run.path.absolute()
    which = f"'{name}' " if name else ""
    raise RunError(
        f"There is no interrupted run {which}in {runs_folder().absolute()}.",
        "See what there is:  siam runs",
    )


def free_name(name: str | None, dataset: str) -> str:
    """Return the name for a new run: the one asked for, else the data set's with a number.

    Raises:
        UsageError: that name is taken or is no plain name.
    """
    folder = runs_folder()
    if name is not None:
        if name in {"", LAST} or name.endswith(PARTIAL) or not is_plain_name(name):
            raise UsageError(
                f"A run's name is one plain word that any system can call a folder, and not "
                f"'{LAST}', received '{name}'.",
                "Give another with --name; SIAM_RUNS moves the folder that runs stand in.",
            )
        if (folder / name).exists():
            raise UsageError(
                f"There is a run '{name}' in {folder} already, and nothing is overwritten.",
                f"Give another --name, or remove it first:  siam runs rm {name}",
            )
        return name
    plain = plain_word(dataset)
    number = 1
    while any((folder / f"{plain}-{number}{end}").exists() for end in ("", PARTIAL)):
        number += 1
    return f"{plain}-{number}"


def plain_word(text: str) -> str:
    """Return what a run may be called after a data set or a folder.

    Example:
        >>> plain_word("My signs!")
        'my-signs'
    """
    plain = "".join(letter if letter.isalnum() else "-" for letter in text.lower())
    return plain.strip("-") or "run"


def list_runs() -> list[RunSummary]:
    """Return every run in the runs folder, newest first; unfinished ones too."""
    return sorted(map(summarise, run_folders()), key=lambda run: run.created, reverse=True)


def summarise(path: Path) -> RunSummary:
    """Read what `siam runs` shows of one run; what cannot be read is None."""
    config: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        config = read_toml(path / CONFIG_FILE, most=MOST_BYTES)
    with contextlib.suppress(FileNotFoundError, ValueError, RunError):
        if run_state(path) == "finished":
            verify_files(path, [METRICS_FILE])
        metrics = read_json(path / METRICS_FILE, dict[str, Any], most=MOST_BYTES)
    return RunSummary(
        name=run_name(path),
        path=path,
        state=run_state(path),
        dataset=value_in(config, "dataset", "name", str),
        pair_accuracy=value_in(metrics, "pairs", "accuracy", Fraction),
        recall_at_1=value_in(metrics, "retrieval", "recall@1", Fraction),
        created=time_of(path),
        size=size_of(path),
    )


def value_in(tables: dict[str, Any], table: str, name: str, kind: Any) -> Any:
    """Return a value of a file that anybody may have written; None where it is of another kind."""
    with contextlib.suppress(LookupError, TypeError, ValueError):
        return msgspec.convert(tables[table][name], kind)
    return None


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder, in which a training may be at work."""
    size = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += file.stat().st_size if file.is_file() else 0
    return size


def remove_run(name: str) -> Path:
    """Remove a run, finished or not, and what an earlier removal that was cut has left.

    Raises:
        RunError: there is no such run, or it is being trained now.
    """
    folders = [folder for folder in run_folders() if run_name(folder) == name]
    for folder in folders:
        with hold_run(folder):
            if folder.is_symlink():
                folder.unlink()
            else:
                # Renamed first, so that an interruption never leaves half a run under its name.
                os.replace(folder, folder.with_name(f"{REMOVED}{folder.name}"))
                sync_folder(folder.parent)
    for leftover in runs_folder().glob(f"{REMOVED}*"):
        shutil.rmtree(leftover)
    if not folders:
        raise missing_error(name)
    return folders[0]


def none_finished_error() -> NoRunError:
    """Return the error that no run is finished, with what has become of the newest."""
    cure = "Train one first:  siam train"
    if newest := next(iter(list_runs()), None):
        if newest.state == "training":
            cure = f"'{newest.name}' is being trained right now: wait for it."
        elif newest.state == "interrupted":
            resume = f"siam train --resume --name {newest.name}"
            cure = f"'{newest.name}' was interrupted. Go on with it:  {resume}"
    return NoRunError(f"There is no finished run in {runs_folder().absolute()}.", cure)


def missing_error(name: str) -> RunError:
    """Return the error that there is no run of that name."""
    return RunError(
        f"There is no run '{name}' in {runs_folder().absolute()}.", "See what there is:  siam runs"
    )
