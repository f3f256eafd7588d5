"""Hurry through what is left of a training once its validation gains nothing more.

How many steps a small set needs is not known before: a schedule that decays to 0 must have an end.
So it is planned for many, and where the validation loss comes to a plateau, the rest of the plan
is taken in strides: of every `STRIDE` epochs one is trained, at the learning rate and on the
pictures that the plan has for it, so that the rate still decays to 0 and the plain epochs still
come last. S. Hu et al., "MiniCPM", 2024, decay likewise when they wish to end, and from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from siam.array_types import Vectors
from siam.training.position import HistoryRow

__all__ = ["PlannedEpochs", "next_epoch"]

# Epochs of the plan for one that is trained, once validation gains nothing more.
STRIDE = 4
# The loss of few pictures is noisy: it is the mean of this share of the epochs so far that counts;
WINDOW = 0.125
# a plateau is where the last third of them gained less than this.
LAST, GAIN = 1 / 3, 0.01


def next_epoch(
    history: Sequence[HistoryRow], *, epochs: int, plateau_after: int, patience: int = 0
) -> int:
    """Return the epoch of the plan that is trained next, counted from 0; `epochs` = none is.

    Args:
        history: one row per epoch that was trained, with "epoch", counted from 1, and "val_loss"
            (smaller = better).
        epochs: of the plan.
        plateau_after: no plateau is looked for before so many epochs; 0 = every epoch is trained.
        patience: end after so many epochs without a better validation loss; 0 = never.

    Example:
        >>> rows = [{"epoch": i + 1, "val_loss": 1 / min(i + 1, 20)} for i in range(40)]
        >>> next_epoch(rows[:20], epochs=100, plateau_after=10)
        20
        >>> next_epoch(rows, epochs=100, plateau_after=10)
        43
    """
    if not history:
        return 0
    done = int(history[-1]["epoch"])
    losses = np.array([row["val_loss"] for row in history])
    if patience and len(losses) - 1 - losses.argmin() >= patience:
        return epochs
    hurried = done > len(history)
    plateau = plateau_after and done >= plateau_after and _plateau(losses)
    return min(done + STRIDE, epochs) - 1 if done < epochs and (hurried or plateau) else done


class PlannedEpochs(keras.callbacks.CallbackList):
    """Have `fit`, which counts the epochs that it trains, train those of a plan.

    What comes next follows from the history alone, which the checkpoint keeps: what counts in
    memory, as Keras' EarlyStopping does, would have a resumed training end elsewhere.

    Args:
        callbacks: told of the plan's epochs; one of them adds each to the history.
        model: compiled, with a learning rate that follows from the optimizer's steps.
        steps: those that `fit` takes in an epoch.
        follow: the epoch that is next, counted from 0; `epochs` = none.
        epochs, epoch_steps: of the plan, and those of its epochs.
    """

    def __init__(
        self,
        callbacks: list[keras.callbacks.Callback],
        *,
        model: keras.Model,
        steps: int,
        follow: Callable[[], int],
        epochs: int,
        epoch_steps: int,
    ) -> None:
        super().__init__(callbacks, add_history=True, model=model, steps=steps)
        self.follow = follow
        self.epochs = epochs
        self.epoch_steps = epoch_steps
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Bring the learning rate to where the plan has it at the end of the epoch's steps."""
        self.epoch = self.follow()
        step = (self.epoch + 1) * self.epoch_steps - self.params["steps"]
        self.model.optimizer.iterations.assign(step)
        super().on_epoch_begin(self.epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """End `fit` where no epoch is left."""
        super().on_epoch_end(self.epoch, logs)
        if self.follow() == self.epochs:
            self.model.stop_training = True


def _plateau(losses: Vectors) -> bool:
    """Say whether the smoothed validation loss fell by next to nothing in the last epochs."""
    window = max(1, round(WINDOW * len(losses)))
    means = np.convolve(losses, np.full(window, 1 / window), "valid")
    before = max(1, len(means) - round(LAST * len(losses)))
    return bool(means[:before].min() - means.min() < GAIN)
