"""Keras callbacks of a training: progress, early stopping, TensorBoard."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from siam.progress import Progress
from siam.run_files import LOGS_FOLDER
from siam.training.checkpoint import HistoryRow

__all__ = ["ProgressReport", "ResumableEarlyStopping", "TensorBoardLog", "stale", "tensorboard"]


class ProgressReport(keras.callbacks.Callback):
    """Tell a `Progress` of every step.

    Args:
        progress: whom to tell.
        steps: steps in an epoch.
        epochs: epochs in all.
    """

    def __init__(self, progress: Progress, steps: int, epochs: int) -> None:
        super().__init__()
        self.progress = progress
        self.steps = steps
        self.epochs = epochs
        self.done = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count from where the epoch begins, also after a resume."""
        self.done = epoch * self.steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report the step."""
        self.progress("Training", self.done + batch + 1, self.steps * self.epochs)


def stale(history: Sequence[HistoryRow], patience: int) -> bool:
    """Say whether the validation loss was best `patience` epochs ago or more.

    Args:
        history: one row per finished epoch, with "val_loss" (smaller = better).
        patience: epochs to wait; 0 = never stale.

    Example:
        >>> stale([{"val_loss": 0.3}, {"val_loss": 0.4}, {"val_loss": 0.5}], patience=2)
        True
    """
    if not patience or not history:
        return False
    losses = [row["val_loss"] for row in history]
    return len(losses) - 1 - losses.index(min(losses)) >= patience


class ResumableEarlyStopping(keras.callbacks.Callback):
    """Stop when validation no longer improves.

    Keras' own EarlyStopping counts epochs in memory, so that an interrupted training would stop
    later than an uninterrupted one; this one looks at the history, which the checkpoint keeps.

    Args:
        history: the list that the checkpoint adds to; it must come before this callback.
        patience: epochs to wait; 0 = never stop.
    """

    def __init__(self, history: Sequence[HistoryRow], patience: int) -> None:
        super().__init__()
        self.history = history
        self.patience = patience

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the history, which holds this epoch already."""
        if stale(self.history, self.patience):
            self.model.stop_training = True


class TensorBoardLog(keras.callbacks.Callback):
    """Write every epoch's figures for TensorBoard, on any backend.

    Keras' own callback looks at every step, which cost half as much again as the step itself
    (8 ms beside 17), and needs TensorFlow.

    Args:
        folder: where the event file goes.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.writer: Any = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add the epoch."""
        from tensorboard.summary import Writer

        if self.writer is None:
            self.writer = Writer(str(self.folder))
        for name, value in (logs or {}).items():
            self.writer.add_scalar(name, float(value), step=epoch + 1)
        self.writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Close the event file."""
        if self.writer is not None:
            self.writer.close()


def tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Return the callback that writes TensorBoard logs, where TensorBoard is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [TensorBoardLog(folder / LOGS_FOLDER)]
