"""How far a training has come: its history and its checkpoint, read without Keras."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from siam.atomic import write_text
from siam.run_files import CHECKPOINT_FILE, HISTORY_FILE

__all__ = [
    "HistoryRow",
    "Position",
    "position_of",
    "read_history",
    "read_position",
    "write_history",
]

HistoryRow = Mapping[str, float]


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


def read_position(folder: Path) -> Position:
    """Read how far the checkpoint of a folder has come; nowhere where there is none."""
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return Position()
    with np.load(path, allow_pickle=False) as state:
        return position_of(state)


def position_of(state: Any) -> Position:
    """Return the position that an opened checkpoint holds."""
    sums = sum(name.startswith("metric_") for name in state.files)
    return Position(
        history=json.loads(state["history"].tobytes()),
        seconds=float(state["seconds"]),
        # Earlier checkpoints were of whole epochs.
        step=int(state["step"]) if "step" in state.files else 0,
        metrics=tuple(state[f"metric_{i}"] for i in range(sums)),
    )


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
    """Read what `write_history` wrote; a figure that an epoch lacks is left out of its row."""
    with (folder / HISTORY_FILE).open(newline="") as source:
        return [
            {name: float(value) for name, value in row.items() if value}
            for row in csv.DictReader(source)
        ]
