"""A classifier in Keras' first style: `keras.Sequential`, a list of layers.

Can: say a plain chain of layers in the fewest words; show a summary; save and load with nothing
registered, because Keras knows every layer in the list.
Cannot: branch, join, skip a layer, share one, or have two inputs or outputs. A Siamese network
(two inputs) and a residual connection (`siam.classifiers.residual`) are out of its reach.
"""

from __future__ import annotations

import keras

from siam.classifiers.architecture import FEATURES, make_layers

__all__ = ["build"]


def build(
    input_shape: tuple[int, int, int], num_classes: int, *, features: int = FEATURES
) -> keras.Sequential:
    """Build the classifier as a list of layers, each fed by the one before it.

    Arguments, result and what is raised: see `siam.classifiers.styles.build_classifier`.

    Example:
        >>> build((28, 28, 1), 10).output_shape
        (None, 10)
    """
    chain = make_layers(input_shape, num_classes, features=features)
    return keras.Sequential([keras.Input(input_shape, name="picture"), *chain], name="sequential")
