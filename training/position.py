"""How far a training has come: its history and its checkpoint, read without Keras."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from siam.atomic import write_text
from siam.datasets.arrays import open_arrays
from siam.errors import RunError
from siam.run_files import CHECKPOINT_FILE, HISTORY_FILE
from siam.untrusted import read_bounded

__all__ = [
    "HistoryRow",
    "Position",
    "open_checkpoint",
    "position_of",
    "read_history",
    "read_position",
    "write_history",
]

HistoryRow = Mapping[str, float]
# Of history.csv: a hundred thousand epochs.
MOST_BYTES = 1 << 24


@dataclass(frozen=True)
class Position:
    """How far a training has come.

    Attributes:
        history: one row per finished epoch.
        seconds: wall time of all sittings so far.
        step: steps taken of the epoch that is not finished; 0 = none.
        metrics: the sums that this epoch's means are made of, in the order of Keras' variables.
    """

    history: list[HistoryRow] = field(default_factory=list)
    seconds: float = 0.0
    step: int = 0
    metrics: tuple[np.ndarray, ...] = ()

    @property
    def epoch(self) -> int:
        """The last epoch of the plan that is finished, counted from 1; 0 = none is."""
        return int(self.history[-1]["epoch"]) if self.history else 0


def read_position(folder: Path) -> Position:
    """Read how far the checkpoint of a folder has come; nowhere where there is none.

    Raises:
        RunError: the checkpoint is damaged.
    """
    if not (folder / CHECKPOINT_FILE).exists():
        return Position()
    with open_checkpoint(folder) as state:
        return position_of(state)


@contextlib.contextmanager
def open_checkpoint(folder: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """Yield the arrays of a folder's checkpoint; what is wrong with them is told in one way.

    Raises:
        RunError: the checkpoint is damaged, or the block finds that it does not fit.
    """
    path = folder / CHECKPOINT_FILE
    try:
        with open_arrays(path) as state:
            yield state
    except ValueError as error:
        raise RunError(
            f"{path} cannot be used to go on ({error}).",
            f"Remove {folder} and train the run again.",
        ) from error


def position_of(state: Mapping[str, np.ndarray]) -> Position:
    """Return the position that an opened checkpoint holds."""
    sums = sum(name.startswith("metric_") for name in state)
    rows = json.loads(state["history"].tobytes())
    history: list[HistoryRow] = [*msgspec.convert(rows, list[dict[str, float]])]
    seconds = float(state["seconds"])
    # Earlier checkpoints were of whole epochs.
    step = int(state["step"]) if "step" in state else 0
    epochs = [row["epoch"] for row in history]
    ascending = epochs == sorted(set(epochs)) and all(map(math.isfinite, epochs))
    if not ascending or epochs[:1] not in ([], [1]):
        raise ValueError("its epochs do not follow each other")
    if not (0 <= seconds < math.inf and step >= 0):
        raise ValueError(f"it took {step} steps in {seconds} seconds")
    metrics = tuple(state[f"metric_{i}"] for i in range(sums))
    return Position(history=history, seconds=seconds, step=step, metrics=metrics)


def write_history(folder: Path, history: list[HistoryRow]) -> None:
    """Write `history.csv`: one row per epoch, one column per figure."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in history:
        writer.writerow({**row, "epoch": int(row["epoch"])})
    write_text(folder / HISTORY_FILE, text.getvalue())


def read_history(folder: Path) -> list[dict[str, float]]:
    """Read what `write_history` wrote; a figure that an epoch lacks is left out of its row.

    Raises:
        RunError: the file is missing or is none that it wrote.
    """
    path = folder / HISTORY_FILE
    try:
        rows = csv.DictReader(read_bounded(path, MOST_BYTES).decode().splitlines())
        return [{name: float(value) for name, value in row.items() if value} for row in rows]
    except (FileNotFoundError, ValueError, TypeError, csv.Error) as error:
        raise RunError(
            f"{path} cannot be read ({error}).",
            "Copy it back from where it was whole, or train the run again.",
        ) from error
