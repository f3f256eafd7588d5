"""The state of a training after any step, so that it can go on as if nothing had happened.

Batches and augmentation depend on (seed, epoch, step) alone, so the network's variables (weights,
and the state of its random layers), the optimizer's, the history, and within an epoch its steps
and the sums that its means are made of, are the whole state.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from siam.atomic import replacing
from siam.run_files import CHECKPOINT_FILE
from siam.training.position import Position, open_checkpoint, position_of, write_history
from siam.training.processes import agree

__all__ = ["Checkpoint", "RestOfEpoch", "restore"]

# What a kill can cost at most, beside a step.
CHECKPOINT_SECONDS = 60.0


class Checkpoint(keras.callbacks.Callback):
    """Keep the training's state in a folder, whole or not at all: after epochs, and within them.

    Args:
        network: whose variables are the state; what is trained may hold more, such as the pictures.
        folder: where `checkpoint.npz` and `history.csv` stand.
        position: what `restore` returned; its history grows by every epoch.
        every: seconds from one checkpoint to the next within an epoch.

    Attributes:
        step: steps taken of the epoch that is not finished.
    """

    def __init__(
        self,
        network: keras.Model,
        folder: Path,
        position: Position,
        *,
        every: float = CHECKPOINT_SECONDS,
    ) -> None:
        super().__init__()
        self.network = network
        self.folder = folder
        self.position = position
        self.history = position.history
        self.step = self.first = position.step
        self.every = every
        self.started = self.saved = time.perf_counter()

    def elapsed(self) -> float:
        """Return the seconds of all sittings so far."""
        return self.position.seconds + time.perf_counter() - self.started

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Give an epoch that was cut its sums back, which `fit` has just set to nothing."""
        if self.step:
            variables = self.model.metrics_variables
            for variable, value in zip(variables, self.position.metrics, strict=True):
                variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count the steps; replace the checkpoint when it is old and the epoch's end not next."""
        # Of several steps in one call `batch` is the last, and may lie beyond the epoch's end.
        self.step = self.first + min(batch + 1, self.params["steps"])
        due = time.perf_counter() - self.saved >= self.every
        if due and batch + 1 < self.params["steps"]:
            self.save()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add the epoch to the history and replace the checkpoint."""
        row = {"epoch": float(epoch + 1)}
        row.update({name: float(value) for name, value in (logs or {}).items()})
        # One history for all processes: what depends on it, such as when to stop, does so in each.
        self.history.append(agree(row))
        self.step = self.first = 0
        self.save()
        write_history(self.folder, self.history)

    def save(self) -> None:
        """Replace the checkpoint by the state after the last whole step, unless it has diverged."""
        model = self.model  # under JAX, asking for it brings the variables up to date
        groups = {"model": self.network.variables, "optimizer": model.optimizer.variables}
        if self.step:
            groups["metric"] = model.metrics_variables
        state: dict[str, Any] = {
            f"{group}_{i}": to_numpy(variable)
            for group, variables in groups.items()
            for i, variable in enumerate(variables)
        }
        if not all(np.isfinite(value).all() for value in state.values()):
            return  # nothing can be learned from there on
        state["step"] = np.array(self.step)
        state["seconds"] = np.array(self.elapsed())
        state["history"] = np.frombuffer(json.dumps(self.history).encode(), np.uint8)
        with replacing(self.folder / CHECKPOINT_FILE) as temporary, temporary.open("wb") as target:
            np.savez(target, **state)
        self.saved = time.perf_counter()


class RestOfEpoch(keras.utils.PyDataset):
    """The batches of a feed that an interrupted epoch has not shown yet.

    Args:
        feed: batches by their step, drawn anew by `set_epoch`.
        first: the step to begin with.
    """

    def __init__(self, feed: Any, first: int) -> None:
        super().__init__(workers=feed.workers, max_queue_size=feed.max_queue_size)
        self.feed = feed
        self.first = first

    def __len__(self) -> int:
        return len(self.feed) - self.first

    def __getitem__(self, step: int) -> Any:
        return self.feed[self.first + step]


def restore(
    model: keras.Model, network: keras.Model, folder: Path, *, steps: float = math.inf
) -> Position:
    """Bring a compiled model back to where its checkpoint left it.

    Args:
        model: built as it was built then, and compiled.
        network: the part of it, or the whole, whose variables are the state.
        folder: where the checkpoint stands.
        steps: those of an epoch.

    Returns:
        How far it has come; nowhere where there is no checkpoint.

    Raises:
        RunError: the checkpoint is damaged or of another model.
    """
    # Also for a fresh start: variables made inside the first step have TensorFlow trace it twice.
    model.optimizer.build(model.trainable_variables)
    if not (folder / CHECKPOINT_FILE).exists():
        return Position()
    with open_checkpoint(folder) as state:
        for group, variables in (
            ("model", network.variables),
            ("optimizer", model.optimizer.variables),
        ):
            if sum(name.startswith(f"{group}_") for name in state) != len(variables):
                raise ValueError("it holds another network")
            for i, variable in enumerate(variables):
                variable.assign(state[f"{group}_{i}"])
        position = position_of(state)
        if position.history:  # killed between the two, a training has one of the epoch before
            write_history(folder, position.history)
        if position.step and len(position.metrics) != len(model.metrics_variables):
            raise ValueError("it counts other figures")
        if position.step >= steps:
            raise ValueError(f"it took {position.step} of {steps} steps")
    return position


def to_numpy(variable: Any) -> np.ndarray:
    """Return a Keras variable's value, on any backend."""
    value = variable.value
    if keras.backend.backend() == "tensorflow":
        # Read by an operation: NumPy takes no scalar that is mirrored on several devices.
        value = keras.ops.reshape(value, variable.shape)
    return np.asarray(keras.ops.convert_to_numpy(value))
