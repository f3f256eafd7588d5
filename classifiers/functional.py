"""A classifier in Keras' second style: the Functional API, a graph of layers.

Can: all that Sequential can, and any graph without loops: several inputs and outputs, branches,
shared layers, residual connections. The graph is data, so it can be drawn, cut anywhere into a
new model (`siam.classifiers.features`), and saved and loaded with nothing registered.
Cannot: let the data decide what is computed (a Python `if` or loop over values of a picture):
the graph is fixed when it is built.
"""

from __future__ import annotations

import keras
from keras import layers

from siam.classifiers.architecture import FEATURES, plan

__all__ = ["build"]


def build(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    features: int = FEATURES,
) -> keras.Model:
    """Build the classifier by calling layers on symbolic tensors, from the input to the output.

    Args:
        input_shape: height, width and channels of a picture.
        num_classes: how many labels there are, >= 2.
        features: length of the penultimate features.

    Returns:
        A model from float32 (n, height, width, channels) in 0 to 255 to float32
        (n, num_classes): the probability of each label, rows summing to 1.

    Raises:
        ValueError: shapes that no classifier can have.

    Example:
        >>> build((28, 28, 1), 10).output_shape
        (None, 10)
    """
    picture = keras.Input(input_shape, name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(picture)
    for number, step in enumerate(plan(input_shape, num_classes), start=1):
        x = layers.Conv2D(
            step.channels,
            step.size,
            step.strides,
            padding=step.padding,
            activation="relu",
            name=f"convolution_{number}",
        )(x)
        if step.pooled:
            x = layers.MaxPooling2D(2, padding="same", name=f"pool_{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(features, use_bias=False, name="projection")(x)
    x = layers.BatchNormalization(momentum=0.9, name="projection_norm")(x)
    x = layers.ReLU(name="features")(x)
    # float32 whatever the policy: rounded probabilities would blunt the loss.
    label = layers.Dense(num_classes, activation="softmax", dtype="float32", name="label")(x)
    return keras.Model(picture, label, name="functional")
