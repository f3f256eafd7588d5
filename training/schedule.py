"""The learning rate over a training: a linear warm-up, then half a cosine down to 0.

I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017;
P. Goyal et al., "Accurate, Large Minibatch SGD", 2017 (warm-up). A schedule that ends at 0 makes
the last epoch the best one, so none has to be chosen.
"""

from __future__ import annotations

import keras

__all__ = ["warm_up_cosine"]


def warm_up_cosine(
    peak: float, *, steps: int, warm_up: float
) -> keras.optimizers.schedules.CosineDecay:
    """From 0 linearly up to `peak`, then by half a cosine down to 0 at the last step.

    Args:
        peak: highest learning rate, > 0.
        steps: optimiser steps of the whole training, >= 1.
        warm_up: share of the steps spent rising, 0 to less than 1.

    Raises:
        ValueError: when an argument is outside its range.

    Example:
        >>> rate = warm_up_cosine(0.01, steps=100, warm_up=0.1)
        >>> [round(float(rate(step)), 4) for step in (0, 10, 55, 100)]
        [0.0, 0.01, 0.005, 0.0]
    """
    if peak <= 0 or steps < 1 or not 0 <= warm_up < 1:
        raise ValueError(
            "A schedule needs peak > 0, steps >= 1 and 0 <= warm_up < 1, "
            f"received peak {peak}, steps {steps}, warm_up {warm_up}."
        )
    rising = int(warm_up * steps)
    if rising == 0:
        return keras.optimizers.schedules.CosineDecay(peak, decay_steps=steps, alpha=0.0)
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=steps - rising, alpha=0.0, warmup_target=peak, warmup_steps=rising
    )
