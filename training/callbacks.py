"""Keras callbacks of a training: progress, divergence, TensorBoard."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from siam.errors import DivergenceError
from siam.progress import Progress, Stage
from siam.run_files import LOGS_FOLDER

__all__ = [
    "ProgressReport",
    "StopOnDivergence",
    "TensorBoardLog",
    "tensorboard",
]


class ProgressReport(keras.callbacks.Callback):
    """Tell a `Progress` of every step, with the epoch and its loss so far.

    Args:
        progress: whom to tell; what it raises ends the training after that step.
        steps: steps in an epoch.
        epochs: epochs in all.
        first: steps of the first epoch that were taken before.
        stopped: called where `progress` raises, to keep what was learned.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        steps: int,
        epochs: int,
        first: int = 0,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.progress = progress
        self.steps = steps
        self.epochs = epochs
        self.stopped = stopped
        self.first = first
        self.epoch = 0
        self.compiled = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Count from where the epoch begins, also after a resume."""
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Say what the first step waits for."""
        if not self.compiled:
            self.progress("Compiling the first step", 0, 0)
            self.compiled = True

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report the step; an epoch's last one when its validation is done and kept too."""
        if batch + 1 < self.params["steps"]:
            self._report(self.first + batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report the epoch's last step."""
        self._report(self.steps, logs)
        self.first = 0

    def _report(self, step: int, logs: Mapping[str, Any] | None) -> None:
        loss = (logs or {}).get("loss", float("nan"))
        stage = Stage("Training", f"epoch {self.epoch + 1} of {self.epochs}, loss {loss:.3g}")
        try:
            self.progress(stage, self.epoch * self.steps + step, self.steps * self.epochs)
        except BaseException:
            self.stopped()
            raise


class StopOnDivergence(keras.callbacks.Callback):
    """Stop at once when the loss is no number or infinite; must come before the checkpoint.

    Args:
        learning_rate: what the training began with, of which a third is advised.
        first: steps of the first epoch that were taken before.

    Raises:
        DivergenceError: by the step, or the epoch, whose loss is not finite.
    """

    def __init__(self, learning_rate: float, *, first: int = 0) -> None:
        super().__init__()
        self.learning_rate = learning_rate
        self.first = first
        self.epoch = self.step = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note which epoch it is."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the mean of the epoch so far, which one bad step spoils."""
        self.step = self.first + min(batch + 1, self.params["steps"])
        self._check("loss", logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the validation as well: the last step may have spoilt the weights."""
        self._check("val_loss", logs)
        self.first = 0

    def _check(self, name: str, logs: Mapping[str, Any] | None) -> None:
        loss = float((logs or {}).get(name, 0.0))
        if not math.isfinite(loss):
            lower = float(f"{self.learning_rate / 3:.1g}")
            raise DivergenceError(
                f"The loss became {'NaN' if math.isnan(loss) else 'infinite'} at step {self.step} "
                f"of epoch {self.epoch + 1}, with learning_rate {self.learning_rate:g}.",
                f"Train anew with a lower one, such as  --set learning_rate={lower:g}  or with  "
                "--set precision=float32",
            )


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
            self.writer = None


def tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Return the callback that writes TensorBoard logs, where TensorBoard is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [TensorBoardLog(folder / LOGS_FOLDER)]
