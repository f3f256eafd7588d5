"""The optimizers by name; all decay weights decoupled from the step, so any can stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from siam.training.muon import Muon

__all__ = ["OPTIMIZERS", "make_optimizer"]

OPTIMIZERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {
    "muon": Muon,
    "adamw": keras.optimizers.AdamW,
}


def make_optimizer(
    name: str, learning_rate: Any, *, weight_decay: float
) -> keras.optimizers.Optimizer:
    """Make an optimizer by its name.

    Args:
        name: a key of `OPTIMIZERS`.
        learning_rate: a float or a schedule.
        weight_decay: decoupled weight decay, 0 or more.

    Raises:
        ValueError: when there is no optimizer of that name.

    Example:
        >>> make_optimizer("adamw", 0.01, weight_decay=0.0).weight_decay
        0.0
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"No optimizer is called {name!r}; there are {', '.join(OPTIMIZERS)}.")
    return OPTIMIZERS[name](learning_rate, weight_decay=weight_decay)
