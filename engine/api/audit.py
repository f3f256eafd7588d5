"""Audit a data set from Python, as `siam audit` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from siam.engine.audit.apply import MendedCopy, apply_fixes
from siam.engine.audit.audit import Audit, audit_dataset
from siam.progress import Progress, silent

__all__ = ["audit", "mend"]


def audit(
    dataset: str | os.PathLike[str] | None = None,
    *,
    run: str | os.PathLike[str] | None = None,
    quick: bool = False,
    folds: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    seed: int = 0,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Find likely wrong labels, doubles, leaks between splits, outliers and unreadable pictures.

    Args:
        dataset: as for `siam.train`; that of the run when left out.
        run: a run's name or path whose encoder judges; the newest that was trained on this data
            set when left out. Where there is none, networks are trained for it.
        quick: never train a network.
        folds: train so many networks, each without a fold that it then judges; 2 to 20.
        data_dir: the folder that holds `mnist/`.
        seed: fixes folds, trainings and the labels that are flipped to calibrate by.
        progress: told of the work.
        notice: told in a sentence how labels are judged.

    Raises:
        DataError: the data set is not there or cannot be read.
        RunError: no such run, or with `quick` none of the data set.
        UsageError: a number of folds that makes no sense.
        MissingExtraError: scikit-learn is not installed, or what trains networks.

    Example:
        >>> import siam
        >>> audit = siam.audit(run="mnist-1")  # or siam.audit("photos/")
        >>> audit.write_fixes("fixes.csv")
    """
    return audit_dataset(
        None if dataset is None else os.fspath(dataset),
        run=None if run is None else os.fspath(run),
        quick=quick,
        folds=folds,
        data_dir=None if data_dir is None else Path(data_dir),
        seed=seed,
        progress=progress,
        notice=notice,
    )


def mend(
    fixes: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    dataset: str | os.PathLike[str],
    progress: Progress = silent,
) -> MendedCopy:
    """Carry an audit's proposals out on a copy of the data set, which itself stays as it is.

    Args:
        fixes: the table that `Audit.write_fixes` wrote, perhaps with rows taken out or changed.
        to: the folder to make; it must not be there, or be empty.
        dataset: the folder, .zip or table that was audited.
        progress: told of pictures copied.

    Raises:
        DataError: the table or the data set cannot be read, or they do not belong together.
        UsageError: the data set has no files, or there is something at `to`.
    """
    return apply_fixes(Path(fixes), Path(to), dataset=os.fspath(dataset), progress=progress)
