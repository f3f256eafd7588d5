"""The runs folder: where runs stand, which is the last, and how one is found by name."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from siam.errors import RunError, UsageError
from siam.runs.config import CONFIG_FILE, read_toml
from siam.runs.manifest import MANIFEST_FILE

__all__ = [
    "METRICS_FILE",
    "PARTIAL",
    "RunSummary",
    "find_run",
    "free_name",
    "list_runs",
    "point_last_to",
    "remove_run",
    "runs_folder",
]

METRICS_FILE = "metrics.json"
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
LAST = "last"
# A run in the making has this ending until it is whole.
PARTIAL = ".partial"


@dataclass(frozen=True)
class RunSummary:
    """One line of `siam runs`.

    Attributes:
        name: the run's name.
        path: its folder.
        finished: False for a run that was interrupted and can be resumed.
        dataset: name of its data set; None where `config.toml` cannot be read.
        pair_accuracy: of the test pairs, 0 to 1; None where `metrics.json` does not say.
        recall_at_1: of the test pictures, 0 to 1; None where `metrics.json` does not say.
        created: seconds since 1970 when it was last written.
        size: bytes of all its files.
    """

    name: str
    path: Path
    finished: bool
    dataset: str | None
    pair_accuracy: float | None
    recall_at_1: float | None
    created: float
    size: int


class DatasetExtract(msgspec.Struct):
    """What is shown of a data set."""

    name: str


class ConfigExtract(msgspec.Struct):
    """What is shown of `config.toml`."""

    dataset: DatasetExtract


class PairsExtract(msgspec.Struct):
    """What is shown of the figures of pairs."""

    accuracy: Fraction | None = None


class RetrievalExtract(msgspec.Struct):
    """What is shown of the figures of retrieval."""

    recall_at_1: Fraction | None = msgspec.field(default=None, name="recall@1")


class MetricsExtract(msgspec.Struct):
    """What is shown of `metrics.json`."""

    pairs: PairsExtract = msgspec.field(default_factory=PairsExtract)
    retrieval: RetrievalExtract = msgspec.field(default_factory=RetrievalExtract)


def runs_folder() -> Path:
    """Return where runs are kept: `SIAM_RUNS`, else `runs` in the current folder."""
    return Path(os.environ.get("SIAM_RUNS") or "runs")


def find_run(name: str | None = None) -> Path:
    """Return the folder of a finished run.

    Args:
        name: a name in the runs folder or a path; the newest finished run when left out.

    Raises:
        RunError: there is none, it is unfinished, or it is no run.
    """
    wanted = name or LAST
    candidates = [runs_folder() / wanted]
    if name and (os.sep in name or Path(name).is_dir()):
        candidates.append(Path(name))
    for candidate in candidates:
        if (candidate / MANIFEST_FILE).exists():
            return candidate.resolve()
    if (runs_folder() / f"{wanted}{PARTIAL}").exists():
        raise RunError(
            f"The run '{wanted}' was interrupted before it was whole.",
            f"Go on with it:  siam train --resume --name {wanted}",
        )
    if name is None:
        raise RunError(
            f"There is no finished run in {runs_folder().absolute()}.",
            "Train one first:  siam train",
        )
    if any(candidate.exists() for candidate in candidates):
        raise RunError(
            f"{name} is no finished run: it has no {MANIFEST_FILE}.",
            "Name a run (siam runs lists them), or train it again.",
        )
    raise RunError(
        f"There is no run '{name}' in {runs_folder().absolute()}.",
        "See what there is:  siam runs",
    )


def free_name(wanted: str | None, dataset: str) -> str:
    """Return the name for a new run: the wanted one, else the data set's with a number.

    Raises:
        UsageError: the wanted name is taken or is no plain name.
    """
    folder = runs_folder()
    if wanted is not None:
        if wanted in {"", ".", "..", LAST} or wanted != Path(wanted).name or wanted[0] in ".-":
            raise UsageError(
                f"A run's name is one plain word and not '{LAST}', received '{wanted}'.",
                "Give another with --name; SIAM_RUNS moves the folder that runs stand in.",
            )
        if (folder / wanted).exists():
            raise UsageError(
                f"There is a run '{wanted}' in {folder} already, and nothing is overwritten.",
                f"Give another --name, or remove it first:  siam runs rm {wanted}",
            )
        return wanted
    plain = "".join(letter if letter.isalnum() else "-" for letter in dataset.lower()).strip("-")
    number = 1
    while any((folder / f"{plain or 'run'}-{number}{end}").exists() for end in ("", PARTIAL)):
        number += 1
    return f"{plain or 'run'}-{number}"


def point_last_to(run: Path) -> None:
    """Make `runs/last` point to a run, in one step."""
    link = run.parent / LAST
    temporary = run.parent / f".{LAST}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(run.name, target_is_directory=True)
    os.replace(temporary, link)


def list_runs() -> list[RunSummary]:
    """Return every run in the runs folder, newest first; unfinished ones too."""
    folder = runs_folder()
    if not folder.is_dir():
        return []
    found = [
        summarise(path)
        for path in folder.iterdir()
        if path.is_dir() and not path.is_symlink() and (path / CONFIG_FILE).exists()
    ]
    return sorted(found, key=lambda run: run.created, reverse=True)


def summarise(path: Path) -> RunSummary:
    """Read what `siam runs` shows of one run; what cannot be read is None."""
    config, metrics = None, MetricsExtract()
    with contextlib.suppress(RunError, msgspec.ValidationError):
        config = msgspec.convert(read_toml(path / CONFIG_FILE), ConfigExtract)
    with contextlib.suppress(OSError, ValueError, RecursionError):
        metrics = msgspec.json.decode((path / METRICS_FILE).read_bytes(), type=MetricsExtract)
    return RunSummary(
        name=path.name.removesuffix(PARTIAL),
        path=path,
        finished=(path / MANIFEST_FILE).exists() and not path.name.endswith(PARTIAL),
        dataset=config.dataset.name if config else None,
        pair_accuracy=metrics.pairs.accuracy,
        recall_at_1=metrics.retrieval.recall_at_1,
        created=(path / CONFIG_FILE).stat().st_mtime,
        size=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
    )


def remove_run(name: str) -> Path:
    """Remove a run, finished or not; `last` then points to the newest that is left.

    Raises:
        RunError: there is no such run.
    """
    matches = [run for run in list_runs() if run.name == name]
    if not matches:
        raise RunError(
            f"There is no run '{name}' in {runs_folder().absolute()}.",
            "See what there is:  siam runs",
        )
    for run in matches:
        # Renamed first, so that an interruption never leaves half a run under its name.
        doomed = run.path.with_name(f".removed-{run.path.name}")
        os.replace(run.path, doomed)
        shutil.rmtree(doomed)
    link = runs_folder() / LAST
    if link.is_symlink() and not link.exists():
        link.unlink()
        left = [run for run in list_runs() if run.finished]
        if left:
            point_last_to(left[0].path)
    return matches[0].path
