"""Class posteriors as an embedding: the square roots of the probabilities that logistic regression
gives the classes.

Such a vector has unit length, and two of them lie as far apart as Hellinger's distance says, times
the root of 2. What the regression is sure of lies together, so that pairs are told apart better
than by a head alone (docs/measurements.md); of classes that it was not trained on it knows little.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
from keras import layers, ops

from siam.array_types import Booleans, Integers, Vectors
from siam.siamese.pretrained_tower import fit_scale

__all__ = ["MOST_CLASSES", "apply_posterior", "fit_posterior"]

# The embedding has a number for each.
MOST_CLASSES = 128
# Of the likelihood against the squared weights, as scikit-learn counts it: three times more or
# less make no difference (docs/measurements.md).
STRENGTH = 0.1
MOST_ITERATIONS = 200


def fit_posterior(rows: Vectors, labels: Integers) -> keras.Model:
    """Fit logistic regression on standardised features, and return it as a tower of plain ones.

    Args:
        rows: float32 (n, features), of training pictures.
        labels: int64 (n,), of two classes or more.

    Returns:
        A Functional model, float32 (m, features) to float32 (m, classes), unit length.

    Example:
        >>> rows = np.array([[0.0, 1.0], [5.0, 1.0]], np.float32)
        >>> fit_posterior(rows, np.array([0, 1])).output_shape
        (None, 2)
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, deviation = fit_scale(rows)
    regression = LogisticRegression(C=STRENGTH, max_iter=MOST_ITERATIONS)
    with warnings.catch_warnings():  # what it has reached by then is good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit((rows - mean) / deviation, labels)
    kernel = regression.coef_.T / deviation[:, None]
    bias = regression.intercept_ - mean @ kernel
    if kernel.shape[1] == 1:  # of two classes, the second against the first
        kernel, bias = (np.concatenate([0 * part, part], axis=-1) for part in (kernel, bias))
    inputs = keras.Input(rows.shape[1:], name="features")
    scores = layers.Dense(kernel.shape[1], name="scores")
    embedding = ops.sqrt(layers.Softmax(name="probabilities")(scores(inputs)))
    scores.set_weights([kernel, bias])
    return keras.Model(inputs, embedding, trainable=False, name="posterior")


def apply_posterior(rows: Vectors, labels: Integers, kept: Booleans) -> Vectors:
    """Return the class posterior of all rows that only some were learned from.

    Args:
        rows: float32 (n, features).
        labels: int64 (n,).
        kept: bool (n,), those that are learned from, of two classes or more.

    Returns:
        float32 (n, classes kept), unit length.

    Example:
        >>> rows = np.array([[0.0, 1.0], [5.0, 1.0], [9.0, 9.0]], np.float32)
        >>> apply_posterior(rows, np.arange(3), np.array([True, True, False])).shape
        (3, 2)
    """
    found: Vectors = ops.convert_to_numpy(fit_posterior(rows[kept], labels[kept])(rows))
    return found
