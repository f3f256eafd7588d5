"""The state of a training between epochs, so that it can go on as if nothing had happened.

Batches and augmentation depend on (seed, epoch, step) alone, so the network's variables (weights,
and the state of its random layers), the optimizer's and the history are the whole state.
"""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from siam.atomic import replacing, write_text
from siam.errors import RunError
from siam.run_files import CHECKPOINT_FILE, HISTORY_FILE

__all__ = [
    "Checkpoint",
    "HistoryRow",
    "read_history",
    "restore",
    "write_history",
]

HistoryRow = Mapping[str, float]


class Checkpoint(keras.callbacks.Callback):
    """Keep the training's state in a folder after every epoch, whole or not at all.

    Args:
        network: whose variables are the state; what is trained may hold more, such as the pictures.
        folder: where `checkpoint.npz` and `history.csv` stand.
        history: the rows of the epochs that are already done.
        seconds: what they took.
    """

    def __init__(
        self, network: keras.Model, folder: Path, history: list[HistoryRow], seconds: float
    ) -> None:
        super().__init__()
        self.network = network
        self.folder = folder
        self.history = history
        self.seconds = seconds
        self.started = time.perf_counter()

    def elapsed(self) -> float:
        """Return the seconds of all sittings so far."""
        return self.seconds + time.perf_counter() - self.started

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add the epoch to the history and replace the checkpoint."""
        row = {"epoch": float(epoch + 1)}
        row.update({name: float(value) for name, value in (logs or {}).items()})
        self.history.append(row)
        state: dict[str, Any] = {
            f"model_{i}": to_numpy(v) for i, v in enumerate(self.network.variables)
        }
        state |= {
            f"optimizer_{i}": to_numpy(v) for i, v in enumerate(self.model.optimizer.variables)
        }
        state["seconds"] = np.array(self.elapsed())
        state["history"] = np.frombuffer(json.dumps(self.history).encode(), np.uint8)
        with replacing(self.folder / CHECKPOINT_FILE) as temporary, temporary.open("wb") as target:
            np.savez(target, **state)
        write_history(self.folder, self.history)


def restore(
    model: keras.Model, network: keras.Model, folder: Path
) -> tuple[list[HistoryRow], float]:
    """Bring a compiled model back to where its checkpoint left it.

    Args:
        model: built as it was built then, and compiled.
        network: the part of it, or the whole, whose variables are the state.
        folder: where the checkpoint stands.

    Returns:
        The history so far, one row per finished epoch, and the seconds they took; nothing and 0
        where there is no checkpoint.

    Raises:
        RunError: the checkpoint is damaged or of another model.
    """
    # Also for a fresh start: variables made inside the first step have TensorFlow trace it twice.
    model.optimizer.build(model.trainable_variables)
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return [], 0.0
    try:
        with np.load(path, allow_pickle=False) as state:
            for group, variables in (
                ("model", network.variables),
                ("optimizer", model.optimizer.variables),
            ):
                if sum(name.startswith(f"{group}_") for name in state.files) != len(variables):
                    raise ValueError("it holds another network")
                for i, variable in enumerate(variables):
                    variable.assign(state[f"{group}_{i}"])
            history: list[HistoryRow] = json.loads(state["history"].tobytes())
            seconds = float(state["seconds"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(
            f"{path} cannot be used to go on ({error}).",
            f"Remove {folder} and train the run again.",
        ) from error
    return history, seconds


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


def to_numpy(variable: Any) -> np.ndarray:
    """Return a Keras variable's value, on any backend."""
    # Read by an operation: NumPy takes no scalar that TensorFlow mirrors on several devices.
    value = keras.ops.reshape(variable.value, variable.shape)
    return np.asarray(keras.ops.convert_to_numpy(value))
