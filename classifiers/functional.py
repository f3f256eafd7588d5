"""A classifier in Keras' second style: the Functional API, a graph of layers.

Can: all that Sequential can, and any graph without loops: several inputs and outputs, branches,
shared layers, residual connections. The graph is data, so it can be drawn, cut anywhere into a
new model (`siam.classifiers.features`), and saved and loaded with nothing registered.
Cannot: let the data decide what is computed (a Python `if` or loop over values of a picture):
the graph is fixed when it is built.
"""

from __future__ import annotations

import keras

from siam.classifiers.architecture import FEATURES, make_layers

__all__ = ["build"]


def build(
    input_shape: tuple[int, int, int], num_classes: int, *, features: int = FEATURES
) -> keras.Model:
    """Build the classifier by calling layers on symbolic tensors, from the input to the output.

    Arguments, result and what is raised: see `siam.classifiers.styles.build_classifier`.

    Example:
        >>> build((28, 28, 1), 10).output_shape
        (None, 10)
    """
    picture = x = keras.Input(input_shape, name="picture")
    for layer in make_layers(input_shape, num_classes, features=features):
        x = layer(x)
    return keras.Model(picture, x, name="functional")
