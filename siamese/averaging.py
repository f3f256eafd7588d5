"""The running average of the weights, and the batch statistics that belong to it.

B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; P. Izmailov
et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, section 3.2
(batch-normalisation statistics of averaged weights have to be computed anew).

Keras optimizers keep the average themselves (`use_ema=True`) and put it in the place of the
weights when `fit` ends. The running statistics of batch normalisation are still those of the last
weights then, which can cost most of the accuracy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import keras
import numpy as np

__all__ = ["reestimate_normalisation"]


def reestimate_normalisation(model: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Set every batch normalisation's running mean and variance to the mean over some batches.

    Args:
        model: whose running statistics are replaced; its weights stay.
        batches: pictures (n, height, width, channels) as they are trained on; about 20 batches
            of 256 give statistics as good as those of a training.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])
        >>> reestimate_normalisation(model, [np.full((8, 1), 3.0), np.full((8, 1), 5.0)])
        >>> float(model.layers[0].moving_mean[0])
        4.0
    """
    norms = list(_normalisations(model))
    momenta = [norm.momentum for norm in norms]
    for count, pictures in enumerate(batches if norms else ()):
        for norm in norms:
            # new = old * count / (count + 1) + batch / (count + 1): the plain mean so far.
            norm.momentum = count / (count + 1)
        model(keras.ops.convert_to_tensor(pictures, dtype="float32"), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _normalisations(model: keras.Model) -> Iterator[keras.layers.BatchNormalization]:
    """The batch normalisations of a model and of the models inside it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _normalisations(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            yield layer
